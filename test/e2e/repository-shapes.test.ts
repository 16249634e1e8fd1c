import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { GitWorld } from "../support/git-world.ts";

let world: GitWorld;
let client: McpClient;

beforeAll(async () => {
  world = new GitWorld();
  world.stub.script("WORK", [{ run: "pwd > where.txt" }, { say: "Worked." }]);
  client = await world.own;
});
afterAll(() => world.close());

const git = (folder: string, ...args: string[]) => world.git(folder, ...args);
const start: GitWorld["start"] = (...task) => world.start(...task);
const fill = (folder: string) => world.fill(folder);

describe("a full-access task works in a repository of any shape", () => {
  /** Runs a task, and checks where the worktree stands and that Codex ran in it. */
  async function check(cwd: string, name: string, expected: { parent: string; name: string; below?: string }) {
    const data = await start(cwd, `implement-${name}-v1`);
    const worktree = join(expected.parent, `${expected.name}-agent-implement-${name}`);
    expect(data).toMatchObject({ success: true, worktree_dir: worktree, commits_ahead: 1 });
    expect(readFileSync(join(worktree, expected.below ?? "", "where.txt"), "utf8")).toBe(
      `${join(worktree, expected.below ?? "")}\n`,
    );
    return worktree;
  }

  test("a git folder apart from the working tree: beside the working tree that cwd is in", async () => {
    mkdirSync(join(world.root, "gits"));
    const work = world.folder("work");
    const project = join(work, "apart");
    await git(work, "init", "--quiet", "--separate-git-dir", join(world.root, "gits", "apart.git"), project);
    await fill(project);
    await check(join(project, "src"), "apart", { parent: work, name: "apart", below: "src" });
    await git(project, "worktree", "add", "--quiet", join(work, "second"));
    await check(join(work, "second"), "apart_too", { parent: work, name: "second" });
    expect(await git(join(world.root, "gits"), "worktree", "list").catch(() => "")).toBe("");
  });

  test("a .git that is a link to elsewhere", async () => {
    const work = world.folder("linked-work");
    const project = await fill(await world.repository("linked-work/linked"));
    renameSync(join(project, ".git"), join(world.root, "linked-git"));
    symlinkSync(join(world.root, "linked-git"), join(project, ".git"));
    await check(project, "linked", { parent: work, name: "linked" });
  });

  test("core.worktree: beside the working tree that it names; cwd outside of that is refused", async () => {
    const project = await fill(await world.repository("core-worktree/project"));
    const tree = world.folder("core-worktree/trees/tree");
    for (const file of ["a.txt", "README.md"]) writeFileSync(join(tree, file), readFileSync(join(project, file)));
    await git(project, "config", "core.worktree", tree);
    expect(await start(project, "implement-outside-v1")).toMatchObject({ code: "repository_unusable" });
    writeFileSync(join(tree, ".git"), `gitdir: ${join(project, ".git")}\n`);
    await check(tree, "core", { parent: dirname(tree), name: "tree" });
  });

  test("a submodule, and a worktree of one: never within git's folder", async () => {
    const library = await fill(await world.repository("sub/library"));
    const project = await fill(await world.repository("sub/project"));
    await git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library, "vendor");
    await git(project, "commit", "--quiet", "-m", "Vendor");
    const parent = dirname(project);
    const worktree = await check(join(project, "vendor"), "module", { parent, name: "project-vendor" });
    await check(worktree, "module_too", { parent, name: "project-vendor" });
    expect(await git(project, "status", "--porcelain")).toBe("");
  });

  test("a bare repository with worktrees around it", async () => {
    const source = await fill(await world.repository("source"));
    const hub = world.folder("hub");
    await git(hub, "clone", "--quiet", "--bare", source, ".bare");
    await git(join(hub, ".bare"), "worktree", "add", "--quiet", "../trunk", "main");
    await check(join(hub, "trunk"), "hub", { parent: hub, name: "hub" });
  });

  test("settings of each worktree, a repository within another, a shallow clone, one that jj works in", async () => {
    const own = await fill(await world.repository("own-settings"));
    await git(own, "config", "extensions.worktreeConfig", "true");
    await git(own, "config", "--worktree", "core.sparseCheckout", "false");
    const outer = await fill(await world.repository("outer"));
    const nested = await fill(await world.repository("outer/nested"));
    await git(world.root, "clone", "--quiet", "--depth=1", `file://${outer}`, "shallow");
    const jj = await fill(await world.repository("jj"));
    mkdirSync(join(jj, ".jj"));
    await git(jj, "checkout", "--quiet", "--detach");
    await Promise.all([
      check(own, "own", { parent: world.root, name: "own-settings" }),
      check(nested, "nested", { parent: outer, name: "nested" }),
      check(join(world.root, "shallow", "src"), "shallow", { parent: world.root, name: "shallow", below: "src" }),
      check(jj, "jj", { parent: world.root, name: "jj" }),
    ]);
  });

  test("SHA-256", async () => {
    const project = world.folder("sha256");
    await git(project, "init", "--quiet", "--object-format=sha256");
    await fill(project);
    await check(project, "sha256", { parent: world.root, name: "sha256" });
  });

  test("reftable; a git that cannot read it says so", async () => {
    const project = world.folder("reftable");
    const canDo = await git(project, "init", "--quiet", "--ref-format=reftable").then(
      () => true,
      () => false,
    );
    if (canDo) {
      await fill(project);
      const worktree = await check(project, "reftable", { parent: world.root, name: "reftable" });
      // Only the reflog has this commit.
      await git(worktree, "commit", "--quiet", "--allow-empty", "--message", "Lost");
      const lost = await git(worktree, "rev-parse", "HEAD");
      await git(worktree, "reset", "--quiet", "--hard", "HEAD~1");
      const task_id = "codex-implement-reftable-v1";
      const merged = await client.call("codex_merge", { task_ids: [task_id] });
      expect(merged.data).toMatchObject({ success: true, merged: [{ into: "main" }] });
      const { data } = await client.call("codex_discard", { task_id });
      expect(await git(project, "branch", "--contains", lost, "--all", "--format=%(refname)")).toBe("");
      expect(await git(project, "for-each-ref", "--contains", lost, "--format=%(refname)")).toBe(
        String(data["salvage"]),
      );
      expect((await client.call("codex_discard", { task_id, restore: true })).data).toMatchObject({ task_id });
      expect(await git(worktree, "status", "--porcelain", "--branch")).toStartWith("## agent/implement-reftable");
      expect(await git(project, "fsck", "--no-dangling")).toBe("");
      return;
    }
    console.warn("SKIPPED: a task in a reftable repository, since this git cannot make one; its refusal is tested");
    await git(project, "init", "--quiet");
    await fill(project);
    await git(project, "config", "core.repositoryFormatVersion", "1");
    await git(project, "config", "extensions.refStorage", "reftable");
    const data = await start(project, "implement-reftable-v1");
    expect(data).toMatchObject({ code: "repository_unusable" });
    expect(data["error"]).toContain("refstorage");
    expect(data["hint"]).toContain("Update");
  });

  test("a partial clone whose remote is gone: what is there is enough, and what is missing is named", async () => {
    const remote = await fill(await world.repository("remote"));
    await git(remote, "config", "uploadpack.allowFilter", "true");
    writeFileSync(join(remote, "a.txt"), "later\n");
    await git(remote, "commit", "--quiet", "-am", "Later");
    await git(world.root, "clone", "--quiet", "--filter=blob:none", `file://${remote}`, "partial");
    rmSync(remote, { recursive: true });
    const partial = join(world.root, "partial");
    await check(partial, "partial", { parent: world.root, name: "partial" });
    const data = await start(partial, "implement-missing-v1", { base: "HEAD~1" });
    expect(data).toMatchObject({ code: "objects_missing" });
    expect(await git(partial, "branch", "--list", "agent/implement-missing")).toBe("");
    expect(existsSync(join(world.root, "partial-agent-implement-missing"))).toBe(false);
  });

  test("sparse checkouts, by cones and by patterns; a cwd that they leave out is refused", async () => {
    for (const mode of ["cone", "no-cone"]) {
      const project = await fill(await world.repository(`sparse-${mode}`));
      mkdirSync(join(project, "out"));
      writeFileSync(join(project, "out", "c.txt"), "c\n");
      await git(project, "add", ".");
      await git(project, "commit", "--quiet", "-m", "Out");
      await git(project, "sparse-checkout", "set", `--${mode}`, "src");
      const name = mode.replace("-", "_");
      const worktree = await check(join(project, "src"), name, {
        parent: world.root,
        name: `sparse-${mode}`,
        below: "src",
      });
      expect(existsSync(join(worktree, "out"))).toBe(false);
      mkdirSync(join(project, "out"));
      const data = await start(join(project, "out"), `implement-out_${name}-v1`);
      expect(data).toMatchObject({ code: "no_commit_holds_cwd" });
      expect(data["error"]).toContain("sparse checkout");
      expect(await git(project, "branch", "--list", `agent/implement-out_${name}`)).toBe("");
      expect(await git(project, "worktree", "list")).not.toContain("out");
    }
  });
});

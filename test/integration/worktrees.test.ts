import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readChanges } from "#git/changes/changes.ts";
import { inspectRepository, type Repository } from "#git/repository/repository.ts";
import { workspaceOf } from "#git/git-folders.ts";
import { guessBase, makeWorktree, planWorktree, getRunFolder } from "#git/worktree/worktree.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;

beforeAll(() => {
  scratch = new Scratch();
});
afterAll(() => scratch.close());

/** The repository around a folder, which must be in one. */
async function inspect(folder: string): Promise<Repository> {
  const repository = await inspectRepository(folder);
  if (repository === undefined) throw new Error(`${folder} is not in a repository`);
  return repository;
}

/** Makes the worktree of topic `implement-x` for a folder. @returns its path and the folder to run in */
async function make(folder: string): Promise<{ path: string; runDir: string; action: string }> {
  const repository = await inspect(folder);
  const plan = await planWorktree(repository, `${repository.name}-agent-implement-x`, "agent/implement-x");
  await makeWorktree(plan);
  return { path: plan.path, runDir: getRunFolder(plan), action: plan.action };
}

const at = (...names: string[]) => join(scratch.root, ...names);

describe("where a worktree comes to stand", () => {
  test("beside the repository, on a branch from the one that is checked out, at the same sub-folder", async () => {
    const repository = await scratch.repository("plain");
    await scratch.git(repository, "switch", "--quiet", "-c", "topic");
    const made = await make(join(repository, "src"));
    expect(made).toEqual({
      path: at("plain-agent-implement-x"),
      runDir: at("plain-agent-implement-x", "src"),
      action: "create",
    });
    expect(await scratch.git(made.path, "branch", "--show-current")).toBe("agent/implement-x");
    expect(await inspect(repository)).toMatchObject({ branch: "topic", subfolder: "" });
  });

  test("outside git there is none", async () => {
    expect(await inspectRepository(scratch.folder("no-git"))).toBeUndefined();
    expect(workspaceOf(at("no-git"))).toBe(at("no-git"));
  });

  test("from a detached HEAD: it works, without a base branch", async () => {
    const repository = await scratch.repository("detached");
    await scratch.git(repository, "checkout", "--quiet", "--detach");
    expect((await inspect(repository)).branch).toBeUndefined();
    expect((await make(repository)).path).toBe(at("detached-agent-implement-x"));
  });

  test("from a bare repository: beside it, without its .git", async () => {
    const source = await scratch.repository("source");
    await scratch.git(scratch.root, "clone", "--quiet", "--bare", source, "bare.git");
    expect(await make(at("bare.git"))).toMatchObject({ path: at("bare-agent-implement-x"), action: "create" });
    expect((await inspect(at("bare.git"))).branch).toBe("main");
  });

  test("from a linked worktree: beside the main one, based on what the linked one has checked out", async () => {
    const repository = await scratch.repository("linked");
    await scratch.git(repository, "worktree", "add", "--quiet", "-b", "side", at("elsewhere"));
    const inspected = await inspect(at("elsewhere"));
    expect(inspected).toMatchObject({ branch: "side", name: "linked", parent: scratch.root });
    expect((await make(at("elsewhere"))).path).toBe(at("linked-agent-implement-x"));
    expect(workspaceOf(at("elsewhere"))).toBe(workspaceOf(repository));
    expect(workspaceOf(repository)).toBe(inspected.commonDir);
  });

  test("from a submodule: outside of the superproject, whose status stays clean", async () => {
    const library = await scratch.repository("library");
    const project = await scratch.repository("project");
    await scratch.git(project, "submodule", "--quiet", "add", library, "vendor/library");
    await scratch.git(project, "commit", "--quiet", "-m", "Add the library");
    const made = await make(join(project, "vendor", "library", "src"));
    expect(made).toMatchObject({
      path: at("project-library-agent-implement-x"),
      runDir: at("project-library-agent-implement-x", "src"),
    });
    expect(readFileSync(join(made.path, "src", "main.c"), "utf8")).toBe("int main;\n");
    expect(await scratch.git(project, "status", "--porcelain")).toBe("");
    // Once more: the submodule's worktree is found again.
    expect((await make(join(project, "vendor", "library"))).action).toBe("reuse");
  });

  test("a sub-folder that the base does not have: there is none, and nothing is left of the try", async () => {
    const repository = await scratch.repository("fresh-folder");
    mkdirSync(join(repository, "new"));
    const refused = make(join(repository, "new"));
    expect(refused).rejects.toMatchObject({ code: "no_commit_holds_cwd" });
    await refused.catch(() => undefined);
    expect(existsSync(at("fresh-folder-agent-implement-x"))).toBe(false);
    expect(await scratch.git(repository, "branch", "--list", "agent/*")).toBe("");
  });
});

describe("a worktree that is there", () => {
  test("is reused, with what is in it", async () => {
    const repository = await scratch.repository("again");
    const { path } = await make(repository);
    writeFileSync(join(path, "draft.txt"), "kept");
    expect(await make(repository)).toMatchObject({ path, action: "reuse" });
    expect(readFileSync(join(path, "draft.txt"), "utf8")).toBe("kept");
  });

  test("whose folder was deleted is made again, on its branch with its commits", async () => {
    const repository = await scratch.repository("deleted");
    const { path } = await make(repository);
    writeFileSync(join(path, "work.txt"), "work");
    await scratch.git(path, "add", ".");
    await scratch.git(path, "commit", "--quiet", "-m", "Work");
    rmSync(path, { recursive: true });
    expect((await make(repository)).action).toBe("attach");
    expect(existsSync(join(path, "work.txt"))).toBe(true);
    const inspected = await inspect(repository);
    expect(await guessBase(inspected, "agent/implement-x")).toBe(inspected.commit);
  });
});

describe("what stands in the way is named, and left alone", () => {
  const refusal = (folder: string) =>
    make(folder).then(
      () => "made",
      (error: { code: string }) => error.code,
    );

  test("a repository without a commit", async () => {
    const path = scratch.folder("empty");
    await scratch.git(path, "init", "--quiet");
    expect(await refusal(path)).toBe("repository_without_commit");
  });

  test("a foreign folder", async () => {
    const repository = await scratch.repository("blocked");
    scratch.folder("blocked-agent-implement-x");
    writeFileSync(at("blocked-agent-implement-x", "mine.txt"), "mine");
    expect(await refusal(repository)).toBe("worktree_path_taken");
    expect(readFileSync(at("blocked-agent-implement-x", "mine.txt"), "utf8")).toBe("mine");
  });

  test("the branch checked out elsewhere", async () => {
    const repository = await scratch.repository("held");
    await scratch.git(repository, "switch", "--quiet", "-c", "agent/implement-x");
    expect(await refusal(repository)).toBe("branch_checked_out");
  });

  test("the worktree switched to another branch", async () => {
    const repository = await scratch.repository("switched");
    const { path } = await make(repository);
    await scratch.git(path, "switch", "--quiet", "-c", "other");
    expect(await refusal(repository)).toBe("worktree_on_other_branch");
  });

  test("a branch called agent", async () => {
    const repository = await scratch.repository("agent-branch");
    await scratch.git(repository, "branch", "agent");
    expect(await refusal(repository)).toBe("branch_blocked");
  });

  test("git's own folder as cwd", async () => {
    const repository = await scratch.repository("inside");
    expect(await refusal(join(repository, ".git"))).toBe("repository_unusable");
  });
});

test("the user's hooks do not run through our plumbing", async () => {
  const repository = await scratch.repository("hooked");
  const hook = join(repository, ".git", "hooks", "post-checkout");
  mkdirSync(join(repository, ".git", "hooks"), { recursive: true });
  writeFileSync(hook, `#!/bin/sh\ntouch '${at("hook-ran")}'\n`);
  chmodSync(hook, 0o755);
  await make(repository);
  expect(existsSync(at("hook-ran"))).toBe(false);
});

test("changes count commits, edits, deletions, renames and new files, and touch nothing", async () => {
  const repository = await scratch.repository("changed");
  const { path } = await make(repository);
  const base = await scratch.git(path, "rev-parse", "HEAD");
  writeFileSync(join(path, "committed.txt"), "1\n2\n");
  await scratch.git(path, "add", ".");
  await scratch.git(path, "commit", "--quiet", "-m", "One");
  await scratch.git(path, "mv", "README.md", "LIES\nME.md");
  rmSync(join(path, "src", "main.c"));
  writeFileSync(join(path, "néw file.txt"), "new\n");
  const before = await scratch.git(path, "status", "--porcelain");
  expect(await readChanges(path, base)).toEqual({
    commits_ahead: 1,
    end_commit: await scratch.git(path, "rev-parse", "HEAD"),
    diff_stat: "5 files changed, 4 insertions(+), 2 deletions(-)",
    files_changed: ["LIES\nME.md", "README.md", "committed.txt", "néw file.txt", "src/main.c"],
    uncommitted_changes: ["R  LIES\nME.md ← README.md", " D src/main.c", "?? néw file.txt"],
  });
  expect(await scratch.git(path, "status", "--porcelain")).toBe(before);
});

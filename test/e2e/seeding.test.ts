import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { McpClient, ToolAnswer } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;
let repo: string;
let number = 0;

beforeAll(async () => {
  world = new World();
  world.stub.script("LOOK", [{ say: "Looked." }]);
  world.stub.script("WORK", [{ run: "echo work > work.txt" }, { say: "Worked." }]);
  client = await world.client();
});
beforeEach(async () => {
  repo = await world.repository(`project-${++number}`);
  writeFileSync(join(repo, ".gitignore"), ".env*\nnode_modules/\nbuild/\n");
  writeFileSync(join(repo, "text.txt"), "first\n");
  await git(repo, "add", ".");
  await git(repo, "commit", "--quiet", "-m", "First");
});
afterAll(() => world.close());

const git = (folder: string, ...args: string[]) => world.git(folder, ...args);

async function start(name: string, more: object = {}, from = client): Promise<ToolAnswer> {
  const topic = `implement-${name}_${number}-v1`;
  return from.call("codex", { prompt: "LOOK", cwd: repo, topic, sandbox: "full-access", ...more });
}

describe("base", () => {
  test("a branch, a tag, a commit", async () => {
    await git(repo, "branch", "release");
    await git(repo, "tag", "v1");
    await git(repo, "commit", "--quiet", "--allow-empty", "-m", "Later");
    const first = await git(repo, "rev-parse", "v1");
    const [branch, tag, commit] = [
      await start("branch", { base: "release" }),
      await start("tag", { base: "v1" }),
      await start("commit", { base: first.slice(0, 10) }),
    ];
    expect(branch.data).toMatchObject({ success: true, base_branch: "release", base_commit: first });
    expect(tag.data).toMatchObject({ success: true, base_commit: first });
    expect(tag.data["base_branch"]).toBeUndefined();
    expect(commit.data).toMatchObject({ success: true, base_commit: first });
    expect(await git(String(branch.data["worktree_dir"]), "log", "-1", "--format=%s")).toBe("First");
  });

  test.each(["no-such", "--upload-pack=touch pwned", "HEAD:text.txt"])(
    "%p is refused, with nothing made",
    async (base) => {
      const { data } = await start("refused", { base });
      expect(data["code"]).toBe("unknown_branch");
      expect(existsSync(join(world.root, `project-${number}-agent-implement-refused_${number}`))).toBe(false);
      expect(await git(repo, "branch", "--list", "agent/*")).toBe("");
    },
  );

  test("a worktree that is there has begun already: another base is refused, the same is not", async () => {
    await git(repo, "branch", "release");
    await git(repo, "commit", "--quiet", "--allow-empty", "-m", "Later");
    await start("there", { base: "release" });
    const again = (more: object) => start("there", { topic: `implement-there_${number}-v2`, ...more });
    expect((await again({ base: "main" })).data).toMatchObject({ code: "worktree_exists" });
    expect((await again({ include_uncommitted: true })).data).toMatchObject({ code: "worktree_exists" });
    expect((await again({ base: "release" })).data).toMatchObject({ success: true });
  });

  test("not for a task without a worktree", async () => {
    expect((await start("none", { base: "main", sandbox: "read-only" })).data).toMatchObject({
      code: "invalid_argument",
    });
    expect((await start("both", { base: "main", include_uncommitted: true })).data).toMatchObject({
      code: "invalid_argument",
    });
  });
});

describe("include_uncommitted", () => {
  test("staged, changed, deleted and new files are where the work begins; the user's own stay as they are", async () => {
    writeFileSync(join(repo, "gone.txt"), "gone\n");
    await git(repo, "add", ".");
    await git(repo, "commit", "--quiet", "-m", "Gone");
    writeFileSync(join(repo, "text.txt"), "staged\n");
    await git(repo, "add", "text.txt");
    writeFileSync(join(repo, "text.txt"), "staged, then changed\n");
    await git(repo, "rm", "--quiet", "gone.txt");
    mkdirSync(join(repo, "new folder"));
    writeFileSync(join(repo, "new folder", "né\nw.sh"), "new\n");
    chmodSync(join(repo, "new folder", "né\nw.sh"), 0o755);
    symlinkSync("text.txt", join(repo, "link"));
    writeFileSync(join(repo, ".env"), "SECRET=1\n");
    const look = async () => [
      await world.run(repo, ["git", "status", "--porcelain=v2", "-z"]),
      await git(repo, "ls-files", "-s"),
    ];
    const before = await look();
    const { data } = await start("seeded", { prompt: "WORK", include_uncommitted: true });
    expect(await look()).toEqual(before);
    const worktree = String(data["worktree_dir"]);
    expect(readFileSync(join(worktree, "text.txt"), "utf8")).toBe("staged, then changed\n");
    expect(existsSync(join(worktree, "gone.txt"))).toBe(false);
    expect(statSync(join(worktree, "new folder", "né\nw.sh")).mode & 0o111).not.toBe(0);
    expect(existsSync(join(worktree, ".env"))).toBe(false);
    // What was uncommitted is the base, not a part of the work.
    expect(data).toMatchObject({ files_changed: ["work.txt"], commits_ahead: 1, base_branch: "main" });
    expect(await git(repo, "rev-parse", `${String(data["base_commit"])}^`)).toBe(await git(repo, "rev-parse", "main"));

    const merged = await client.call("codex_merge", { task_ids: [data["task_id"]] });
    expect(merged.data).toMatchObject({ success: true });
    expect(await git(repo, "show", "--stat", "--format=", "HEAD")).toContain("work.txt | 1 +\n 1 file changed");
    expect((await look())[0]).toBe(before[0] ?? "");
    expect(readFileSync(join(repo, "work.txt"), "utf8")).toBe("work\n");
  });

  test("by the strategies that would bring it along, it is not merged", async () => {
    writeFileSync(join(repo, "text.txt"), "mine\n");
    const { data } = await start("along", { prompt: "WORK", include_uncommitted: true });
    for (const strategy of ["merge", "ff-only"]) {
      const refused = await client.call("codex_merge", { task_ids: [data["task_id"]], strategy });
      expect(refused.data).toMatchObject({ code: "not_fast_forward" });
    }
    const rebased = await client.call("codex_merge", { task_ids: [data["task_id"]], strategy: "rebase" });
    expect(rebased.data).toMatchObject({ success: true });
    expect(await git(repo, "status", "--porcelain")).toBe("M text.txt");
  });

  test("a conflict that the task has resolved in its branch is merged, without the uncommitted work", async () => {
    writeFileSync(join(repo, "wip.txt"), "in the middle\n");
    world.stub.script("CHANGE-IT", [{ run: "echo changed > text.txt" }, { say: "Changed." }]);
    const resolve = "git merge -q main || true; echo both > text.txt; git add .; git commit -qm 'Take main in'";
    world.stub.script("TAKE-IT-IN", [{ run: resolve }, { say: "Resolved." }]);
    const { data } = await start("conflict", { prompt: "CHANGE-IT", include_uncommitted: true });
    writeFileSync(join(repo, "text.txt"), "otherwise\n");
    await git(repo, "commit", "--quiet", "-m", "Otherwise", "text.txt");
    const refused = await client.call("codex_merge", { task_ids: [data["task_id"]] });
    expect(refused.data).toMatchObject({ code: "merge_conflict", conflicts: [{ path: "text.txt" }] });
    const [{ hunks }] = refused.data["conflicts"] as [{ hunks: [{ text: string }] }];
    expect(hunks[0].text).toBe(`<<<<<<< main\notherwise\n=======\nchanged\n>>>>>>> agent/implement-conflict_${number}`);
    await start("conflict", { prompt: "TAKE-IT-IN", topic: `implement-conflict_${number}-v2` });
    expect((await client.call("codex_merge", { task_ids: [data["task_id"]] })).data).toMatchObject({ success: true });
    expect(await git(repo, "show", "HEAD:text.txt")).toBe("both");
    expect(await git(repo, "ls-tree", "--name-only", "HEAD")).not.toContain("wip.txt");
    expect(await git(repo, "status", "--porcelain")).toBe("?? wip.txt");
  });

  test("with nothing uncommitted, it is what is checked out", async () => {
    const { data } = await start("clean", { include_uncommitted: true });
    expect(data["base_commit"]).toBe(await git(repo, "rev-parse", "HEAD"));
  });
});

test(".worktreeinclude: the ignored files that it names come along, and nothing else", async () => {
  writeFileSync(
    join(repo, ".worktreeinclude"),
    "# for local work\n.env*\n!.env.local\nbuild/cache/\ntext.txt\nuntracked.txt\n",
  );
  await git(repo, "add", ".worktreeinclude");
  await git(repo, "commit", "--quiet", "-m", "Include");
  mkdirSync(join(repo, "packages", "a"), { recursive: true });
  mkdirSync(join(repo, "build", "cache"), { recursive: true });
  mkdirSync(join(repo, "node_modules"));
  const files = [
    ".env",
    ".env.local",
    "packages/a/.env",
    "build/cache/x",
    "build/y",
    "node_modules/z",
    "untracked.txt",
  ];
  for (const file of files) writeFileSync(join(repo, file), `${file}\n`, { mode: 0o600 });
  symlinkSync("/etc/hostname", join(repo, ".env.link"));
  const worktree = String((await start("include")).data["worktree_dir"]);
  const has = files.filter((file) => existsSync(join(worktree, file)));
  expect(has).toEqual([".env", "packages/a/.env", "build/cache/x"]);
  expect(statSync(join(worktree, ".env")).mode & 0o777).toBe(0o600);
  expect(await world.run(worktree, ["readlink", ".env.link"])).toBe("/etc/hostname\n");
  // A worktree that is there is not written to again.
  writeFileSync(join(worktree, ".env"), "changed\n");
  await start("include", { topic: `implement-include_${number}-v2` });
  expect(readFileSync(join(worktree, ".env"), "utf8")).toBe("changed\n");
});

test("submodules that are empty in the worktree are told of", async () => {
  const library = await world.repository(`library-${number}`);
  await git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library, "vendor");
  await git(repo, "commit", "--quiet", "-m", "Vendor");
  expect((await start("vendored")).data["note"]).toContain("submodules are empty");
});

test("files that git-lfs keeps, where it is not set up, are told of", async () => {
  writeFileSync(join(repo, ".gitattributes"), "*.bin filter=lfs diff=lfs merge=lfs -text\n");
  await git(repo, "add", ".");
  await git(repo, "commit", "--quiet", "-m", "Large files");
  expect((await start("lfs")).data["note"]).toContain("git-lfs is not set up");
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canMountDisks, mountDisk, unmountDisk } from "../support/disk.ts";
import { GitWorld } from "../support/git-world.ts";

const world = new GitWorld();

beforeAll(async () => void (await world.own));
beforeEach(() => world.begin());
afterAll(() => world.close());

const canMount = canMountDisks();
if (!canMount) console.warn("skipped, for want of the right to mount disks: merges on a full disk");

const git = (...args: string[]) => world.git(world.repo, ...args);

/** Makes the task's own branch another name for one of the user's. */
const asLinkTo = (branch: string) =>
  `b=$(git symbolic-ref HEAD); git checkout -q --detach; git update-ref -d $b; git symbolic-ref $b refs/heads/${branch}`;

describe("branches that are only other names for others", () => {
  test.each(["main", "keep"])("a discard removes the name, and not %s, which it leads to", async (branch) => {
    await git("branch", "keep");
    const one = await world.work("one", asLinkTo(branch));
    const { data } = await (await world.own).call("codex_discard", { task_id: one["task_id"] });
    expect(data).toMatchObject({ agent_branch: one["agent_branch"] });
    expect(await git("branch", "--format=%(refname:short)")).toBe("keep\nmain");
    expect(await git("status", "--short")).toBe("");
  });

  test("a merge goes into what it leads to, with the files that are checked out", async () => {
    await git("symbolic-ref", "refs/heads/trunk", "refs/heads/main");
    const one = await world.work("one", "echo 1 > 1.txt");
    expect((await world.merge(one, { into: "trunk" })).data).toMatchObject({
      success: true,
      merged: [{ into: "main" }],
    });
    expect(await git("status", "--short")).toBe("");
    expect(existsSync(join(world.repo, "1.txt"))).toBe(true);
    expect(await git("symbolic-ref", "refs/heads/trunk")).toBe("refs/heads/main");
  });

  test("work on such a name is never merged into itself", async () => {
    const one = await world.work("one", asLinkTo("main"));
    expect((await world.merge(one)).data).toMatchObject({ success: false, code: "invalid_argument" });
  });
});

test("what is kept of discarded worktrees is given up without what it leads to", async () => {
  await git("branch", "old");
  const { deleteSalvage } = await import("#git/salvage/list-salvage.ts");
  await git("symbolic-ref", "refs/codexmcp/salvage/agent/x/1", "refs/heads/old");
  await deleteSalvage(join(world.repo, ".git"), "refs/codexmcp/salvage/agent/x/1");
  expect(await git("branch", "--format=%(refname:short)")).toBe("main\nold");
});

test("an ignored file in the place of a new one: the merge is refused, and it is kept", async () => {
  await world.write(".gitignore", ".env\nout/\n");
  await git("commit", "--quiet", "-m", "Ignore");
  writeFileSync(join(world.repo, ".env"), "mine\n");
  const one = await world.work("one", "echo theirs > .env; git add -f .env; git commit -qm env");
  const { data } = await world.merge(one);
  expect(data).toMatchObject({ success: false, code: "checkout_dirty" });
  expect(data["error"]).toContain(".env");
  expect(readFileSync(join(world.repo, ".env"), "utf8")).toBe("mine\n");
});

test("what is uncommitted in a worktree that was moved is not left behind by a merge", async () => {
  const one = await world.work("one", "echo 1 > 1.txt");
  const moved = `${String(one["worktree_dir"])}-moved`;
  await git("worktree", "move", String(one["worktree_dir"]), moved);
  writeFileSync(join(moved, "left.txt"), "left\n");
  const { data } = await world.merge(one);
  expect(data).toMatchObject({ success: false, code: "uncommitted_work" });
  expect(data["error"]).toContain(moved);
});

test("a merge driver that is a file of the repository, or of installed packages, runs as git runs it", async () => {
  const driver = '#!/bin/sh\ncat "$2" "$3" > "$2.n" && mv "$2.n" "$2"\n';
  for (const path of ["tools/merge.sh", "packages/merge.sh"]) {
    mkdirSync(join(world.repo, path, ".."), { recursive: true });
    writeFileSync(join(world.repo, path), driver);
    chmodSync(join(world.repo, path), 0o755);
  }
  await world.write(".gitignore", "packages/\n");
  await world.write(".gitattributes", "*.log merge=ours-own\n*.txt merge=installed\n");
  await world.write("a.log", "base\n");
  await world.write("b.txt", "base\n");
  await git("add", ".");
  await git("commit", "--quiet", "-m", "Driver");
  await git("config", "merge.ours-own.driver", "./tools/merge.sh %O %A %B");
  await git("config", "merge.installed.driver", "packages/merge.sh %O %A %B");
  const one = await world.work("one", "echo theirs > a.log; echo theirs > b.txt");
  await world.write("a.log", "ours\n");
  await world.write("b.txt", "ours\n");
  await git("commit", "--quiet", "-m", "Ours");
  expect((await world.merge(one)).data).toMatchObject({ success: true });
  for (const file of ["a.log", "b.txt"]) {
    expect(readFileSync(join(world.repo, file), "utf8")).toBe("ours\ntheirs\n");
  }
  expect(await git("status", "--short")).toBe("");
});

describe("expressions that lead to a commit are no branches", () => {
  test("a task that begins from one has no branch that it began from", async () => {
    await git("commit", "--quiet", "--allow-empty", "-m", "More");
    const one = await world.work("one", "echo 1 > 1.txt", { base: "main~1" });
    expect(one["base_branch"]).toBeUndefined();
    expect((await world.merge(one)).data).toMatchObject({ success: false, code: "unknown_branch" });
    expect((await world.merge(one, { into: "main" })).data).toMatchObject({ success: true });
    for (const into of ["main~0", "main@{0}", "HEAD", "main^{commit}"]) {
      expect((await world.merge(one, { into })).data).toMatchObject({ success: false, code: "unknown_branch" });
    }
  });
});

test("a branch that was taken back behind its beginning has no changes", async () => {
  await git("commit", "--quiet", "--allow-empty", "-m", "More");
  const one = await world.work("one", "git reset -q --hard HEAD~1");
  expect((await world.merge(one)).data).toMatchObject({ success: true, merged: [], no_changes: [{ into: "main" }] });
});

test("a folder in the place of a new file: the merge is refused, and what is in it is kept, ignored or not", async () => {
  await world.write(".gitignore", "out\n");
  await git("commit", "--quiet", "-m", "Ignore");
  mkdirSync(join(world.repo, "out"));
  writeFileSync(join(world.repo, "out", "mine"), "mine\n");
  const one = await world.work("one", "echo theirs > out; git add -f out; git commit -qm out");
  expect((await world.merge(one)).data).toMatchObject({ success: false, code: "checkout_dirty" });
  expect(readFileSync(join(world.repo, "out", "mine"), "utf8")).toBe("mine\n");
});

test("folders that are closed to others, or to writing, are so again after a restore", async () => {
  const made = "mkdir -m 700 closed closed/empty; echo 1 > closed/1; mkdir still; echo 2 > still/2; chmod 555 still";
  const one = await world.work("one", made, { commit: "never" });
  const modes = async () =>
    world.run(String(one["worktree_dir"]), ["stat", "-c", "%a", "closed", "closed/empty", "still"]);
  const before = await modes();
  for (const restore of [false, true]) {
    const { isError } = await (await world.own).call("codex_discard", { task_id: one["task_id"], restore });
    expect(isError).toBe(false);
  }
  expect(await modes()).toBe(before);
});

test("a submodule's commits that only git's folder of the worktree has keep it from being discarded", async () => {
  const part = await world.repository(`part-${world.number}`);
  await git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", part, "part");
  await git("commit", "--quiet", "-m", "Part");
  const run =
    "git -c protocol.file.allow=always submodule --quiet update --init; git -C part commit -q --allow-empty -m Only; git submodule --quiet deinit -f part";
  const one = await world.work("one", run);
  const { data } = await (await world.own).call("codex_discard", { task_id: one["task_id"] });
  expect(data).toMatchObject({ code: "worktree_has_repositories" });
  expect(data["error"]).toContain("modules/part");
  expect(existsSync(String(one["worktree_dir"]))).toBe(true);
});

describe("a restore that was killed in the middle", () => {
  test("is begun anew by the next one, and what it has left is never taken for the worktree", async () => {
    const run =
      "for i in $(seq 200); do mkdir d$i; echo $i > d$i/f; done; git add d1 d2; git commit -qm d; echo 2 > d1/f";
    const one = await world.work("one", run, { commit: "never" });
    const path = String(one["worktree_dir"]);
    const own = await world.own;
    const look = async () => world.run(path, ["git", "status", "--porcelain=v2", "--branch", "-uall"]);
    const [before, id] = [await look(), one["task_id"]];
    await own.call("codex_discard", { task_id: id });
    const killed = await world.client();
    const restoring = killed.call("codex_discard", { task_id: id, restore: true }).catch(() => "killed");
    await world.until(() => existsSync(join(path, ".git")));
    process.kill(killed.pid, "SIGKILL");
    expect(await restoring).toBe("killed");
    expect((await own.call("codex_discard", { task_id: id })).data).toMatchObject({ code: "worktree_unusable" });
    const again = world.work("one", "true", { topic: `implement-one_${world.number}-v2` });
    expect(await again.catch(String)).toContain("is incomplete");
    expect((await own.call("codex_discard", { task_id: id, restore: true })).data).toMatchObject({
      worktree_dir: path,
    });
    expect(await look()).toBe(before);
    expect((await own.call("codex_discard", { task_id: id })).isError).toBe(false);
  });
});

test("a discard leaves a branch that moves meanwhile where it is, and its commits are saved or there", async () => {
  const one = await world.work("one", "git checkout -q --detach; for i in $(seq 1000); do echo $i > u$i; done", {
    commit: "never",
  });
  const branch = `refs/heads/${String(one["agent_branch"])}`;
  const discarding = (await world.own).call("codex_discard", { task_id: one["task_id"] });
  await world.until(async () => (await git("for-each-ref", "refs/codexmcp")) !== "");
  const later = await git("commit-tree", "-p", branch, "-m", "Later", "HEAD^{tree}").catch(() => undefined);
  if (later !== undefined) await git("update-ref", branch, later);
  expect((await discarding).isError).toBe(false);
  if (later !== undefined) expect(await git("rev-parse", branch)).toBe(later);
});

test.skipIf(!canMount)("a merge for which the disk has no room leaves the working tree as it was", async () => {
  const disk = world.folder(`disk-${world.number}`);
  expect(mountDisk(disk, "1m")).toBe(true);
  try {
    await world.run(world.root, [
      "git",
      "init",
      "-q",
      "--separate-git-dir",
      join(world.root, `git-${world.number}`),
      join(disk, "r"),
    ]);
    world.repo = join(disk, "r");
    await world.write("a.txt", "before\n");
    await world.write("sub/z.txt", "before\n");
    await git("commit", "--quiet", "-m", "Files");
    const server = await world.client({ CODEXMCP_WORKTREES: world.folder(`places-${world.number}`) });
    const run =
      "echo after > a.txt; mkdir new; echo n > new/n.txt; head -c 3000000 /dev/urandom > sub/big; echo after > sub/z.txt";
    const one = await world.work("one", run, {}, server);
    expect((await world.merge(one, {}, server)).data).toMatchObject({ success: false, code: "file_system_refused" });
    expect(await git("status", "--short")).toBe("");
    expect(readFileSync(join(world.repo, "a.txt"), "utf8")).toBe("before\n");
    expect(existsSync(join(world.repo, "new"))).toBe(false);
  } finally {
    unmountDisk(disk);
  }
});

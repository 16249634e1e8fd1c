import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GitWorld } from "../support/git-world.ts";

const world = new GitWorld();

beforeAll(async () => void (await world.own));
beforeEach(() => world.begin());
afterAll(() => world.close());

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
  const { dropSalvage } = await import("#git/salvage/list-salvage.ts");
  await git("symbolic-ref", "refs/codexmcp/salvage/agent/x/1", "refs/heads/old");
  await dropSalvage(join(world.repo, ".git"), "refs/codexmcp/salvage/agent/x/1");
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

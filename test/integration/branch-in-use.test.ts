import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { $ } from "bun";
import { realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BranchUse, findBranchUse } from "#git/repository/branch-in-use.ts";
import { Scratch } from "../support/scratch.ts";

// Git's own `branch -d` and `-f` are the reference for which branches may be deleted or moved.

let scratch: Scratch;

beforeAll(() => {
  scratch = new Scratch();
});

afterAll(() => scratch.close());

/** What git itself says to the deletion of a branch; undefined where it would do it. A copy of the ref is put back. */
async function askGit(folder: string, branch: string): Promise<string | undefined> {
  const tip = await scratch.git(folder, "rev-parse", `refs/heads/${branch}`);
  const { exitCode, stderr } = await $`git branch -D ${branch}`.cwd(folder).quiet().nothrow();
  if (exitCode === 0) await scratch.git(folder, "update-ref", `refs/heads/${branch}`, tip);
  return exitCode === 0 ? undefined : (/'([^']*)'\s*$/.exec(stderr.toString())?.[1] ?? stderr.toString());
}

async function expectAsGit(folder: string, branch: string, use: BranchUse | undefined): Promise<void> {
  expect(await findBranchUse(folder, branch)).toEqual(use);
  expect(await askGit(folder, branch)).toBe(use?.path);
}

/** A repository with branches `top` and `below`, of which a rebase onto main stops at a conflict. */
async function conflicting(name: string): Promise<string> {
  const folder = await scratch.repository(name);
  await scratch.git(folder, "switch", "--quiet", "-c", "below");
  await commit(folder, "below");
  await scratch.git(folder, "switch", "--quiet", "-c", "top");
  await commit(folder, "top");
  await scratch.git(folder, "switch", "--quiet", "main");
  await commit(folder, "main");
  await scratch.git(folder, "branch", "free");
  return folder;
}

async function commit(folder: string, text: string): Promise<void> {
  writeFileSync(join(folder, "README.md"), `${text}\n`);
  await scratch.git(folder, "commit", "--quiet", "--all", "-m", text);
}

describe("a branch is in use where git says so", () => {
  test("checked out in the main working tree, in a linked one, or nowhere", async () => {
    const main = await conflicting("checkouts");
    const linked = join(scratch.root, "linked tree");
    await scratch.git(main, "worktree", "add", "--quiet", linked, "top");
    await expectAsGit(linked, "main", { path: main, what: "checked out" });
    await expectAsGit(main, "top", { path: linked, what: "checked out" });
    await expectAsGit(main, "free", undefined);
    expect(await findBranchUse(join(main, ".git"), "top")).toEqual({ path: linked, what: "checked out" });
    expect(await findBranchUse(main, "top", linked)).toBeUndefined();
  });

  test("the HEAD of a bare repository is no checkout", async () => {
    const source = await conflicting("source");
    const bare = join(scratch.root, "bare.git");
    await scratch.git(source, "clone", "--quiet", "--bare", source, bare);
    const linked = join(scratch.root, "of-bare");
    await scratch.git(bare, "worktree", "add", "--quiet", linked, "top");
    await expectAsGit(bare, "main", undefined);
    await expectAsGit(bare, "top", { path: linked, what: "checked out" });
  });

  test.each([
    ["the merging rebase", ["--merge"]],
    ["the applying rebase", ["--apply"]],
    ["the interactive rebase", ["--interactive"]],
  ])("being rebased: %s, in the main tree and in a linked one", async (kind, how) => {
    const main = await conflicting(kind.replaceAll(" ", "-"));
    const linked = realpathSync(scratch.folder(`${kind.replaceAll(" ", "-")}-linked`));
    await scratch.git(main, "worktree", "add", "--quiet", "--force", linked, "below");
    for (const [folder, branch] of [
      [main, "top"],
      [linked, "below"],
    ] as const) {
      await scratch.git(folder, "switch", "--quiet", branch);
      const rebase = $`GIT_SEQUENCE_EDITOR=true git rebase ${how} main`.cwd(folder);
      expect((await rebase.quiet().nothrow()).exitCode).toBe(1);
    }
    await expectAsGit(main, "below", { path: linked, what: "being rebased" });
    await expectAsGit(linked, "top", { path: main, what: "being rebased" });
    await expectAsGit(main, "main", undefined);
    await scratch.git(linked, "rebase", "--abort");
    await expectAsGit(main, "below", { path: linked, what: "checked out" });
  });

  test("a branch that a rebase of another one moves along", async () => {
    const main = await conflicting("update-refs");
    await scratch.git(main, "switch", "--quiet", "top");
    const rebase = await $`git rebase --update-refs main`.cwd(main).quiet().nothrow();
    expect(rebase.exitCode).toBe(1);
    await expectAsGit(main, "below", { path: main, what: "being rebased" });
    await expectAsGit(main, "free", undefined);
  });

  test("being bisected, also when it was begun from a detached HEAD", async () => {
    const main = await conflicting("bisect");
    await scratch.git(main, "switch", "--quiet", "top");
    await scratch.git(main, "bisect", "start");
    await scratch.git(main, "switch", "--quiet", "--detach");
    await expectAsGit(main, "top", { path: main, what: "being bisected" });
    await scratch.git(main, "bisect", "reset");
    await expectAsGit(main, "top", { path: main, what: "checked out" });
    await scratch.git(main, "switch", "--quiet", "--detach");
    await scratch.git(main, "bisect", "start");
    await expectAsGit(main, "top", undefined);
  });

  test("a folder that is gone still holds its branch, until git forgets it", async () => {
    const main = await conflicting("gone");
    const linked = join(scratch.root, "gone-linked");
    await scratch.git(main, "worktree", "add", "--quiet", linked, "top");
    await $`rm -r ${linked}`.quiet();
    await expectAsGit(main, "top", { path: linked, what: "checked out" });
    await scratch.git(main, "worktree", "prune");
    await expectAsGit(main, "top", undefined);
  });
});

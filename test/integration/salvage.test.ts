import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { removeWorktree } from "#git/worktree/remove-worktree.ts";
import { restoreFromSalvage } from "#git/salvage/restore-worktree.ts";
import { saveWorktree } from "#git/salvage/save-worktree.ts";
import { readWorktreeState } from "#git/salvage/worktree-state.ts";
import { addWorktree } from "#git/worktree/worktree.ts";
import { beginConflict, Dice, disturb, portray } from "../support/random-worktree.ts";
import { Scratch } from "../support/scratch.ts";

const ROUNDS = Number(process.env["SALVAGE_ROUNDS"] ?? 25);
const BRANCH = "agent/implement-x";

let scratch: Scratch;
let repository: string;

beforeAll(async () => {
  scratch = new Scratch();
  repository = await scratch.repository("project");
  writeFileSync(join(repository, ".gitignore"), "*.log\nbuild/\n.env\n");
  mkdirSync(join(repository, "lib"));
  for (const name of ["lib/one.txt", "lib/two.txt", "a", "b"]) writeFileSync(join(repository, name), `${name}\n`);
  await scratch.git(repository, "add", ".");
  await scratch.git(repository, "commit", "--quiet", "-m", "More");
});
afterAll(() => scratch.close());

async function make(name: string): Promise<string> {
  const worktree = join(scratch.root, name);
  await scratch.git(repository, "branch", BRANCH);
  await addWorktree(repository, ["worktree", "add", "--quiet", worktree, BRANCH]);
  return worktree;
}

/** Discards a worktree, lets git tidy up, and brings it back. */
async function discardAndRestore(worktree: string): Promise<void> {
  const state = await readWorktreeState(worktree, () => false);
  const { ref } = await saveWorktree({ repository, worktree, branch: BRANCH, state, leftOut: [] });
  const tip = await scratch.git(repository, "rev-parse", `refs/heads/${BRANCH}`);
  await removeWorktree({ repository, worktree, branch: BRANCH, tip });
  expect(await scratch.git(repository, "worktree", "list")).not.toContain(worktree);
  await restoreFromSalvage(repository, ref);
}

async function forget(worktree: string): Promise<void> {
  await removeWorktree({ repository, worktree, branch: undefined, tip: undefined });
  for (const branch of [BRANCH, "side"]) await scratch.git(repository, "branch", "-D", branch).catch(() => {});
  await scratch.git(repository, "stash", "clear");
}

/** Random states come back the same. @param first the first seed: the same ones give the same deeds */
async function tryRounds(rounds: number, first: number): Promise<void> {
  for (let seed = first; seed < first + rounds; seed++) {
    const dice = new Dice(seed);
    const worktree = await make("tree");
    for (let deed = dice.below(25); deed >= 0; deed--) await disturb(worktree, dice);
    if (dice.below(5) === 0) await beginConflict(worktree);
    const before = await portray(worktree);
    await discardAndRestore(worktree).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
    expect({ seed, ...(await portray(worktree)) }).toEqual({ seed, ...before });
    await forget(worktree);
  }
}

describe(`discard then restore, ${ROUNDS} random states (SALVAGE_ROUNDS)`, () => {
  test("gives the same files, index and refs", async () => {
    await tryRounds(ROUNDS, Number(process.env["SALVAGE_SEED"] ?? Date.now() % 1_000_000));
    expect(await scratch.git(repository, "fsck", "--strict", "--no-dangling")).toBe("");
  }, 600_000);
});

test("also while git gc tidies up, over and over", async () => {
  // Without it, gc removes git's folder of worktrees from under this test's own `git worktree add`.
  await scratch.git(repository, "worktree", "add", "--quiet", "--detach", join(scratch.root, "other"));
  const over = new AbortController();
  const tidyUp = async () => {
    // It complains of worktrees that git is just making.
    while (!over.signal.aborted) await scratch.git(repository, "gc", "--quiet").catch(() => {});
  };
  const tidying = tidyUp();
  await tryRounds(Math.ceil(ROUNDS / 4), Date.now() % 1_000_000).finally(() => over.abort());
  await tidying;
  expect(await scratch.git(repository, "fsck", "--strict", "--no-dangling")).toBe("");
}, 600_000);

test("a file larger than is read at once comes back, with its permissions", async () => {
  const worktree = await make("large");
  const large = Buffer.alloc(70 * 1024 * 1024, "0123456789\n");
  writeFileSync(join(worktree, "large.bin"), large, { mode: 0o755 });
  writeFileSync(join(worktree, "small.log"), "ignored\n");
  const before = await portray(worktree);
  await discardAndRestore(worktree);
  expect(await portray(worktree)).toEqual(before);
  await forget(worktree);
}, 60_000);

test("what is kept in a repository of somebody else's is not written outside of its worktree", async () => {
  const worktree = await make("hostile");
  writeFileSync(join(worktree, "draft.txt"), "draft\n");
  const state = await readWorktreeState(worktree, () => false);
  const { ref } = await saveWorktree({ repository, worktree, branch: BRANCH, state, leftOut: [] });
  const tip = await scratch.git(repository, "rev-parse", `refs/heads/${BRANCH}`);
  await removeWorktree({ repository, worktree, branch: BRANCH, tip });
  const target = join(scratch.root, "target");
  mkdirSync(target);
  const manifest = JSON.parse(await scratch.git(repository, "cat-file", "blob", `${ref}:manifest.json`)) as object;
  /** Makes a salvage like that one with other files, as `git fast-import` reads them. */
  const forge = async (files: string, more: object = {}) => {
    const text = JSON.stringify({ ...manifest, ...more });
    const commands = `commit refs/forged\ncommitter A <a@b.c> now\ndata 0\nfrom ${ref}^0\nM 100644 inline manifest.json\ndata ${Buffer.byteLength(text)}\n${text}\n${files}\ndone\n`;
    await $`git fast-import --quiet --done --force --date-format=now < ${Buffer.from(commands)}`
      .cwd(repository)
      .quiet();
  };
  const link = `M 120000 inline files/link\ndata ${target.length}\n${target}\n`;
  const forged: [string, object][] = [
    [link, { empty_folders: ["link/made/deep"] }],
    ["", { empty_folders: ["../target/made"] }],
    ["", { modes: { "../target": 0o700 } }],
  ];
  for (const [files, more] of forged) {
    await forge(files, more);
    const refused: unknown = await restoreFromSalvage(repository, "refs/forged").catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "nothing_salvaged" });
    expect(readdirSync(target)).toEqual([]);
    expect(existsSync(worktree)).toBe(false);
  }
  await restoreFromSalvage(repository, ref);
  await forget(worktree);
});

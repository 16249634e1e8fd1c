// What is said about merging random worktrees is what git does when their work is committed and merged in another repository.
// COLLISION_ROUNDS and COLLISION_SEED say how many and which; the same seed makes the same worktrees.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { type Collisions, findCollisions } from "#worktrees/collisions/find-collisions.ts";
import { portrait } from "../support/left-alone.ts";
import { commitAll, makeWorktrees, mergeByGit, type RandomWorktrees } from "../support/random-worktrees.ts";
import { Scratch } from "../support/scratch.ts";

const ROUNDS = Number(process.env["COLLISION_ROUNDS"] ?? 10);
const SEED = Number(process.env["COLLISION_SEED"] ?? Date.now() % 1_000_000);

let scratch: Scratch;

beforeAll(() => {
  scratch = new Scratch();
});
afterAll(() => scratch.close());

/**
 * Everything in a folder, apart from the times that git renews when it reads: of an object that it would have written, and of the shared half
 * of a split index.
 */
function describeAll(root: string): object {
  const isRenewed = (path: string) => path.endsWith("/.git/objects") || basename(path).startsWith("sharedindex.");
  const git = join(root, "repository", ".git");
  const names = readdirSync(join(git, "objects"), { recursive: true }).map(String).toSorted();
  const shared = readdirSync(git, { recursive: true })
    .map(String)
    .filter((name) => /sharedindex\.[^/]*$/.test(name));
  const halves = shared.toSorted().map((name) => `${name} ${Bun.hash(readFileSync(join(git, name)))}`);
  return { names, halves, files: portrait(root, isRenewed) };
}

type Found = ReadonlyMap<string, Collisions>;

async function findAll({ repository, worktrees }: RandomWorktrees, home: string, limitMs: number): Promise<Found> {
  const stored = worktrees.map(({ path, branch, base }) => ({
    worktree_dir: path,
    agent_branch: branch,
    base_branch: "main",
    base_commit: base,
    workspace: join(repository, ".git"),
  }));
  const limits = { usualMs: limitMs, smallMs: limitMs };
  return findCollisions({ home, repository: join(repository, ".git"), worktrees: stored, limits });
}

/** Longer than any comparison takes. */
const UNLIMITED_MS = 600_000;

/** Compares the worktrees with a deadline, twice without one, and again. @returns what is found, and what is wrong with it, in words */
async function compareOften(
  made: RandomWorktrees,
  root: string,
  seed: number,
): Promise<{ found: Found; wrong: string[] }> {
  const wrong: string[] = [];
  const before = describeAll(root);
  const home = scratch.folder(`state-${seed}`);
  const hurried = await findAll(made, home, (seed * 37) % 300).catch((error: unknown) => {
    if (!String(error).includes("stopped")) wrong.push(String(error));
    return new Map<string, Collisions>();
  });
  const found = await findAll(made, home, UNLIMITED_MS);
  const again = await findAll(made, home, UNLIMITED_MS);
  if (!Bun.deepEquals(found, again)) wrong.push("known results are others than new ones");
  for (const [path, part] of hurried) {
    const whole = found.get(path);
    const isPart = part.conflicts.every((one) => whole?.conflicts.some((other) => Bun.deepEquals(one, other)));
    const isSame = part.mergesCleanly === undefined || part.mergesCleanly === whole?.mergesCleanly;
    if (!isPart || !isSame) wrong.push(`in a hurry ${JSON.stringify(part)}; else ${JSON.stringify(whole)}`);
  }
  const after = describeAll(root);
  if (!Bun.deepEquals(before, after)) wrong.push(`something was changed: ${changesOf(before, after)}`);
  const left = readdirSync(join(home, "collisions")).filter((name) => !name.endsWith(".json"));
  if (left.length > 0) wrong.push(`${left.join()} was left`);
  return { found, wrong };
}

test(`the worktrees of ${ROUNDS} repositories conflict where git's merges do, and nothing is touched`, async () => {
  const tally = new Map<string, number>();
  const count = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1);
  const failures: string[] = [];
  for (let seed = SEED; seed < SEED + ROUNDS; seed++) {
    const root = scratch.folder(`round-${seed}`);
    const made = await makeWorktrees(root, seed);
    const fail = (why: string) => failures.push(`seed ${seed}, ${made.deeds.join(" + ")}: ${why}`);
    const { found, wrong } = await compareOften(made, root, seed);
    for (const why of wrong) fail(why);
    const committed = commitAll(made, scratch.folder(`reference-${seed}`));
    for (const { path, branch } of made.worktrees) {
      const { expected, refused } = mergeByGit(committed, path, made);
      count(expected.mergesCleanly === undefined ? "nothing to merge" : expected.mergesCleanly ? "clean" : "not clean");
      for (const _ of expected.conflicts) count("conflict");
      for (const _ of refused) count("refused");
      const all = found.get(path);
      const ours = all && { ...all, conflicts: all.conflicts.filter(({ worktree }) => !refused.has(worktree)) };
      if (!Bun.deepEquals(ours, expected)) {
        fail(`${branch}: git ${JSON.stringify(expected)}; ours ${JSON.stringify(ours)}`);
      }
    }
    for (const folder of [root, committed.folder]) rmSync(folder, { recursive: true, force: true });
  }
  console.log(`COLLISION_SEED=${SEED}: ${[...tally].map(([what, times]) => `${what} ${times}`).join(", ")}`);
  expect(failures).toEqual([]);
  if (ROUNDS < 10) return;
  for (const what of ["clean", "not clean", "conflict"]) expect(tally.get(what) ?? 0).toBeGreaterThan(0);
}, 3_600_000);

function changesOf(before: object, after: object): string {
  const old = new Map(Object.entries(before).flatMap(([, part]) => Object.entries(part as object)));
  const now = Object.entries(after).flatMap(([, part]) => Object.entries(part as object));
  return now
    .flatMap(([path, text]) => (old.get(path) === text ? [] : [`${path}: ${old.get(path)} → ${text}`]))
    .join("; ");
}

// What is said about merging random worktrees is what git does when their work is committed and merged in another repository.
// COLLISION_ROUNDS and COLLISION_SEED say how many and which; the same seed makes the same worktrees.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { findCollisions } from "#worktrees/collisions/find-collisions.ts";
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

/** Everything in a folder, apart from the times of objects: git renews that of an object which it would have written. */
function describeAll(root: string): object {
  const isObjects = (path: string) => path.endsWith("/.git/objects");
  const names = readdirSync(join(root, "repository", ".git", "objects"), { recursive: true })
    .map(String)
    .toSorted();
  return { names, files: portrait(root, isObjects) };
}

async function findAll({ repository, worktrees }: RandomWorktrees, home: string): Promise<Record<string, object>> {
  const stored = worktrees.map(({ path, branch, base }) => ({
    worktree_dir: path,
    agent_branch: branch,
    base_branch: "main",
    base_commit: base,
    workspace: join(repository, ".git"),
  }));
  const limits = { usualMs: 600_000, smallMs: 600_000 };
  const found = await findCollisions({ home, repository: join(repository, ".git"), worktrees: stored, limits });
  return Object.fromEntries(found);
}

test(`the worktrees of ${ROUNDS} repositories conflict where git's merges do, and nothing is touched`, async () => {
  const tally = new Map<string, number>();
  const count = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1);
  const failures: string[] = [];
  for (let seed = SEED; seed < SEED + ROUNDS; seed++) {
    const root = scratch.folder(`round-${seed}`);
    const made = await makeWorktrees(root, seed);
    const before = describeAll(root);
    const home = scratch.folder(`state-${seed}`);
    const found = await findAll(made, home);
    const again = await findAll(made, home);
    if (!Bun.deepEquals(found, again)) failures.push(`seed ${seed}: known results are others than new ones`);
    const after = describeAll(root);
    if (!Bun.deepEquals(before, after)) {
      failures.push(`seed ${seed}: something was changed: ${changesOf(before, after)}`);
    }
    const left = readdirSync(join(home, "collisions")).filter((name) => !name.endsWith(".json"));
    if (left.length > 0) failures.push(`seed ${seed}: ${left.join()} was left`);
    const commits = commitAll(made, scratch.folder(`reference-${seed}`));
    const shown = (of: object) => JSON.stringify(of);
    for (const { path, branch } of made.worktrees) {
      const expected = mergeByGit(commits, path, made);
      const ours = found[path] ?? {};
      count(expected.mergesCleanly === undefined ? "nothing to merge" : expected.mergesCleanly ? "clean" : "not clean");
      for (const { files } of expected.conflicts) count(files.length === 0 ? "conflict without files" : "conflict");
      if (!Bun.deepEquals(ours, expected)) {
        failures.push(
          `seed ${seed}, ${branch}, ${made.deeds.join(" + ")}: git ${shown(expected)}; ours ${shown(ours)}`,
        );
      }
    }
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

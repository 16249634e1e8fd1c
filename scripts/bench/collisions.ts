// Measures the comparison of worktrees with each other, against one `git status` for each worktree.
// Usage: bench:collisions [worktrees] [files in each] [rounds]
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceOf } from "#git/git-folders.ts";
import { openStore } from "#store/store.ts";
import { listStoredWorktrees } from "#store/worktree-base.ts";
import { findCollisions } from "#worktrees/collisions/find-collisions.ts";
import { World } from "../../test/support/world.ts";
import { makeLargeRepository, makeManyWorktrees } from "./many-worktrees.ts";
import { report, type Samples } from "./report.ts";

const [worktrees = 20, files = 50_000, rounds = 5] = process.argv.slice(2).map(Number);
const NEW = "tool everything new git";
const ONE = "tool one changed git";
const NONE = "tool nothing changed git";

const processorTimes: Samples = {};

const world = new World();
try {
  const repository = await makeLargeRepository(world, files);
  const paths = await makeManyWorktrees(world, repository, worktrees);
  for (const [index, path] of paths.entries()) await work(path, index);
  const samples: Samples = { "bare git": [], [NEW]: [], [ONE]: [], [NONE]: [] };
  const counts = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    await measure(samples, "bare git", async () => askGit(paths));
    rmSync(join(world.stateHome, "collisions"), { recursive: true, force: true });
    await measure(samples, NEW, async () => compare(repository, counts, NEW));
    write(join(paths[0] ?? "", "src", "module-1", "file-101.ts"), `round ${round}\n`);
    await measure(samples, ONE, async () => compare(repository, counts, ONE));
    await measure(samples, NONE, async () => compare(repository, counts, NONE));
  }
  report(`${worktrees} worktrees of ${files} files`, samples);
  report("the same in processor time", processorTimes);
  for (const [what, notCompared] of counts) console.log(`${what}: ${notCompared / rounds} not compared`);
} finally {
  await world.close();
}

/** Does work in a worktree: committed in files of its own and one that all change, and uncommitted in half of them. */
async function work(path: string, index: number): Promise<void> {
  const own = (number: number) => join(path, "src", `module-${number}`, `file-${number * 100 + index}.ts`);
  for (const number of [2, 3]) write(own(number), `export const changed = ${index};\n`);
  if (index % 5 === 0) write(join(path, "README.md"), `# Changed by ${index}\n`);
  await world.run(path, ["git", "commit", "--quiet", "--all", "-m", "Work"]);
  if (index % 2 === 0) write(own(4), `export const uncommitted = ${index};\n`);
  if (index % 2 === 0) write(join(path, `new-${index}.ts`), "export const isNew = true;\n");
}

/** Writes a file anew: the worktrees share the old one. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

async function askGit(paths: readonly string[]): Promise<void> {
  for (const path of paths) await world.run(path, ["git", "--no-optional-locks", "status", "--porcelain"]);
}

async function compare(repository: string, counts: Map<string, number>, what: string): Promise<void> {
  const { stateHome: home } = world;
  const stored = listStoredWorktrees(openStore(home, workspaceOf));
  const limits = { usualMs: 60_000, smallMs: 60_000 };
  const found = await findCollisions({ home, repository: join(repository, ".git"), worktrees: stored, limits });
  const notCompared = [...found.values()].reduce((sum, each) => sum + each.notCompared, 0);
  const conflicts = [...found.values()].reduce((sum, each) => sum + each.conflicts.length, 0);
  if (found.size !== worktrees) throw new Error(`${found.size} worktrees were found`);
  if (notCompared === 0 && conflicts === 0 && worktrees > 5) throw new Error("No conflict was found.");
  counts.set(what, (counts.get(what) ?? 0) + notCompared);
}

async function measure(samples: Samples, what: string, run: () => Promise<unknown>): Promise<void> {
  const [start, before] = [performance.now(), processorTime()];
  await run();
  samples[what]?.push(performance.now() - start);
  (processorTimes[what] ??= []).push(processorTime() - before);
}

/** Returns the processor time of this process and of those that it has waited for, in milliseconds: other load does not count. */
function processorTime(): number {
  const [, fields = ""] = readFileSync("/proc/self/stat", "utf8").split(") ");
  // utime, stime, cutime and cstime, in hundredths of a second.
  return (
    fields
      .split(" ")
      .slice(11, 15)
      .map(Number)
      .reduce((sum, ticks) => sum + ticks, 0) * 10
  );
}

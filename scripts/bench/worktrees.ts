// Measures the time of the list of worktrees, against `git worktree list` and one `git status` for each worktree.
// Usage: bench:worktrees [worktrees] [files in each] [rounds]
import { runCli } from "../../test/support/command-line.ts";
import { World } from "../../test/support/world.ts";
import { buildBinary } from "../build.ts";
import { makeLargeRepository, makeManyWorktrees } from "./many-worktrees.ts";
import { report, type Samples } from "./report.ts";

const [worktrees = 20, files = 50_000, rounds = 5] = process.argv.slice(2).map(Number);
await buildBinary();
const world = new World();
try {
  const repository = await makeLargeRepository(world, files);
  const paths = await makeManyWorktrees(world, repository, worktrees);
  const samples: Samples = { "bare git": [], "tool worktrees git": [], "tool worktrees --exact git": [] };
  let known = 0;
  for (let round = 0; round < rounds; round++) {
    samples["bare git"]?.push(await time(() => askGit(repository, paths)));
    samples["tool worktrees git"]?.push(await time(async () => (known += await list([]))));
    samples["tool worktrees --exact git"]?.push(await time(() => list(["--exact"])));
  }
  report(`${worktrees} worktrees of ${files} files`, samples);
  console.log(`\nworktrees looked at whole without --exact: ${(known / rounds).toFixed(1)} of ${worktrees}`);
} finally {
  await world.close();
}

async function askGit(repository: string, paths: readonly string[]): Promise<void> {
  await world.run(repository, ["git", "worktree", "list", "--porcelain"]);
  for (const path of paths) await world.run(path, ["git", "--no-optional-locks", "status", "--porcelain"]);
}

/** @returns how many worktrees are known to have no changes: all of them have none */
async function list(options: readonly string[]): Promise<number> {
  const { stdout } = await runCli(world, ["worktrees", "--json", ...options]);
  const found = stdout.match(/"is_unchanged": true/g)?.length ?? 0;
  if (stdout.match(/"worktree_dir"/g)?.length !== worktrees) throw new Error(`not all are listed: ${stdout}`);
  return found;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

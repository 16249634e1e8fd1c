// Measures the time of the list of worktrees, against `git worktree list` and one `git status` for each worktree.
// Usage: bench:worktrees [worktrees] [files in each] [rounds]
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { $ } from "bun";
import { workspaceOf } from "#git/git-folders.ts";
import { openStore } from "#store/store.ts";
import { recordWorktree } from "#store/worktree-base.ts";
import { runCli } from "../../test/support/command-line.ts";
import { World } from "../../test/support/world.ts";
import { buildBinary } from "../build.ts";
import { report, type Samples } from "./report.ts";

const [worktrees = 20, files = 50_000, rounds = 5] = process.argv.slice(2).map(Number);
const FILES_A_FOLDER = 100;

await buildBinary();
const world = new World();
try {
  const repository = await makeRepository();
  const paths = await makeWorktrees(repository);
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

async function makeRepository(): Promise<string> {
  const repository = await world.repository();
  for (let file = 0; file < files; file++) {
    const folder = join(repository, "src", `module-${Math.floor(file / FILES_A_FOLDER)}`);
    if (file % FILES_A_FOLDER === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${file}.ts`), `export const value = ${file};\n`);
  }
  await world.run(repository, ["git", "add", "."]);
  await world.run(repository, ["git", "commit", "--quiet", "-m", "Files"]);
  return repository;
}

/** Creates worktrees of hard links, which share the files' times, so that one index fits all. */
async function makeWorktrees(repository: string): Promise<string[]> {
  const store = openStore(world.stateHome, workspaceOf);
  const commit = (await world.run(repository, ["git", "rev-parse", "HEAD"])).trim();
  const paths: string[] = [];
  for (let index = 0; index < worktrees; index++) {
    const path = join(world.root, `project-agent-${index}`);
    const branch = `agent/implement-${index}`;
    await world.run(repository, ["git", "worktree", "add", "--quiet", "--no-checkout", "-b", branch, path]);
    await $`cp -al ${join(repository, "src")} ${join(repository, "README.md")} ${path}`.quiet();
    const base = { base_branch: "main", base_commit: commit, made_here: true as const };
    recordWorktree(store, {
      worktree_dir: path,
      agent_branch: branch,
      workspace: join(repository, ".git"),
      ...base,
    });
    paths.push(path);
  }
  await world.run(repository, ["git", "status"]);
  const index = join(repository, ".git", "index");
  for (const path of paths) copyFileSync(index, join(repository, ".git", "worktrees", basename(path), "index"));
  return paths;
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

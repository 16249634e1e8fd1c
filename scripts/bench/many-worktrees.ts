import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { $ } from "bun";
import { workspaceOf } from "#git/git-folders.ts";
import { openStore } from "#store/store.ts";
import { recordWorktree } from "#store/worktree-base.ts";
import type { World } from "../../test/support/world.ts";

const FILES_A_FOLDER = 100;

/** Makes a repository with many files. */
export async function makeLargeRepository(world: World, files: number): Promise<string> {
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
export async function makeManyWorktrees(world: World, repository: string, worktrees: number): Promise<string[]> {
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

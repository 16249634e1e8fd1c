import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { listTracesSoFar } from "#git/changes/check-traces.ts";
import { withIndexCopy } from "#git/changes/index-copy.ts";
import { type OmittedFiles, stageAll } from "#git/changes/stage-work.ts";
import { inspectWorktree, isClean } from "#git/changes/status.ts";
import { git } from "#git/git.ts";
import { objectVariables } from "#git/git-context.ts";
import { getTree } from "#git/repository/branches.ts";
import type { GitEnvironment } from "#git/run-git.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";

/** Content of a worktree as a tree: commits, uncommitted and new files, without those that checks have left. */
export interface WorkTree {
  tree: string;
  /** Files whose current content the tree does not have. */
  omitted: OmittedFiles;
}

/** Free space in bytes that is preferred for new objects. */
const PREFERRED_BYTES = 256 * 1024 * 1024;

/**
 * Calls a function with variables under which git writes objects to a temporary folder, and reads those of some repositories. No repository
 * is changed.
 * @param repositories common git folders
 */
export async function withTemporaryObjects<T>(
  repositories: readonly string[],
  work: (environment: GitEnvironment) => Promise<T>,
): Promise<T> {
  const [fallback = "."] = repositories;
  return withTemporaryFolder({ fallback, neededBytes: PREFERRED_BYTES }, async (folder) => {
    const objects = join(folder, "objects");
    mkdirSync(objects, { mode: 0o700 });
    return work(objectVariables(objects, repositories));
  });
}

/**
 * Writes the content of a worktree as a tree. Neither index nor files are touched, and no program that the repository names is run.
 * @param objects variables of {@link withTemporaryObjects}
 * @throws AppError as `git` does
 */
export async function writeWorkTree(worktree: string, objects: GitEnvironment): Promise<WorkTree> {
  const { status, options } = await inspectWorktree(worktree);
  const { head } = status;
  if (isClean(status) && head !== undefined) {
    return { tree: await getTree(worktree, `${head}^{tree}`), omitted: { tooLarge: [], unreadable: [] } };
  }
  const leftOut = await listTracesSoFar(worktree, status);
  return withIndexCopy(worktree, { ...options.environment, ...objects }, async (environment) => {
    const omitted = await stageAll(worktree, status.untracked, { ...options, environment }, leftOut);
    return { tree: (await git(worktree, ["write-tree"], environment)).trim(), omitted };
  });
}

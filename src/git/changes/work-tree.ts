import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { git } from "#git/git.ts";
import { getTree } from "#git/repository/branches.ts";
import type { GitEnvironment } from "#git/run-git.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";
import { listTracesSoFar } from "./check-traces.ts";
import { withIndexCopy } from "./index-copy.ts";
import { type OmittedFiles, stageAll } from "./stage-work.ts";
import { inspectWorktree, isClean } from "./status.ts";

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
  const sources = [...new Set(repositories)].map((repository) => quotePath(join(repository, "objects")));
  const [fallback = "."] = repositories;
  return withTemporaryFolder({ fallback, neededBytes: PREFERRED_BYTES }, async (folder) => {
    const objects = join(folder, "objects");
    mkdirSync(objects, { mode: 0o700 });
    return work({ GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: sources.join(delimiter) });
  });
}

/** Returns a path for a list of paths that are separated by colons. */
function quotePath(path: string): string {
  if (!/^"|[:\n]/.test(path)) return path;
  return `"${path.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll("\n", String.raw`\n`)}"`;
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
  return withIndexCopy(worktree, async (copy) => {
    const environment = { ...withoutSplitIndex(options.environment), ...objects, ...copy };
    const omitted = await stageAll(worktree, status.untracked, { ...options, environment }, leftOut);
    return { tree: (await git(worktree, ["write-tree"], environment)).trim(), omitted };
  });
}

/** Adds a setting against a split index, whose other half would be written to git's own folder. */
function withoutSplitIndex(environment: GitEnvironment = {}): GitEnvironment {
  const count = Number(environment["GIT_CONFIG_COUNT"] ?? process.env["GIT_CONFIG_COUNT"] ?? 0) || 0;
  return {
    ...environment,
    GIT_CONFIG_COUNT: String(count + 1),
    [`GIT_CONFIG_KEY_${count}`]: "core.splitIndex",
    [`GIT_CONFIG_VALUE_${count}`]: "false",
  };
}

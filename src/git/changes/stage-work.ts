import { splitUntracked } from "./compare.ts";
import { gitFailure } from "#git/git-failure.ts";
import { GIT_FILES_DEADLINE_MS, runGit } from "#git/run-git.ts";
import { type ByteName, splitNul, toBytes, toText } from "#git/byte-names.ts";
import { namesUnreadable, type StatusOptions } from "./status.ts";
import { gitBytes } from "#git/git.ts";

/** Names of files that were left out of an index. */
export interface OmittedFiles {
  tooLarge: string[];
  unreadable: string[];
}

/** Arguments that stage also files outside of a sparse checkout, and skip unreadable ones. */
const ADD_ALL = ["add", "--all", "--sparse", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul"];

/**
 * Stages all changes of a worktree, deletions and new files included, except nested repositories and files that are too large.
 * @param untracked names of its new files
 * @param leftOut names of changed files that are not staged
 * @throws AppError as `git` does
 */
export async function stageAll(
  worktree: string,
  untracked: readonly ByteName[],
  options: StatusOptions,
  leftOut: readonly ByteName[] = [],
): Promise<OmittedFiles> {
  const isLeftOut = new Set(leftOut);
  const added = untracked.filter((name) => !isLeftOut.has(name));
  const { repositories, tooLarge, unreadable } = await splitUntracked(worktree, added);
  const excluded = [...repositories, ...tooLarge, ...unreadable, ...leftOut].map(
    (name) => `:(exclude,top,literal)${name}`,
  );
  const input = toBytes([":(top)", ...excluded].map((pathspec) => `${pathspec}\0`).join(""));
  const { exitCode, stderr } = await runGit(worktree, ADD_ALL, {
    ...options,
    deadlineMs: GIT_FILES_DEADLINE_MS,
    input,
  });
  const said = stderr.toString();
  const failed = namesUnreadable(said);
  const isPartial = exitCode === 1 && failed.length > 0 && !/^fatal: /m.test(said);
  if (exitCode !== 0 && !isPartial) throw gitFailure(worktree, ADD_ALL, said.trim());
  if (leftOut.length > 0) await unstage(worktree, isLeftOut, options);
  return { tooLarge: tooLarge.map(toText), unreadable: [...new Set([...unreadable.map(toText), ...failed])] };
}

const STAGED = ["diff-index", "--cached", "--name-only", "--no-renames", "-z", "HEAD"];
const UNSTAGE = ["reset", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul"];

/** Takes files out of the index that another program has staged. */
async function unstage(worktree: string, names: ReadonlySet<ByteName>, options: StatusOptions): Promise<void> {
  const { environment: _files, ...limits } = options;
  const staged = splitNul(await gitBytes(worktree, STAGED, limits)).filter((name) => names.has(name));
  if (staged.length === 0) return;
  const input = toBytes(staged.map((name) => `:(top,literal)${name}\0`).join(""));
  const { exitCode, stderr } = await runGit(worktree, UNSTAGE, { ...options, input });
  if (exitCode !== 0) throw gitFailure(worktree, UNSTAGE, stderr.toString().trim());
}

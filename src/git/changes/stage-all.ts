import { splitUntracked } from "./compare.ts";
import { gitFailure } from "#git/git-failure.ts";
import { GIT_FILES_DEADLINE_MS, runGit } from "#git/run-git.ts";
import { type ByteName, toBytes, toText } from "#git/byte-names.ts";
import { type StatusOptions, namesUnreadable } from "./status.ts";

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
 * @throws AppError as `git` does
 */
export async function stageAll(
  worktree: string,
  untracked: readonly ByteName[],
  look: StatusOptions,
): Promise<OmittedFiles> {
  const { repositories, tooLarge, unreadable } = await splitUntracked(worktree, untracked);
  const excluded = [...repositories, ...tooLarge, ...unreadable].map((name) => `:(exclude,top,literal)${name}`);
  const input = toBytes([":(top)", ...excluded].map((pathspec) => `${pathspec}\0`).join(""));
  const { exitCode, stderr } = await runGit(worktree, ADD_ALL, {
    ...look,
    deadlineMs: GIT_FILES_DEADLINE_MS,
    input,
  });
  const said = stderr.toString();
  const failed = namesUnreadable(said);
  const isPartial = exitCode === 1 && failed.length > 0 && !/^fatal: /m.test(said);
  if (exitCode !== 0 && !isPartial) throw gitFailure(worktree, ADD_ALL, said.trim());
  return { tooLarge: tooLarge.map(toText), unreadable: [...new Set([...unreadable.map(toText), ...failed])] };
}

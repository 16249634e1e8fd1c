import { tryUsersGit } from "./lasting-git.ts";
import { pathExists } from "#lib/paths.ts";
import { AppError } from "#lib/errors.ts";
import { allButUnsuitable, hasUncommittedWork } from "./changes.ts";
import { git, tryGit, withoutLastNewline } from "./git.ts";
import { GIT_FILES_DEADLINE_MS } from "./run-git.ts";

/** What is to be committed, and how. */
export interface CommitRequest {
  worktree: string;
  /** Without `refs/heads/`: on another branch nothing is committed. */
  branch: string;
  message: string;
  /** Variables that the repository's hooks get besides. */
  environment: Record<string, string>;
  /** Hooks that take longer are ended, and the commit with them. */
  atMostMs: number;
  /** Ends all of it, e.g. with the task. */
  signal?: AbortSignal | undefined;
  /** Locked for as long as the commit, or what its hooks start, lives. */
  lockFile?: string | undefined;
}

/** Of what git and hooks say, the end is told. */
const MAX_SAID = 1500;

/**
 * Commits all that is not committed in a worktree, as its user would: with their hooks and their name.
 * @returns why it could not be, or which files were left out; undefined where all is committed. Nothing is lost either way.
 * @throws AppError `cancelled`, and as git's commands do
 */
export async function commitWork(request: CommitRequest): Promise<string | undefined> {
  const { worktree, branch, signal } = request;
  if (!(await hasUncommittedWork(worktree, { signal })) || (await isElsewhere(worktree, branch))) return undefined;
  const before = await git(worktree, ["write-tree"], {}, { signal }).catch(() => undefined);
  const { pathspecs, tooLarge } = await allButUnsuitable(worktree, { signal });
  await git(worktree, ["add", "--all", ...pathspecs], {}, { signal, deadlineMs: GIT_FILES_DEADLINE_MS });
  // Where the commit fails, or is broken off, what was staged before is staged again, and no more.
  const unstage = async () => {
    if (before !== undefined) await tryGit(worktree, ["read-tree", withoutLastNewline(before)]);
  };
  const failure = await commitStaged(request).catch(async (error: unknown) => {
    await unstage();
    throw error;
  });
  if (failure !== undefined) await unstage();
  if (failure !== undefined || tooLarge.length === 0) return failure;
  return `Left uncommitted, since they are larger than 1 GiB: ${tooLarge.slice(0, 5).join(", ")}.`;
}

async function commitStaged(request: CommitRequest): Promise<string | undefined> {
  const { worktree, message, environment, atMostMs, signal, lockFile } = request;
  // Where all that there is was left out, there is nothing to commit.
  const staged = await tryGit(worktree, ["diff-index", "--cached", "--quiet", "HEAD"], {}, { signal });
  if (staged.exitCode === 0) return undefined;
  // A signature would be the user's, under work that is not.
  const args = ["-c", "commit.gpgSign=false", "commit", "--quiet", "--message", message];
  try {
    const { exitCode, said } = await tryUsersGit(worktree, args, environment, {
      signal,
      deadlineMs: atMostMs,
      lockFile,
    });
    if (exitCode === 0) return undefined;
    return said.slice(-MAX_SAID) || "git commit failed, and said nothing.";
  } catch (error) {
    const isTimeout = error instanceof AppError && error.code === "git_failed" && error.message.includes("took longer");
    if (isTimeout) return `The commit's hooks took longer than ${Math.round(atMostMs / 1000)} s.`;
    throw error;
  }
}

/** Whether the worktree is not on its branch, or in the middle of a merge or rebase: that is for its user to end. */
async function isElsewhere(worktree: string, branch: string): Promise<boolean> {
  const { stdout } = await tryGit(worktree, ["symbolic-ref", "--quiet", "HEAD"]);
  if (stdout.trim() !== `refs/heads/${branch}`) return true;
  const merge = await git(worktree, ["rev-parse", "--path-format=absolute", "--git-path", "MERGE_HEAD"]);
  return pathExists(withoutLastNewline(merge));
}

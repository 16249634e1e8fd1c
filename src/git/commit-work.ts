import { tryUsersGit } from "./lasting-git.ts";
import { pathExists } from "#lib/paths.ts";
import { git, tryGit, withoutLastNewline } from "./git.ts";
import { allButRepositories, hasUncommittedWork } from "./changes.ts";

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
}

/** Of what git and hooks say, the end is told. */
const MAX_SAID = 1500;

/**
 * Commits all that is not committed in a worktree, as its user would: with their hooks and their name.
 * @returns why it could not be, in git's or the hook's words; undefined where all is committed. Nothing is lost either way.
 */
export async function commitWork(request: CommitRequest): Promise<string | undefined> {
  const { worktree, branch, message, environment, atMostMs } = request;
  if (!(await hasUncommittedWork(worktree)) || (await isElsewhere(worktree, branch))) return undefined;
  const before = await git(worktree, ["write-tree"]).catch(() => undefined);
  await git(worktree, ["add", "--all", ...(await allButRepositories(worktree))]);
  // A signature would be the user's, under work that is not.
  const args = ["-c", "commit.gpgSign=false", "commit", "--quiet", "--message", message];
  const { exitCode, said } = await tryUsersGit(worktree, args, environment, atMostMs);
  if (exitCode === 0) return undefined;
  // What was staged before is staged again, and no more.
  if (before !== undefined) await tryGit(worktree, ["read-tree", withoutLastNewline(before)]);
  return exitCode === null
    ? `The commit's hooks took longer than ${Math.round(atMostMs / 1000)} s.`
    : said.slice(-MAX_SAID);
}

/** Whether the worktree is not on its branch, or in the middle of a merge or rebase: that is for its user to end. */
async function isElsewhere(worktree: string, branch: string): Promise<boolean> {
  const { stdout } = await tryGit(worktree, ["symbolic-ref", "--quiet", "HEAD"]);
  if (stdout.trim() !== `refs/heads/${branch}`) return true;
  const merge = await git(worktree, ["rev-parse", "--path-format=absolute", "--git-path", "MERGE_HEAD"]);
  return pathExists(withoutLastNewline(merge));
}

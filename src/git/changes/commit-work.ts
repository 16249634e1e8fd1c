import { join } from "node:path";
import { AppError } from "#base/errors.ts";
import { listSome, quoteForShell } from "#base/text.ts";
import { type CommitWatch, watchCommit } from "./commit-phase.ts";
import { tryGit } from "#git/git.ts";
import { saveIndex, waitForIndexLock } from "./index-copy.ts";
import { tryUsersGit, type UsersGitResult } from "#git/detached-git.ts";
import { type ByteName, toText } from "#git/byte-names.ts";
import { type OmittedFiles, stageAll } from "./stage-work.ts";
import { isClean, readStatus, readSubmoduleLines, type WorktreeStatus } from "./status.ts";
import { checkNeedsNone, findOwnFilters } from "./filter-programs.ts";
import { getGitDir } from "#git/worktree/worktree-link.ts";
import { pathExists } from "#base/paths.ts";

/** Request to commit a worktree's work. */
export interface CommitRequest {
  worktree: string;
  /** Branch without `refs/heads/`; nothing is committed on another one. */
  branch: string;
  message: string;
  /** Whether no program runs that is a file of the worktree, as its task left it: a hook, a monitor or a filter. */
  withoutOwnPrograms?: boolean;
  /** Additional variables for the repository's hooks. */
  environment: Record<string, string>;
  /** Timeout of the commit with its hooks, in milliseconds; after it, both are stopped. */
  atMostMs: number;
  /** Signal that stops everything, e.g. with the task; an abort reason named `TimeoutError` means that the task has timed out. */
  signal?: AbortSignal | undefined;
  /** File that is locked as long as the commit, or any process that its hooks start, is alive. */
  lockFile?: string | undefined;
  /** Status that was just read; read again if absent. */
  status?: WorktreeStatus;
  /** Names of changed files that are not committed. */
  leftOut?: readonly ByteName[];
}

/** Maximum length of the reported output of git and hooks, in characters; its end is kept. */
const MAX_OUTPUT_CHARACTERS = 1500;

/**
 * Commits all uncommitted work of a worktree, as its user would: with their hooks and their name.
 * @returns the reason for a failure, or the files that were left out; undefined if all is committed. Nothing is lost in either
 *   case.
 * @throws AppError `cancelled`, and as git's commands do
 */
export async function commitWork(request: CommitRequest): Promise<string | undefined> {
  const { worktree, signal } = request;
  const filters = request.withoutOwnPrograms === true ? await findOwnFilters(worktree, { signal }) : undefined;
  const options = { signal, ...(filters !== undefined && { environment: filters.environment }) };
  const status = request.status ?? (await readStatus(worktree, options));
  const ofSubmodules = describeSubmodules(await readSubmoduleLines(worktree, { signal }));
  const leftOut = new Set(request.leftOut);
  if (isClean(status) || isAllIn(status, leftOut)) return ofSubmodules;
  const gitDir = await getGitDir(worktree);
  const obstacle = await describeObstacle(request, status, gitDir);
  if (obstacle !== undefined) return obstacle;
  if (filters !== undefined) await checkNeedsNone(worktree, status, filters, { signal });
  const started = performance.now();
  const watch = watchCommit(worktree, gitDir, status.head);
  const kept = saveIndex(gitDir);
  let isMade = false;
  try {
    const left = await stageAll(worktree, status.untracked, options, [...leftOut]).catch((error: unknown) => {
      throw isCancelled(error) ? stoppedError("git add", request, started, "") : error;
    });
    const environment = { ...request.environment, ...options.environment };
    const result = await commitStaged({ ...request, environment });
    isMade = result?.exitCode === 0 || (await watch.isMade());
    const failure =
      result === undefined ? undefined : await describeFailure(request, result, { isMade, watch, started });
    const messages = [failure, ...describeOmitted(left), ofSubmodules].filter((each) => each !== undefined);
    return messages.join("\n") || undefined;
  } finally {
    // If nothing was committed, restore the index as it was before.
    if (!isMade) await kept.restore();
    kept.forget();
  }
}

/** Returns whether all uncommitted changes are in these files. */
function isAllIn({ changed, unreadable }: WorktreeStatus, names: ReadonlySet<ByteName>): boolean {
  return unreadable.length === 0 && changed.every((name) => names.has(name));
}

/** Describes why nothing may be committed now, and how its user can fix that; undefined if nothing prevents it. */
async function describeObstacle(
  { worktree, branch }: CommitRequest,
  status: WorktreeStatus,
  gitDir: string,
): Promise<string | undefined> {
  const unfinished = describeUnfinished(worktree, gitDir);
  if (unfinished !== undefined) return unfinished;
  if (status.branch !== branch) {
    const there = status.branch === undefined ? "a detached HEAD" : `branch ${status.branch}`;
    return `Nothing was committed: the worktree is on ${there}, not on ${branch}. Commit there (git -C ${quoteForShell(worktree)} add --all && git -C ${quoteForShell(worktree)} commit), or switch back (git -C ${quoteForShell(worktree)} switch ${branch}).`;
  }
  if (status.unmerged.length > 0) {
    return `Nothing was committed: there are unresolved conflicts in ${listSome(status.unmerged.map(toText))}. Resolve them, then commit in ${worktree}.`;
  }
  const lock = await waitForIndexLock(gitDir);
  if (lock === undefined) return undefined;
  return `Nothing was committed: ${lock} exists. Wait for the git command that holds it or, if none is running, remove it (rm ${quoteForShell(lock)}), then commit in ${worktree}.`;
}

/** Commits what is staged. @returns undefined if nothing is staged, since all changes were left out */
async function commitStaged(request: CommitRequest): Promise<UsersGitResult | undefined> {
  const { worktree, message, environment, atMostMs, signal, lockFile, withoutOwnPrograms } = request;
  const staged = await tryGit(worktree, ["diff-index", "--cached", "--quiet", "HEAD"], {}, { signal });
  if (staged.exitCode === 0) return undefined;
  // A signature would be the user's, under work that is not theirs.
  const settings = ["-c", "commit.gpgSign=false", "-c", "i18n.commitEncoding=UTF-8"];
  if (withoutOwnPrograms === true) settings.push("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false");
  const args = [...settings, "commit", "--quiet", "--cleanup=whitespace", "--message", message];
  return tryUsersGit(worktree, args, environment, { signal, deadlineMs: atMostMs, lockFile });
}

async function describeFailure(
  request: CommitRequest,
  { exitCode, stoppedBy, output }: UsersGitResult,
  { isMade, watch, started }: { isMade: boolean; watch: CommitWatch; started: number },
): Promise<string | undefined> {
  if (exitCode === 0) return undefined;
  const lastOutput = output.slice(-MAX_OUTPUT_CHARACTERS).trim();
  if (stoppedBy === undefined) return lastOutput || "git commit failed without a message.";
  const failure = stoppedError(await watch.describePhase(isMade), request, started, lastOutput, { isMade, stoppedBy });
  if (stoppedBy === "request" && !isMade) throw failure;
  return failure.message;
}

/** Describes which part of a commit was stopped, after how long and why. */
function stoppedError(
  phase: string,
  { signal, atMostMs }: CommitRequest,
  started: number,
  lastOutput: string,
  { isMade, stoppedBy }: { isMade: boolean; stoppedBy: UsersGitResult["stoppedBy"] } = {
    isMade: false,
    stoppedBy: "request",
  },
): AppError {
  const seconds = Math.round((performance.now() - started) / 1000);
  const limit = `a commit and its hooks may take ${Math.round(atMostMs / 1000)} s`;
  const isTimedOut = signal?.reason instanceof Error && signal.reason.name === "TimeoutError";
  const ofTask = isTimedOut ? "the task timed out (timeout_seconds)" : "the task was stopped";
  const outcome = isMade ? "The commit was made." : "Nothing was committed.";
  const ending = lastOutput === "" ? "" : ` Last output: ${lastOutput}`;
  return new AppError(
    "cancelled",
    `${phase} was stopped after ${seconds} s: ${stoppedBy === "deadline" ? limit : ofTask}. ${outcome}${ending}`,
    "Commit in the worktree by hand, or run the task again with a higher timeout_seconds.",
  );
}

function isCancelled(error: unknown): boolean {
  return error instanceof AppError && error.code === "cancelled";
}

function describeOmitted({ tooLarge, unreadable }: OmittedFiles): string[] {
  return [
    ...(tooLarge.length === 0 ? [] : [`Files larger than 1 GiB were not committed: ${listSome(tooLarge)}.`]),
    ...(unreadable.length === 0 ? [] : [`Unreadable files were not committed: ${listSome(unreadable)}.`]),
  ];
}

/** Describes uncommitted work in submodules. @param lines in the format of `git status --short`: two letters, a space, and the name */
function describeSubmodules(lines: readonly string[]): string | undefined {
  if (lines.length === 0) return undefined;
  const names = listSome(lines.map((line) => line.slice(3)));
  return `Changes in submodules were not committed: ${names}. Commit them there, then commit the submodule's new commit here.`;
}

/** Files that git keeps in a worktree's own folder until its user ends an operation, and the command to end it. */
const OPERATIONS: [name: string, what: string, command: string][] = [
  ["rebase-apply/applying", "series of patches (git am)", "am"],
  ["rebase-merge", "rebase", "rebase"],
  ["rebase-apply", "rebase", "rebase"],
  ["MERGE_HEAD", "merge", "merge"],
  ["CHERRY_PICK_HEAD", "cherry-pick", "cherry-pick"],
  ["REVERT_HEAD", "revert", "revert"],
];

/** Describes the unfinished merge, rebase or similar operation of a worktree, and how to end it; returns undefined if there is none. */
function describeUnfinished(worktree: string, gitDir: string): string | undefined {
  const sign = OPERATIONS.find(([name]) => pathExists(join(gitDir, name)));
  if (sign === undefined) return undefined;
  const [, what, command] = sign;
  const git = `git -C ${quoteForShell(worktree)} ${command}`;
  return `Nothing was committed: the worktree is in the middle of a ${what}. Finish it (${git} --continue) or abort it (${git} --abort).`;
}

import { AppError } from "#base/errors.ts";
import { MAX_LISTED_PATHS, type WorktreeChanges } from "#domain/record.ts";
import { PATCH_FLAGS, compareCommits, parseNumstat, withComparison } from "./compare.ts";
import { git, gitBytes, gitUpTo } from "#git/git.ts";
import type { GitEnvironment, GitLimits } from "#git/run-git.ts";
import { splitNul, toText } from "#git/byte-names.ts";
import { inspectWorktree, isClean, readSubmoduleLines, type InspectedWorktree, type WorktreeStatus } from "./status.ts";

/** Facts about a worktree's changes, and the reasons why others are missing. */
export interface ChangesFound {
  changes: Partial<WorktreeChanges>;
  failures: { facts: (keyof WorktreeChanges)[]; error: unknown }[];
}

/** Request to read changes. */
interface ChangesRequest extends GitLimits {
  /** Status that was just read; read again if absent. */
  seen?: WorktreeStatus | undefined;
  /** Branch of the work: what else is checked out is not its end. */
  branch?: string | undefined;
}

const NOTHING_CHECKED_OUT: Pick<WorktreeStatus, "head" | "branch"> = { head: undefined, branch: undefined };

/**
 * Returns the changes of a worktree since a base commit: commits, and all differences of the files, whether committed or not,
 * new files included. Neither index nor files are touched, and no program that the repository names is run.
 * @throws AppError `cancelled`, and as git's commands do
 */
export async function readChanges(
  worktree: string,
  baseCommit: string,
  request: ChangesRequest = {},
): Promise<WorktreeChanges> {
  const { changes, failures } = await findChanges(worktree, baseCommit, request);
  if (failures[0] !== undefined) throw failures[0].error;
  return { commits_ahead: 0, diff_stat: "", files_changed: [], uncommitted_changes: [], ...changes };
}

/** Returns the changes that {@link readChanges} returns, as far as each of them can be read. */
export async function findChanges(
  worktree: string,
  baseCommit: string,
  { seen, branch, ...limits }: ChangesRequest = {},
): Promise<ChangesFound> {
  const found: ChangesFound = { changes: {}, failures: [] };
  const note = async (facts: (keyof WorktreeChanges)[], read: () => Promise<Partial<WorktreeChanges>>) => {
    try {
      Object.assign(found.changes, await read());
    } catch (error) {
      found.failures.push({ facts, error });
    }
  };
  const looking = inspectWorktree(worktree, limits, seen);
  await Promise.all([
    note(["uncommitted_changes"], async () => {
      const [{ status }, ofSubmodules] = await Promise.all([looking, readSubmoduleLines(worktree, limits)]);
      return { uncommitted_changes: [...status.lines, ...ofSubmodules].slice(0, MAX_LISTED_PATHS) };
    }),
    note(["commits_ahead"], async () => {
      const { head, branch: current } = await looking.then(({ status }) => status).catch(() => NOTHING_CHECKED_OUT);
      const end = head === undefined || (branch !== undefined && branch !== current) ? {} : { end_commit: head };
      if (head === baseCommit) return { ...end, commits_ahead: 0 };
      const args = ["rev-list", "--count", `${baseCommit}..HEAD`];
      return { ...end, commits_ahead: Number(await git(worktree, args, {}, limits)) };
    }),
    note(["diff_stat", "files_changed"], async () => readDiff(worktree, baseCommit, await looking)),
  ]);
  return found;
}

/** Returns the summary of the differences between two commits, in the format of `git diff --shortstat`; empty if there are none. */
export async function readShortstat(
  folder: string,
  from: string,
  to: string,
  environment: GitEnvironment = {},
): Promise<string> {
  return (await git(folder, compareCommits(from, to, ["--find-renames", "--shortstat"]), environment)).trim();
}

/**
 * Returns the differences that {@link readChanges} reports as a patch, truncated to `maxBytes`.
 * @throws AppError `git_failed`
 */
export async function readPatch(worktree: string, baseCommit: string, maxBytes: number): Promise<string> {
  const seen = await inspectWorktree(worktree);
  return withComparison(worktree, baseCommit, seen, ({ command, options }) =>
    gitUpTo(maxBytes, worktree, command(PATCH_FLAGS), options),
  );
}

async function readDiff(
  worktree: string,
  baseCommit: string,
  seen: InspectedWorktree,
): Promise<Pick<WorktreeChanges, "files_changed" | "diff_stat">> {
  if (isClean(seen.status) && seen.status.head === baseCommit) return { diff_stat: "", files_changed: [] };
  return withComparison(worktree, baseCommit, seen, async ({ command, options }) => {
    const answer = await gitBytes(worktree, command(["--no-renames", "-z", "--numstat", "--shortstat"]), options);
    // The files, each followed by a NUL, then the sum.
    const end = answer.lastIndexOf(0) + 1;
    const names = parseNumstat(splitNul(answer.subarray(0, end))).map(({ path }) => path);
    return {
      diff_stat: answer.subarray(end).toString().trim(),
      files_changed: names.slice(0, MAX_LISTED_PATHS).map(toText),
    };
  });
}

/** Describes the missing facts and the reasons; returns undefined if none is missing. */
export function describeMissing({ failures }: ChangesFound): string | undefined {
  if (failures.length === 0) return undefined;
  const facts = failures.flatMap((failure) => failure.facts).join(", ");
  const reasons = new Set(failures.map(({ error }) => describeReason(error)));
  return `Could not read ${facts} of the worktree (${[...reasons].join("; ")}).`;
}

function describeReason(error: unknown): string {
  if (error instanceof AppError && error.code === "cancelled") return "git ran out of time";
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}

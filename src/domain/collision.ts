import { formatPlural } from "#base/text.ts";

/** Fields of an answer about merging the work of a worktree. */
export interface CollisionFields {
  /** Other tasks whose work conflicts with this one's, uncommitted work included. */
  conflicts_with?: ConflictingTask[];
  /** Number of tasks if there are more than in `conflicts_with`. */
  conflicts_total?: number;
  /** Whether the work, including what is uncommitted, merges into its base branch as that is now; only if known. */
  merges_cleanly?: boolean;
  /** Number of other worktrees of the same base that it could not be compared with. */
  not_compared?: number;
}

/** Task whose work conflicts with that of another. */
export interface ConflictingTask {
  task: string;
  files: string[];
  /** Number of files if there are more than `files`. */
  files_total?: number;
}

/** Describes in words with which tasks, and with how many files of each, work conflicts; undefined if it conflicts with none. */
export function describeConflicts({ conflicts_with = [], conflicts_total }: CollisionFields): string | undefined {
  const shown = conflicts_with.slice(0, MAX_NAMED).map(({ task, files, files_total }) => {
    return `${task.replace(/^codex-/, "")} (${formatPlural(files_total ?? files.length, "file")})`;
  });
  if (shown.length === 0) return undefined;
  const more = (conflicts_total ?? conflicts_with.length) - shown.length;
  return `conflicts with ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Maximum number of tasks that are named in one line. */
const MAX_NAMED = 2;

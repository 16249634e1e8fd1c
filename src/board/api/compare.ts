import type { VisibleStatus } from "#domain/record.ts";

/** Task of a comparison. */
export interface ComparedEntry {
  id: string;
  /** First line of the prompt, or the topic. */
  title: string;
  status: VisibleStatus;
  /** Path of the repository or folder. */
  repository: string;
  branch?: string;
  base_branch?: string;
  /** Name of the group of tries that it belongs to. */
  group?: string;
  model?: string;
  reasoning_effort?: string;
  profile?: string;
  elapsed_seconds: number;
  tokens?: number;
  check?: { passed: boolean; attempts: number; exit_code?: number };
  changes?: { files: number; insertions: number; deletions: number };
  /** Commit that its last merge resulted in. */
  merged?: string;
  /** Whether its worktree is there, so that it can be merged or discarded. */
  has_worktree: boolean;
  /** Beginning of the result. */
  result?: string;
  /** Whether there is more of it. */
  is_cut?: true;
  error?: string;
  note?: string;
}

/** Comparison of several tasks. */
export interface BoardComparison {
  tasks: ComparedEntry[];
  /** Files that several of the tasks changed, those of the most tasks first. */
  files_in_common: { path: string; tasks: string[] }[];
  files_left_out?: number;
  /** Ids of tasks whose files are the same. */
  identical: string[][];
}

/** Group of tries that can be compared. */
export interface ComparableGroup {
  id: string;
  tasks: number;
  /** First line of the prompt. */
  title: string;
}

/** Body of `POST /api/compare/take`: the task that is merged, and those that are discarded if it was. */
export interface TakeBody {
  take: string;
  discard: string[];
}

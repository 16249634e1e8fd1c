import type { ConflictingTask } from "#domain/collision.ts";
import type { Sandbox, VisibleStatus } from "#domain/record.ts";

/** Columns of the board, in their order. */
export const COLUMNS = ["queued", "running", "waiting", "review", "merged", "failed"] as const;

/**
 * Column of a task: `waiting` has open questions, `review` has a result that is neither merged nor discarded, `merged` has none that is left
 * to decide about, `failed` includes cancelled tasks.
 */
export type BoardColumn = (typeof COLUMNS)[number];

/**
 * Fate of a task's work: it has none, it is in the worktree or its branch, it is merged, it was discarded and can be restored, or
 * its worktree is gone in another way.
 */
export type WorkState = "none" | "open" | "merged" | "discarded" | "gone";

/** Task on the board. */
export interface Card {
  id: string;
  run: number;
  status: VisibleStatus;
  column: BoardColumn;
  /** First line of the prompt, or the topic. */
  title: string;
  topic: string;
  /** Path of the repository or folder. */
  repository: string;
  branch?: string;
  base_branch?: string;
  /** Name of the other container or host on which it is running, if it is not running here. */
  host?: string;
  client?: string;
  sandbox: Sandbox;
  /** Whether it ran, or runs, without any sandbox. */
  is_unsandboxed: boolean;
  model?: string;
  started_at: string;
  ended_at?: string;
  /** Seconds from start to end, or to the moment at which the card was read. */
  elapsed_seconds: number;
  last_event_at?: string;
  /** Last action, or the outcome, in one line. */
  activity?: string;
  /** Reason why it may be stuck. */
  stalled?: string;
  /** Thing that it waits for. */
  waits_for?: "answer" | "quota";
  /** Number of open questions. */
  questions: number;
  /** Code of the failure. */
  code?: string;
  /** Tokens of the run: input that was not cached, and output. */
  tokens?: number;
  /** Number of files and lines that differ from the base; absent if not known. */
  changes?: { files: number; insertions: number; deletions: number };
  work: WorkState;
  /** Whether the work would merge into its base branch as that is now; absent if not known or if there is nothing to merge. */
  merges_cleanly?: boolean;
  /** Other tasks whose work conflicts with this one's. */
  conflicts_with?: ConflictingTask[];
  check?: "passed" | "failed" | "running";
  /** Name of the group of tries that it belongs to. */
  group?: string;
  /** Task that it is a fork of. */
  forks?: string;
}

/** Returns whether the run of a task has ended. */
export function hasEnded({ status }: Pick<Card, "status">): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** Facts about the board's server that do not change. */
export interface BoardInfo {
  version: string;
  host: string;
  /** The state folder. */
  home: string;
  /** Whether actions are refused. */
  is_read_only: boolean;
  /** Largest number of tasks that run at the same time. */
  max_running: number;
  /** Path of the page's script, by which a page recognizes that the board was updated. */
  page?: string;
}

/** All that the board shows, as the first event of the event stream has it. */
export interface BoardSnapshot {
  info: BoardInfo;
  cards: Card[];
  /** Number of older tasks that are not in `cards`. */
  left_out: number;
  /** Tasks that cannot be read, with what to do. */
  unreadable: { task_id: string; problem: string; fix: string }[];
  /** Time of the server. */
  now: string;
}

/** Changes since the event before. */
export interface BoardChange {
  cards: Card[];
  /** Ids of tasks that no longer exist. */
  removed: string[];
  /** Number of older tasks, and the tasks that cannot be read, if they have changed. */
  left_out?: number;
  unreadable?: BoardSnapshot["unreadable"];
  now: string;
}

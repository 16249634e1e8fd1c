import type { ClockStamp } from "#platform/clock.ts";
import type { Failure } from "#base/errors.ts";
import type { ReadonlyAudit } from "./readonly-audit.ts";

/** The tool that started a task: `codex` or `codex_dispatch`. */
export type TaskMode = "blocking" | "dispatch";

/** What Codex may do. */
export type Sandbox = "read-only" | "full-access";

/** Where a task stands. */
export type TaskStatus = TaskRecord["status"];

/** Tokens, as Codex counts them. */
export interface Usage {
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
  reasoning_output_tokens: number;
}

/** The task's worktree. */
export interface WorktreePlace {
  worktree_dir: string;
  agent_branch: string;
  /** Absent where the base was a detached HEAD. */
  base_branch?: string;
  /** The commit that the work is compared with; absent in tasks of the Python server. */
  base_commit?: string;
  /** Set where this server made worktree and branch: others are never removed by it. */
  made_here?: true;
}

/** What the worktree holds at the end of a run, against {@link WorktreePlace.base_commit}. */
export interface WorktreeChanges {
  commits_ahead: number;
  /** As `git diff --shortstat` words it, new files included; empty where nothing differs. */
  diff_stat: string;
  /** Paths that differ, uncommitted and untracked ones included; the first {@link MAX_LISTED_PATHS}. */
  files_changed: string[];
  /** Lines of `git status --short`; the first {@link MAX_LISTED_PATHS}. */
  uncommitted_changes: string[];
}

/** A list of paths in a record is cut here; `diff_stat` has the whole number. */
export const MAX_LISTED_PATHS = 200;

/** So many images can be given with a prompt. */
export const MAX_IMAGES = 32;

/** What was asked for, and where it runs: the same through all states of one run. Names are those of `meta.json`. */
export interface TaskRequest extends Partial<WorktreePlace> {
  task_id: string;
  /** Which run of this id it is, from 1. */
  run: number;
  topic: string;
  mode: TaskMode;
  sandbox: Sandbox;
  /** The workspace as it was given, absolute. */
  cwd: string;
  /** The repository's common git folder, or the workspace's real path outside git: whose topic it is. */
  workspace: string;
  /** Where Codex runs: `cwd`, or its counterpart in the worktree. */
  run_dir: string;
  prompt_file: string;
  log_file: string;
  start_time: string;
  /** The same moment by a clock that nobody can set; absent in tasks of other programs. */
  started_clock?: ClockStamp;
  tmux_session?: string;
  /** The Codex session to go on with. */
  resumes?: string;
  model?: string;
  reasoning_effort?: string;
  profile?: string;
  /** At most {@link MAX_IMAGES}. */
  images?: string[];
  output_schema_file?: string;
  timeout_seconds: number;
  idle_timeout_seconds: number;
  /** What somebody who works in the worktree would not expect of it. */
  worktree_note?: string;
  /** Set where the work that is left uncommitted in the worktree stays so. */
  commit?: "never";
  /** Set when its supervisor is being started: it may be on its way without having taken over. */
  launched?: true;
  /** Since when its supervisor waits with it for a slot. */
  waiting_since?: string;
  /** When it left the queue; limits count from here. */
  running_since?: string;
  /** Set where a read-only run has the fallback instead of Codex's own sandbox. */
  readonly_fallback?: true;
  /** What the resumed session had used before this run. */
  usage_before?: Usage;
  /** Set where the task is another program's. */
  origin?: "python";
}

/** What is known of a run that has ended, however it did. */
export interface RunFacts extends Partial<WorktreeChanges> {
  end_time: string;
  /** From the start to the end, without the time for which the machine slept; absent where that cannot be told. */
  elapsed_seconds?: number;
  /** Absent where a signal ended Codex, or nobody saw its end. */
  exit_code?: number;
  session_id?: string;
  /** Codex's last message. */
  result?: string;
  /** This run's own tokens. */
  usage?: Usage;
  /** The session's tokens so far, from which the next run's own are counted. */
  session_usage?: Usage;
  /** What the run asked daemons of others to start (tmux, docker, systemd, …): it is not ended with the task. */
  daemon_requests?: string[];
  /** Why the work could not be committed, where it was to be. */
  commit_error?: string;
  /** With {@link TaskRequest.readonly_fallback}. */
  readonly_audit?: ReadonlyAudit;
}

interface FailureFields {
  error: Failure["message"];
  code: Failure["code"];
  hint: Failure["hint"];
}

/** Waiting to be started. */
export type QueuedTask = TaskRequest & { status: "queued" };
/** Codex is being started or runs. */
export type RunningTask = TaskRequest & { status: "running" };
/** Codex ended with exit status 0 and said that the turn was completed. */
export type CompletedTask = TaskRequest & RunFacts & { status: "completed" };
/** It ended otherwise; the failure says how. */
export type FailedTask = TaskRequest & RunFacts & FailureFields & { status: "failed" };
/** Somebody stopped it. */
export type CancelledTask = TaskRequest & RunFacts & FailureFields & { status: "cancelled" };

/** A task that is over. */
export type EndedTask = CompletedTask | FailedTask | CancelledTask;
/** A task in the state it is in, with the data that is valid in it. */
export type TaskRecord = QueuedTask | RunningTask | EndedTask;

/** The states that a task can go to from each. */
const TRANSITIONS: Record<TaskStatus, readonly TaskStatus[]> = {
  queued: ["running", "failed", "cancelled"],
  running: ["completed", "failed", "cancelled"],
  completed: [],
  failed: [],
  cancelled: [],
};

/** The states, in the order that a task goes through them. */
export const TASK_STATUSES = ["queued", "running", "completed", "failed", "cancelled"] as const satisfies TaskStatus[];

/** Whether a task in state `from` can go to `to`. */
export function canMove(from: TaskStatus, to: TaskStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** Whether a task is over. */
export function isEnded(record: TaskRecord): record is EndedTask {
  return TRANSITIONS[record.status].length === 0;
}

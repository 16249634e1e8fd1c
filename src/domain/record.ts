import type { Failure } from "#base/errors.ts";
import { type ClockStamp, secondsBetween, secondsSince } from "#platform/clock.ts";
import type { CheckOutcome, CheckRequest } from "./check.ts";
import type { ReviewFacts } from "./finding.ts";
import type { ForkOrigin } from "./fork.ts";
import type { Question } from "./question.ts";
import type { Goal, GoalState } from "./goal.ts";
import type { TaskGroup } from "./group.ts";
import type { MessageRecord } from "./message.ts";
import type { ProcessIdentity } from "#platform/process/identity.ts";
import type { CodexFacts, EndFacts } from "./provenance.ts";
import type { ReadonlyAudit } from "./readonly-audit.ts";
import type { Usage } from "./usage.ts";
import type { QuotaWait } from "./waiting.ts";

/** Tool that started a task: `codex` or `codex_dispatch`. */
export type TaskMode = "blocking" | "dispatch";

/** Kinds of access that Codex can have. */
export const SANDBOXES = ["read-only", "workspace-write", "full-access"] as const;

/**
 * Access that Codex has: `workspace-write` is Codex's own sandbox, which writes in its working folder and temporary folders only, without
 * network unless the task asks for it; `full-access` is none.
 */
export type Sandbox = (typeof SANDBOXES)[number];

/** State of a task. */
export type TaskStatus = TaskRecord["status"];

/** State of a task as people see it: `waiting` is a running task that has asked something, or waits for its quota. */
export type VisibleStatus = TaskStatus | "waiting";

/** Worktree of a task. */
export interface WorktreePlace {
  worktree_dir: string;
  agent_branch: string;
  /** Base branch; absent if the base was a detached HEAD. */
  base_branch?: string;
  /** Commit that the work is compared with; absent in tasks of the Python server. */
  base_commit?: string;
  /** Set if this server created the worktree and branch: it never removes others. */
  made_here?: true;
}

/** Contents of the worktree at the end of a run, compared with {@link WorktreePlace.base_commit}. */
export interface WorktreeChanges extends EndFacts {
  commits_ahead: number;
  /** Summary in the format of `git diff --shortstat`, including new files; empty if nothing differs. */
  diff_stat: string;
  /** Paths that differ, including uncommitted and untracked ones; the first {@link MAX_LISTED_PATHS}. */
  files_changed: string[];
  /** Lines of `git status --short`; the first {@link MAX_LISTED_PATHS}. */
  uncommitted_changes: string[];
}

/** Maximum length of a list of paths in a record; `diff_stat` has the full number. */
export const MAX_LISTED_PATHS = 200;

/** Maximum number of images passed with a prompt. */
export const MAX_IMAGES = 32;

/** Request of a run and its location; unchanged through all states of the run. Names are those of `meta.json`. */
export interface TaskRequest extends Partial<WorktreePlace>, ForkOrigin, CodexFacts {
  task_id: string;
  /** Number of the run within this task id, starting at 1. */
  run: number;
  topic: string;
  /** First line of the prompt, shortened; absent in tasks of earlier versions. */
  title?: string;
  mode: TaskMode;
  sandbox: Sandbox;
  /** Workspace as given, as an absolute path. */
  cwd: string;
  /** Scope of the topic: the repository's common git folder, or the workspace's real path outside git. */
  workspace: string;
  /** Working folder of Codex: `cwd`, or its counterpart in the worktree. */
  run_dir: string;
  prompt_file: string;
  log_file: string;
  start_time: string;
  /** Start time by a clock that cannot be set; absent in tasks of other programs. */
  started_clock?: ClockStamp;
  tmux_session?: string;
  /** Path of the socket of the tmux server that has the session; absent in tasks of earlier versions. */
  tmux_socket?: string;
  /** Name of the MCP client that started the task; `command line` for the command `run`. */
  client?: string;
  /** Identity of the client that started the task, which stays the same when its server is started again. */
  client_key?: string;
  /** Codex session to resume. */
  resumes?: string;
  /** Place among several tries at one prompt. */
  group?: TaskGroup;
  /** Check that this server runs after Codex's turn. */
  check_request?: CheckRequest;
  /** Number of tokens (input that was not cached, and output) that the run may use. */
  max_tokens?: number;
  model?: string;
  reasoning_effort?: string;
  profile?: string;
  /** Paths of images; at most {@link MAX_IMAGES}. */
  images?: string[];
  output_schema_file?: string;
  /** Target of a review, such as `base:main`. */
  review?: string;
  /** Set if the sandbox workspace-write has network access. */
  network?: true;
  /** Set if Codex asks before it does what its sandbox does not allow; otherwise it does not do it. */
  approvals?: "ask";
  /** Goal that Codex pursues beyond the first turn. */
  goal?: Goal;
  /** Engine that runs Codex's turn, if it is not `codex exec`. */
  engine?: "app-server";
  /** Set if the app-server is reached through pipes: it can open no socket. */
  pipes?: true;
  /** App-server that was started before the supervisor, and runs the turn; absent if the supervisor starts one. */
  spare?: { id: string } & ProcessIdentity;
  /** Further Codex settings, as `key=value` with the value in TOML. */
  settings?: string[];
  timeout_seconds: number;
  idle_timeout_seconds: number;
  /** Unusual property of the worktree that is important for working in it. */
  worktree_note?: string;
  /** Set if uncommitted work in the worktree is left uncommitted. */
  commit?: "never";
  /** Set when the supervisor is being started; it may not be running the task yet. */
  launched?: true;
  /** Time since which the supervisor has waited for a slot. */
  waiting_since?: string;
  /** Time at which the task left the queue; limits count from here. */
  running_since?: string;
  /** Set if a read-only run uses the fallback instead of Codex's own sandbox. */
  readonly_fallback?: true;
  /** Tokens that the resumed or copied session had used before this run. */
  usage_before?: Usage;
  /** Set if another program created the task. */
  origin?: "python";
}

/** Facts about a run that has ended, whatever the outcome. */
export interface RunFacts extends Partial<WorktreeChanges>, Partial<ReviewFacts> {
  end_time: string;
  /** Seconds from start to end, without the time the machine slept; absent if unknown. */
  elapsed_seconds?: number;
  /** Exit code; absent if a signal ended Codex, or its end was not observed. */
  exit_code?: number;
  session_id?: string;
  /** Last message of Codex; of a review that was read, its findings as Markdown. */
  result?: string;
  /** Outcome of {@link TaskRequest.check_request}; absent if it was not run. */
  check?: CheckOutcome;
  /** Last state of {@link TaskRequest.goal}. */
  goal_state?: GoalState;
  /** Tokens of this run alone. */
  usage?: Usage;
  /** Tokens of the session so far, from which the next run's own tokens are computed. */
  session_usage?: Usage;
  /** Requests of the run to other programs' daemons (tmux, docker, systemd, …) to start processes: these do not end with the task. */
  daemon_requests?: string[];
  /** Reason why the work could not be committed, if it should have been. */
  commit_error?: string;
  /** Messages that were sent to the task while it ran, oldest first, and what became of them; the newest. */
  messages?: MessageRecord[];
  /** Audit; present with {@link TaskRequest.readonly_fallback}. */
  readonly_audit?: ReadonlyAudit;
}

interface FailureFields {
  error: Failure["message"];
  code: Failure["code"];
  hint: Failure["hint"];
}

/** Task that waits to be started, which is not done while the quota is used. */
export type QueuedTask = TaskRequest & { status: "queued"; waiting_for?: QuotaWait };
/** Task whose Codex is being started or is running. */
export type RunningTask = TaskRequest & {
  status: "running";
  /** Questions that have not been answered. */
  questions?: Question[];
  /** Set while it waits for its quota. */
  waiting_for?: QuotaWait;
};
/** Task whose Codex exited with status 0 and reported a completed turn. */
export type CompletedTask = TaskRequest & RunFacts & { status: "completed" };
/** Task that ended otherwise; the failure gives the reason. */
export type FailedTask = TaskRequest & RunFacts & FailureFields & { status: "failed" };
/** Task that was cancelled. */
export type CancelledTask = TaskRequest & RunFacts & FailureFields & { status: "cancelled" };

/** Task that has ended. */
export type EndedTask = CompletedTask | FailedTask | CancelledTask;
/** Task in its current state, with the data that is valid in that state. */
export type TaskRecord = QueuedTask | RunningTask | EndedTask;

/** States that can follow each state. */
const TRANSITIONS: Record<TaskStatus, readonly TaskStatus[]> = {
  queued: ["running", "failed", "cancelled"],
  running: ["completed", "failed", "cancelled"],
  completed: [],
  failed: [],
  cancelled: [],
};

/** States as people see them, in the order that a task passes through them. */
export const VISIBLE_STATUSES = [
  "queued",
  "running",
  "waiting",
  "completed",
  "failed",
  "cancelled",
] as const satisfies VisibleStatus[];

/** Returns the open questions of a task. */
export function openQuestions(record: TaskRecord): readonly Question[] {
  return record.status === "running" ? (record.questions ?? []) : [];
}

/** Returns the state that people see. The store's queries for lists decide by the same rule. */
export function visibleStatus(record: TaskRecord): VisibleStatus {
  const isWaiting =
    record.status === "running" && (openQuestions(record).length > 0 || record.waiting_for !== undefined);
  return isWaiting ? "waiting" : record.status;
}

/** Returns whether a task can move from state `from` to state `to`. */
export function canMove(from: TaskStatus, to: TaskStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** Returns whether people can join a task in Codex's own interface: its app-server has a socket, or may have one when the task starts. */
export function mayBeJoined({ status, engine, pipes }: TaskRecord): boolean {
  return status === "queued" || (status === "running" && engine === "app-server" && pipes !== true);
}

/** Returns whether a task has ended. */
export function isEnded(record: TaskRecord): record is EndedTask {
  return TRANSITIONS[record.status].length === 0;
}

/** Returns the seconds from a task's start to its end, or to now if it has not ended. */
export function elapsedSeconds(record: TaskRecord): number {
  if (!isEnded(record)) return secondsSince(record.start_time, record.started_clock);
  return record.elapsed_seconds ?? secondsBetween(record.start_time, record.end_time);
}

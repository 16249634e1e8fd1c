import { countFindings, type ReviewFacts } from "#domain/finding.ts";
import type { CheckOutcome } from "#domain/check.ts";
import type { GoalState } from "#domain/goal.ts";
import { noteExceededLimit } from "#tasks/budget/token-limits.ts";
import { shorten } from "#base/text.ts";
import type { ReadonlyAudit } from "#domain/readonly-audit.ts";
import type { Usage } from "#domain/usage.ts";
import {
  elapsedSeconds,
  type EndedTask,
  type TaskRecord,
  type WorktreeChanges,
  type WorktreePlace,
} from "#domain/record.ts";

/** Worktree fields of an answer. */
export type WorktreeFields = Partial<WorktreePlace & WorktreeChanges>;

/** Answer of `codex` for an ended task. */
export interface TaskAnswer extends WorktreeFields, Partial<ReviewFacts> {
  success: boolean;
  note?: string;
  task_id: string;
  topic: string;
  status: TaskRecord["status"];
  session_id?: string;
  result?: string;
  exit_code?: number;
  elapsed_seconds: number;
  usage?: Usage;
  check?: CheckOutcome;
  goal_state?: GoalState;
  commit_error?: string;
  readonly_audit?: ReadonlyAudit;
  error?: string;
  code?: string;
  hint?: string;
}

/** Returns the answer of `codex` for an ended task. */
export function toAnswer(task: EndedTask): TaskAnswer {
  return {
    success: task.status === "completed",
    task_id: task.task_id,
    topic: task.topic,
    status: task.status,
    ...outcomeFields(task),
    elapsed_seconds: elapsedSeconds(task),
    ...worktreeFields(task),
    ...answerNote(task),
  };
}

/** Fields of an ended task beside its state. */
export type OutcomeFields = Pick<
  TaskAnswer,
  | keyof ReviewFacts
  | "session_id"
  | "result"
  | "exit_code"
  | "usage"
  | "check"
  | "goal_state"
  | "commit_error"
  | "readonly_audit"
  | "error"
  | "code"
  | "hint"
>;

/**
 * Returns the fields that describe how a task ended. The failure comes first if it did not succeed. The result of a review only repeats
 * its findings, so it is left out.
 */
export function outcomeFields(task: EndedTask): OutcomeFields {
  const failure = task.status === "completed" ? {} : pick(task, ["error", "code", "hint"]);
  return {
    ...failure,
    ...pick(task, ["findings", "outside_diff", "summary", "verdict"]),
    ...(task.findings === undefined && pick(task, ["result"])),
    ...pick(task, ["session_id", "exit_code", "usage", "check", "goal_state", "commit_error", "readonly_audit"]),
  };
}

/** Returns a note on anything unexpected about where or how a task runs. */
export function answerNote(task: TaskRecord): { note?: string } {
  const isWithoutPane = task.sandbox !== "read-only" && task.tmux_session === undefined;
  const pane = isWithoutPane
    ? "This system has no tmux; run `codex-mcp-server logs -f` to follow the task."
    : undefined;
  const isUnverified = "readonly_audit" in task && task.readonly_audit?.verdict === "UNVERIFIED";
  const audit = isUnverified
    ? "The audit is UNVERIFIED: no write was found, but readonly_audit.evidence names what could not be judged."
    : undefined;
  const notes = [
    describeFindings(task),
    noteExceededLimit(task),
    pane,
    task.worktree_note,
    audit,
    describeDaemons(task),
    describeUndelivered(task),
  ].filter((note) => note !== undefined);
  return notes.length === 0 ? {} : { note: notes.join(" ") };
}

/** Says in words that a review found nothing, or that some of its findings are not about the diff. */
function describeFindings(task: TaskRecord): string | undefined {
  if (!("findings" in task) || task.findings === undefined) return undefined;
  const { findings, outside_diff, summary = "" } = task;
  if (findings.length > 0 && outside_diff === undefined) return undefined;
  return countFindings({ findings, summary, ...(outside_diff !== undefined && { outside_diff }) });
}

/** Describes the processes that a run asked daemons to start. Cancelling the task does not stop them. */
function describeDaemons(task: TaskRecord): string | undefined {
  const requests = ("daemon_requests" in task && task.daemon_requests) || [];
  if (requests.length === 0) return undefined;
  return `Processes that the task asked daemons to start do not end with it: ${requests.slice(0, 5).join("; ")}.`;
}

/** Describes the messages that were not delivered; undefined if there are none. */
export function describeUndelivered(task: TaskRecord): string | undefined {
  const messages = ("messages" in task && task.messages) || [];
  const [first, ...others] = messages.filter(({ state }) => state === "undelivered");
  if (first === undefined) return undefined;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return `A message was not delivered: "${shorten(first.text, MAX_SHOWN_MESSAGE)}"${more}. Call codex_send to send it again.`;
}

/** Longest text of an undelivered message in a note, in characters. */
const MAX_SHOWN_MESSAGE = 200;

/** Returns a task's worktree and, once the task has ended, its contents; an empty object if it has no worktree. */
export function worktreeFields(task: TaskRecord): WorktreeFields {
  const place = pick(task, ["worktree_dir", "agent_branch", "base_branch", "base_commit"]);
  if (!("end_time" in task)) return place;
  return { ...place, ...pick(task, ["diff_stat", "commits_ahead", "files_changed", "uncommitted_changes"]) };
}

/** Returns the named fields that are defined. */
function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  const entries = names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries loses the types of the keys
  return Object.fromEntries(entries) as Pick<T, K>;
}

import { classifyFailure } from "#codex/run/failure.ts";
import { removeChannelFiles } from "#codex/engines/connection/channel-files.ts";
import { UNKNOWN_END } from "#codex/process.ts";
import { foldLog, type RunResult } from "#codex/run/run-log.ts";
import type { RunState } from "#codex/run/run-state.ts";
import { hasUnseenSandboxFailure } from "#codex/run/session-file.ts";
import { type ChangesFound, describeMissing, findChanges } from "#git/changes/changes.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { unlockWorktree } from "#git/worktree/worktree-lock.ts";
import { now } from "#platform/clock.ts";
import type { Config } from "#base/config.ts";
import type { Failure } from "#base/errors.ts";
import { readTail } from "#platform/files/json-lines.ts";
import { logger } from "#base/log.ts";
import { endTask } from "#store/tasks/change-task.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { taskPaths } from "#store/store-paths.ts";
import { removeRunFolders } from "#store/tasks/forget-task.ts";
import { recordReadMessages } from "#store/tasks/inbox.ts";
import { writeResult } from "#store/tasks/task-folder.ts";
import { describeMissedGoal } from "#domain/goal.ts";
import { judgeCheck } from "#tasks/check/judge-check.ts";
import type { ReadonlyAudit } from "#domain/readonly-audit.ts";
import {
  elapsedSeconds,
  type EndedTask,
  type RunFacts,
  type RunningTask,
  type WorktreeChanges,
} from "#domain/record.ts";
import type { LeftoverCommit } from "./commit-left-work.ts";
import type { AppContext } from "#tasks/context.ts";
import { preferTokenLimit } from "#tasks/budget/token-limits.ts";
import { withReset } from "#tasks/quota/account-limits.ts";
import { readReview } from "#tasks/review/read-review.ts";
import { removeSpare } from "#tasks/end/end-spare.ts";
import { readEndUsage, recordUsage } from "#tasks/session-usage.ts";
import { startEndHook } from "./end-hook.ts";
import { noteUndelivered } from "./note-undelivered.ts";
import { wrongSession } from "#tasks/supervise/supervise-run.ts";
import { toEndedTask, withoutQuestions } from "./end-record.ts";

const STDERR_BYTES = 16 * 1024;

/**
 * Determines a run's end and records it.
 * @returns undefined if another process had already ended the task
 */
export async function finishTask(
  context: AppContext,
  task: RunningTask,
  run: RunResult,
): Promise<EndedTask | undefined> {
  return recordEnd(context, await determineEnd(context, task, run));
}

/**
 * Determines a run's end: the outcome from events and exit status, the tokens, and the contents of the worktree.
 * @param leftWork result of committing the changes that the run left, and the last check of its work; by default as recorded
 * @param hurry aborts when the end must be recorded now; facts that are not available by then are left out
 */
export async function determineEnd(
  context: AppContext,
  task: RunningTask,
  run: RunResult,
  leftWork: LeftoverCommit = { facts: {} },
  hurry?: AbortSignal,
): Promise<EndedTask> {
  // If the run is already being stopped, only facts that are quickly available are collected.
  const isHurried = run.stopped !== undefined || hurry?.aborted === true;
  const timeout = AbortSignal.timeout(isHurried ? HURRIED_TIMEOUT_MS : CHANGES_TIMEOUT_MS);
  const signal = isHurried || hurry === undefined ? timeout : AbortSignal.any([hurry, timeout]);
  const changes = await readChangesIfAny(task, leftWork, signal);
  const audit = task.readonly_fallback === true ? { readonly_audit: await audited(context, task, run) } : {};
  const ofRun = { ...collectFacts(context, task, run), ...(await daemonRequests(run)) };
  const checked = judgeCheck(context, task, run, leftWork.check);
  const facts = { ...changes, ...ofRun, ...audit, ...leftWork.facts, ...checked.facts };
  const failure = preferTokenLimit(context, task, failureOf(context, task, run) ?? checked.failure, ofRun);
  if (failure !== undefined) return toEndedTask(failure, task, facts);
  const review = readReview(context.config, task, run.state.lastMessage);
  if (review !== undefined && "failure" in review) return toEndedTask(review.failure, task, facts);
  return { ...withoutQuestions(task), ...facts, ...review, status: "completed" };
}

/**
 * Records a run's end. If that fails, it can be tried again; the audit cannot, because the files that it needs are gone
 * by then.
 * @returns undefined if another process had already ended the task
 */
export function recordEnd(context: AppContext, ended: EndedTask): EndedTask | undefined {
  noteResult(context, ended);
  recordUsage(context, ended);
  // A killed app-server leaves them, and a killed supervisor could not remove them.
  removeChannelFiles(taskPaths(context.config.home, ended.task_id));
  if (ended.spare !== undefined) removeSpare(context.config.home, ended.spare.id);
  if (ended.worktree_dir !== undefined) unlockWorktree(ended.worktree_dir);
  const isRecorded = endTask(context.store, "running", ended);
  if (isRecorded) noteUndelivered(context, ended);
  // Not earlier: a process that finishes the run in place of this one needs the folders.
  if (ended.readonly_fallback === true) removeRunFolders(context.store, ended);
  return isRecorded ? ended : undefined;
}

/** Returns the requests to daemons. Few runs have any; the others do not load the shell parser. */
async function daemonRequests({ state }: RunResult): Promise<Pick<RunFacts, "daemon_requests">> {
  if (state.daemonCommands.length === 0) return {};
  const { findDaemonRequests } = await import("#readonly/audit/daemon-requests.ts");
  const daemon_requests = findDaemonRequests(state.daemonCommands);
  return daemon_requests.length === 0 ? {} : { daemon_requests };
}

/** Writes the result to a file for readers. The record contains it too, so a full disk loses nothing. */
function noteResult({ config }: AppContext, { task_id, result }: EndedTask): void {
  if (result === undefined) return;
  try {
    writeResult(taskPaths(config.home, task_id), result);
  } catch (error) {
    logger("app").warn`the result of ${task_id} has no file: ${String(error)}`;
  }
}

/** Audits a read-only run. Few runs are audited; other runs, and every server start, do not load the parser and the tables. */
async function audited(context: AppContext, task: RunningTask, run: RunResult): Promise<ReadonlyAudit> {
  const { auditRun } = await import("#readonly/report.ts");
  return auditRun(context, task, run);
}

/**
 * Records the end of a run that no supervisor has seen end, from the files that it left.
 * @param stopped why this server ended the run, if it did
 */
export async function finishUnseenTask(
  context: AppContext,
  task: RunningTask,
  stopped: Failure | undefined,
): Promise<void> {
  // The supervisor may have recorded how and why Codex ended before it died.
  const noted = findTask(context.store, task.task_id)?.codexEnd;
  const end = noted === undefined ? UNKNOWN_END : { exitCode: noted.exitCode, signal: noted.signal };
  const run = { state: await foldLog(task.log_file), end, stopped: stopped ?? noted?.stopped };
  recordReadMessages(taskPaths(context.config.home, task.task_id), run.state.readMessages);
  const ended = await finishTask(context, task, run);
  if (ended !== undefined) startEndHook(context, ended);
}

function collectFacts({ config }: AppContext, task: RunningTask, { state, end }: RunResult): RunFacts {
  const { lastMessage } = state;
  const sessionId = state.sessionId ?? task.resumes;
  return {
    end_time: now(),
    elapsed_seconds: elapsedSeconds(task),
    ...(end.exitCode !== undefined && { exit_code: end.exitCode }),
    ...(sessionId !== undefined && { session_id: sessionId }),
    ...(lastMessage !== undefined && { result: lastMessage }),
    ...(state.goal !== undefined && { goal_state: state.goal }),
    ...readEndUsage(config, task, state, sessionId),
  };
}

/** Returns the failure of a run that ended well without having reached its goal. */
function missedGoal({ goal }: RunningTask, state: RunState): Failure | undefined {
  const why = goal === undefined ? undefined : describeMissedGoal(goal, state.goal);
  if (why === undefined) return undefined;
  return {
    code: "goal_not_reached",
    message: `The goal was not reached: ${why}.`,
    hint: "Read the result and the changes, then call codex with resume, and a goal with more tokens if they suffice.",
  };
}

/**
 * Returns a run's failure; undefined for a success, which takes exit status 0 (or an unknown one) AND an event that the
 * turn was completed.
 */
function failureOf({ config }: AppContext, task: RunningTask, { state, end, stopped }: RunResult): Failure | undefined {
  const isCompleted = state.terminal?.kind === "completed" && end.signal === undefined && (end.exitCode ?? 0) === 0;
  const { resumes } = task;
  if (resumes !== undefined && state.sessionId !== undefined && state.sessionId !== resumes) {
    return wrongSession(resumes, state.sessionId);
  }
  if (state.sessionId !== undefined && state.strayedSession !== undefined) {
    return wrongSession(state.sessionId, state.strayedSession);
  }
  const isSandboxed = task.sandbox !== "full-access";
  if (isCompleted && isSandboxed && isWithoutSandbox(config, task, state)) return sandboxFailure(task);
  // A result that Codex had reported before it was stopped counts as a result.
  if (isCompleted) return missedGoal(task, state);
  if (stopped !== undefined) return stopped;
  const isUnseen = end.exitCode === undefined && end.signal === undefined;
  if (isUnseen && state.terminal === undefined) return lostFailure();
  const stderr = readTail(taskPaths(config.home, task.task_id).stderr, STDERR_BYTES);
  return withReset(config, task, classifyFailure({ state, stderr, exitCode: end.exitCode, signal: end.signal }));
}

/** Checks whether no command could be run because Codex's sandbox is not available. */
function isWithoutSandbox({ codexHome }: Config, task: RunningTask, state: RunState): boolean {
  if (state.commandsRun > 0 || task.readonly_fallback === true) return false;
  if (state.sandboxFailures > 0 || state.sessionId === undefined) return state.sandboxFailures > 0;
  return hasUnseenSandboxFailure(codexHome, state.sessionId, task.running_since ?? task.start_time);
}

function sandboxFailure({ sandbox }: RunningTask): Failure {
  if (sandbox === "workspace-write") {
    return {
      code: "sandbox_unavailable",
      message: "Codex's sandbox does not work here: none of its commands could run, so nothing was done.",
      hint: "Use sandbox full-access in a container. Containers often do not allow the user namespaces that Codex's sandbox needs.",
    };
  }
  return {
    code: "sandbox_unavailable",
    message: "Codex's read-only sandbox does not work here: none of its commands could run, so nothing was reviewed.",
    hint: "Set CODEXMCP_READONLY_FALLBACK=auto for this server: read-only tasks then run under its own protection and are audited. Containers often do not allow the user namespaces that Codex's sandbox needs.",
  };
}

function lostFailure(): Failure {
  return {
    code: "supervisor_lost",
    message: "The task's processes were killed, or the machine was restarted, and left no result.",
    hint: "Call codex with resume to continue the task; log, worktree and branch are kept.",
  };
}

/** Time limit of git for the changes in a worktree, in milliseconds: the outcome is known, and callers wait for it. */
const CHANGES_TIMEOUT_MS = 20_000;
/** Time limit of git when the task must end now, in milliseconds. */
const HURRIED_TIMEOUT_MS = 4000;

const FACTS: (keyof WorktreeChanges)[] = ["commits_ahead", "diff_stat", "files_changed", "uncommitted_changes"];

/** Reads the changes in a worktree. If it is gone or broken, returns a note instead, so that the outcome is recorded in any case. */
async function readChangesIfAny(
  task: RunningTask,
  { seen }: LeftoverCommit,
  signal: AbortSignal,
): Promise<Partial<WorktreeChanges> & Pick<RunningTask, "worktree_note">> {
  const { worktree_dir, base_commit, worktree_note, agent_branch: branch } = task;
  if (worktree_dir === undefined || base_commit === undefined) return {};
  const found = await findWorktreeGitDir(worktree_dir, task.workspace)
    .then(() => findChanges(worktree_dir, base_commit, { signal, seen, branch }))
    .catch((error: unknown): ChangesFound => ({ changes: {}, failures: [{ facts: FACTS, error }] }));
  const missing = describeMissing(found);
  if (missing === undefined) return found.changes;
  logger("app").warn`${task.task_id}: ${missing}`;
  const notes = [worktree_note, missing].filter((note) => note !== undefined);
  return { ...found.changes, worktree_note: notes.join(" ") };
}

import { classifyFailure } from "#codex/run/failure.ts";
import { UNSEEN_END } from "#codex/process.ts";
import { foldLog, type RunResult } from "#codex/run/run-log.ts";
import { ownUsage, type RunState } from "#codex/run/run-state.ts";
import { hasUnseenSandboxFailure } from "#codex/run/sandbox-failure.ts";
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
import { removeRunFolders } from "#store/tasks/run-folders.ts";
import { writeResult } from "#store/tasks/task-folder.ts";
import type { ReadonlyAudit } from "#domain/readonly-audit.ts";
import { elapsedSeconds } from "#domain/elapsed.ts";
import type { EndedTask, RunFacts, RunningTask, WorktreeChanges } from "#domain/record.ts";
import type { LeftWork } from "./commit-left-work.ts";
import type { AppContext } from "#tasks/context.ts";
import { endedBy } from "./end-record.ts";

const STDERR_BYTES = 16 * 1024;

/** Works out a run's end and records it. @returns undefined where the task had ended already (somebody else finished it) */
export async function finishTask(
  context: AppContext,
  task: RunningTask,
  run: RunResult,
): Promise<EndedTask | undefined> {
  return recordEnd(context, await workOutEnd(context, task, run));
}

/**
 * Works out a run's end: outcome from events and exit status, tokens, what the worktree holds.
 * @param leftWork what came of the work that it left uncommitted
 * @param hurry aborts when the end is to be written now: facts that are not there by then are left out
 */
export async function workOutEnd(
  context: AppContext,
  task: RunningTask,
  run: RunResult,
  leftWork: LeftWork = { facts: {} },
  hurry?: AbortSignal,
): Promise<EndedTask> {
  // Whoever is in a hurry already gets what can be had in a moment.
  const isHurried = run.stopped !== undefined || hurry?.aborted === true;
  const timeout = AbortSignal.timeout(isHurried ? HURRIED_TIMEOUT_MS : CHANGES_TIMEOUT_MS);
  const signal = isHurried || hurry === undefined ? timeout : AbortSignal.any([hurry, timeout]);
  const changes = await readChangesIfAny(task, leftWork, signal);
  const audit = task.readonly_fallback === true ? { readonly_audit: await audited(context, task, run) } : {};
  const ofRun = { ...collectFacts(task, run), ...(await daemonRequests(run)) };
  const facts = { ...changes, ...ofRun, ...audit, ...leftWork.facts };
  const failure = failureOf(context, task, run);
  return failure === undefined ? { ...task, ...facts, status: "completed" } : endedBy(failure, task, facts);
}

/**
 * Records a run's end as it was worked out. Where that fails, it can be tried again; the audit cannot, since what it rests on
 * is gone by then.
 * @returns undefined where the task had ended already (somebody else finished it)
 */
export function recordEnd(context: AppContext, ended: EndedTask): EndedTask | undefined {
  noteResult(context, ended);
  if (ended.worktree_dir !== undefined) unlockWorktree(ended.worktree_dir);
  const isRecorded = endTask(context.store, "running", ended);
  // Not before: whoever finishes the run in this process's place needs them.
  if (ended.readonly_fallback === true) removeRunFolders(context.store, ended);
  return isRecorded ? ended : undefined;
}

/** Few runs ask daemons for anything; the others do without the shell parser. */
async function daemonRequests({ state }: RunResult): Promise<Pick<RunFacts, "daemon_requests">> {
  if (state.daemonCommands.length === 0) return {};
  const { findDaemonRequests } = await import("#readonly/audit/daemon-requests.ts");
  const daemon_requests = findDaemonRequests(state.daemonCommands);
  return daemon_requests.length === 0 ? {} : { daemon_requests };
}

/** Writes the result to a file for readers: the record has it too, so a full disk loses nothing. */
function noteResult({ config }: AppContext, { task_id, result }: EndedTask): void {
  if (result === undefined) return;
  try {
    writeResult(taskPaths(config.home, task_id), result);
  } catch (error) {
    logger("app").warn`the result of ${task_id} has no file: ${String(error)}`;
  }
}

/** Few runs are audited: the others, and every server that starts, do without the parser and the tables. */
async function audited(context: AppContext, task: RunningTask, run: RunResult): Promise<ReadonlyAudit> {
  const { auditRun } = await import("#readonly/report.ts");
  return auditRun(context, task, run);
}

/** Writes the end of a run that nobody saw end, from what it left. @param stopped why this server ended it, where it did */
export async function finishUnseenTask(
  context: AppContext,
  task: RunningTask,
  stopped: Failure | undefined,
): Promise<void> {
  // Its supervisor may have noted how Codex ended, and why, before it died.
  const noted = findTask(context.store, task.task_id)?.codexEnd;
  const end = noted === undefined ? UNSEEN_END : { exitCode: noted.exitCode, signal: noted.signal };
  await finishTask(context, task, { state: await foldLog(task.log_file), end, stopped: stopped ?? noted?.stopped });
}

function collectFacts(task: RunningTask, { state, end }: RunResult): RunFacts {
  const { sessionUsage, lastMessage } = state;
  const sessionId = state.sessionId ?? task.resumes;
  return {
    end_time: now(),
    elapsed_seconds: elapsedSeconds(task),
    ...(end.exitCode !== undefined && { exit_code: end.exitCode }),
    ...(sessionId !== undefined && { session_id: sessionId }),
    ...(lastMessage !== undefined && { result: lastMessage }),
    ...(sessionUsage !== undefined && {
      usage: ownUsage(sessionUsage, task.usage_before),
      session_usage: sessionUsage,
    }),
  };
}

/** Undefined for a success: exit status 0 (or an end that nobody saw) AND an event that says the turn was completed. */
function failureOf({ config }: AppContext, task: RunningTask, { state, end, stopped }: RunResult): Failure | undefined {
  const isCompleted = state.terminal?.kind === "completed" && end.signal === undefined && (end.exitCode ?? 0) === 0;
  if (isCompleted && task.sandbox === "read-only" && isWithoutSandbox(config, task, state)) return sandboxFailure();
  // A result that Codex had reported before it was stopped is a result.
  if (isCompleted) return undefined;
  if (stopped !== undefined) return stopped;
  const isUnseen = end.exitCode === undefined && end.signal === undefined;
  if (isUnseen && state.terminal === undefined) return lostFailure();
  const stderr = readTail(taskPaths(config.home, task.task_id).stderr, STDERR_BYTES);
  return classifyFailure({ state, stderr, exitCode: end.exitCode, signal: end.signal });
}

/** Whether no command could be run, for want of Codex's sandbox. */
function isWithoutSandbox({ codexHome }: Config, task: RunningTask, state: RunState): boolean {
  if (state.commandsRun > 0 || task.readonly_fallback === true) return false;
  if (state.sandboxFailures > 0 || state.sessionId === undefined) return state.sandboxFailures > 0;
  return hasUnseenSandboxFailure(codexHome, state.sessionId, task.running_since ?? task.start_time);
}

function sandboxFailure(): Failure {
  return {
    code: "sandbox_unavailable",
    message: "Codex's read-only sandbox cannot work here: none of its commands could be run, so there was no review.",
    hint: "Containers often refuse the user namespaces that it needs. Set CODEXMCP_READONLY_FALLBACK=auto for this server: read-only tasks then run under the server's own protection and are audited.",
  };
}

function lostFailure(): Failure {
  return {
    code: "supervisor_lost",
    message: "The task's processes are gone (killed, or the machine was restarted) and left no result.",
    hint: "Its log, worktree and branch are kept; run its session_id under the next version of the topic to go on.",
  };
}

/** Limit of the time in which git finds out what a worktree holds: the outcome is known, and others wait for it. */
const CHANGES_TIMEOUT_MS = 20_000;
/** The same limit where somebody waits for the end of the task. */
const HURRIED_TIMEOUT_MS = 4000;

const FACTS: (keyof WorktreeChanges)[] = ["commits_ahead", "diff_stat", "files_changed", "uncommitted_changes"];

/** Reads what a worktree holds. Facts of one that is gone or broken are left out, with a note: the outcome is written all the same. */
async function readChangesIfAny(
  task: RunningTask,
  { seen }: LeftWork,
  signal: AbortSignal,
): Promise<Partial<WorktreeChanges> & Pick<RunningTask, "worktree_note">> {
  const { worktree_dir, base_commit, worktree_note } = task;
  if (worktree_dir === undefined || base_commit === undefined) return {};
  const found = await findWorktreeGitDir(worktree_dir, task.workspace)
    .then(() => findChanges(worktree_dir, base_commit, { signal, seen }))
    .catch((error: unknown): ChangesFound => ({ changes: {}, failures: [{ facts: FACTS, error }] }));
  const missing = describeMissing(found);
  if (missing === undefined) return found.changes;
  logger("app").warn`${task.task_id}: ${missing}`;
  const notes = [worktree_note, missing].filter((note) => note !== undefined);
  return { ...found.changes, worktree_note: notes.join(" ") };
}

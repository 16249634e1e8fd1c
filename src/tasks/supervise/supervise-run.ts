import type { EventLine } from "#codex/run/describe.ts";
import type { CodexProcess, ProcessEnd } from "#codex/process.ts";
import { RunLog, type RunResult } from "#codex/run/run-log.ts";
import type { RunState } from "#codex/run/run-state.ts";
import type { Failure } from "#base/errors.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { recordCodexEnd, recordSession } from "#store/tasks/change-task.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { EndedTask, RunningTask } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { RunBudget } from "#tasks/budget/run-budget.ts";
import { EventTimes } from "#tasks/follow/event-times.ts";
import { quotaRecorder } from "#tasks/quota/quota-recorder.ts";
import { endProcesses } from "#tasks/end/end-processes.ts";
import { reachedIdleLimit, reachedTotalLimit, type RunClock, TICK_MS } from "./run-clock.ts";
import { offerJoining } from "#tasks/supervise/turns/offer-joining.ts";
import type { StopRequest } from "./stop-request.ts";
import { tryTo } from "./try-to.ts";

/** Observer of a run: the pane of its tmux session. */
export interface RunObserver {
  started(task: RunningTask): void;
  event(line: EventLine): void;
  ended(task: EndedTask): void;
}

/** Observer of a run, its stop request, and the clock for its limits. */
export interface RunContext {
  observer: RunObserver;
  stop: StopRequest;
  clock: RunClock;
}

/** Further turns of a run. */
export interface FurtherTurns {
  /** Starts the next Codex process of the run after one has ended by itself. @returns undefined if the run is over */
  next: (turn: { state: RunState; end: ProcessEnd }) => Promise<CodexProcess | undefined>;
  /** Records that Codex has read a message. */
  read: (message: string) => void;
}

/**
 * Follows a run to its end, through all its Codex processes. Ends it with all its processes when a stop is requested or a limit is
 * reached.
 */
export async function superviseRun(
  context: AppContext,
  task: RunningTask,
  codex: CodexProcess,
  { observer, stop, clock }: RunContext,
  turns: FurtherTurns,
): Promise<RunResult> {
  const log = new RunLog(task.log_file, () => clock.countedMs);
  const times = new EventTimes(task.log_file);
  const budget = new RunBudget(context, task, stop);
  let sessionId: string | undefined;
  const reportRead = readReporter(task, turns);
  const recordWait = quotaRecorder(context, task);
  const show = (lines: Iterable<EventLine>) => {
    for (const line of lines) observer.event(line);
    times.record(log.bytesRead);
    budget.follow(log.state);
    reportRead(log.state);
    recordWait(log.state);
    const { sessionId: reported, strayedSession } = log.state;
    if (reported === undefined) return;
    if (strayedSession !== undefined) stop.request(wrongSession(reported, strayedSession));
    if (reported === sessionId) return;
    sessionId = reported;
    if (task.resumes !== undefined && reported !== task.resumes) stop.request(wrongSession(task.resumes, reported));
    tryTo(task.task_id, () => recordSession(context.store, task, reported));
    void offerJoining(context, task, reported);
  };
  const watch = watchFolder(
    taskPaths(context.config.home, task.task_id).folder,
    (name) => name === "codex-exec.log",
    () => show(log.read()),
  );
  const limits = setInterval(() => {
    budget.check();
    checkLimits(task, clock, log, { stop, readNews: () => show(log.read()) });
  }, TICK_MS);
  const follow = async (each: CodexProcess) => {
    const outcome = await followProcess(context, task, each, stop);
    show(log.read());
    return outcome;
  };
  try {
    let last = await follow(codex);
    while (last.stopped === undefined) {
      const next = await turns.next({ state: log.state, end: last.end });
      if (next === undefined) break;
      last = await follow(next);
    }
    show(log.readToEnd());
    const outcome = await withLateStop(context, task, log.state, last, stop);
    return { state: log.state, ...outcome, log, ...(codex.isAdopted === true && { isAdopted: true }) };
  } finally {
    clearInterval(limits);
    budget.close();
    watch.close();
    times.close();
  }
}

/** Returns a function that reports which messages Codex has read, whenever there are new ones. */
function readReporter({ task_id }: RunningTask, turns: FurtherTurns): (state: RunState) => void {
  let reported: readonly string[] = [];
  return ({ readMessages }) => {
    if (readMessages === reported) return;
    reported = readMessages;
    for (const message of readMessages) tryTo(task_id, () => turns.read(message));
  };
}

/**
 * Adds to the end of a run that it was stopped after its Codex had ended: while its work was checked, or while it waited to be continued
 * after a failed turn. Otherwise, a turn that was completed counts, whatever came after it.
 */
async function withLateStop(
  context: AppContext,
  task: RunningTask,
  { terminal }: RunState,
  outcome: Pick<RunResult, "end" | "stopped">,
  stop: StopRequest,
): Promise<Pick<RunResult, "end" | "stopped">> {
  const { end } = outcome;
  const mayBeStopped = task.check_request !== undefined || terminal?.kind === "failed";
  if (outcome.stopped !== undefined || !mayBeStopped || !stop.signal.aborted) return outcome;
  const stopped = await stop.requested;
  if (end.isUnusable !== true) tryTo(task.task_id, () => recordCodexEnd(context.store, task, { ...end, stopped }));
  return { end, stopped };
}

/** Requests a stop if a time limit is reached. */
function checkLimits(
  task: RunningTask,
  clock: RunClock,
  log: RunLog,
  { stop, readNews }: { stop: StopRequest; readNews: () => void },
): void {
  const findReached = () => reachedTotalLimit(task, clock) ?? reachedIdleLimit(task, clock, log);
  if (findReached() === undefined) return;
  // Events that this process has not read yet take precedence over any limit.
  readNews();
  const reached = findReached();
  if (reached !== undefined) stop.request(reached);
}

/** Waits for the end of a Codex process, and ends it with all its processes when a stop is requested. */
async function followProcess(
  context: AppContext,
  task: RunningTask,
  { identity, ended }: CodexProcess,
  stop: StopRequest,
): Promise<Pick<RunResult, "end" | "stopped">> {
  const stopped = await Promise.race([ended.then(() => undefined), stop.requested]);
  if (stopped !== undefined) {
    tryTo(task.task_id, () => recordCodexEnd(context.store, task, { stopped }));
    await endProcesses(context, task, identity);
  }
  const end = await ended;
  // A run that another engine is to do has not ended.
  if (end.isUnusable !== true) tryTo(task.task_id, () => recordCodexEnd(context.store, task, { ...end, stopped }));
  return { end, stopped };
}

/** Returns the failure of a run whose Codex did not resume the session that it was asked for, and so lacks its context. */
export function wrongSession(wanted: string, got: string): Failure {
  return {
    code: "unknown_session",
    message: `Codex started the new session ${got} instead of resuming ${wanted}.`,
    hint: "Resume an earlier task of the same CODEX_HOME, or start a new session.",
  };
}

import { type CodexProcess, ENDED_PROCESS } from "#codex/process.ts";
import { adoptRunningCodex, canUseSpare, channelFields, launchCodex } from "./launch-codex.ts";
import { removeChannelFiles } from "#codex/engines/connection/channel-files.ts";
import { lockWorktree, unlockWorktree } from "#git/worktree/worktree-lock.ts";
import { type Environment, readConfig } from "#base/config.ts";
import { now } from "#platform/clock.ts";
import { type Failure, toFailure } from "#base/errors.ts";
import { isProcessAlive, visibleIdentity } from "#platform/process/identity.ts";
import { endTask, recordCodexProcess, recordSupervisor, updateRunningTask } from "#store/tasks/change-task.ts";
import { readUsageAtStart } from "#tasks/session-usage.ts";
import { isStorageFault } from "#store/storage-fault.ts";
import { taskPaths } from "#store/store-paths.ts";
import { removeRunFolders } from "#store/tasks/forget-task.ts";
import { takeHandover } from "#store/tasks/task-folder.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { helperMarkerOf } from "#domain/names.ts";
import { isEnded, type EndedTask, type QueuedTask, type RunningTask } from "#domain/record.ts";
import { watchTmuxServer } from "#tmux/server-watch.ts";
import { type AppContext, openContextForTask } from "#tasks/context.ts";
import { commitLeftWork } from "#tasks/supervise/finish/commit-left-work.ts";
import { continueRun } from "#tasks/supervise/turns/continue-run.ts";
import { endRemains } from "#tasks/check/checked-work.ts";
import { endLeftovers } from "#tasks/end/end-processes.ts";
import { removeSpare, sweepSpares } from "#tasks/end/end-spare.ts";
import { CANCELLED, needsAppServer, toEndedTask, WITHOUT_APP_SERVER } from "#tasks/supervise/finish/end-record.ts";
import { recordEnd, determineEnd } from "#tasks/supervise/finish/finish-task.ts";
import { openFollowUps, type RunFollowUps } from "#tasks/supervise/turns/follow-ups.ts";
import { chooseEngine, forgetCapabilities, identifyCodex } from "#tasks/start/codex-capabilities.ts";
import { needsFallback } from "#readonly/fallback.ts";
import { applyRetention, forgetEarlierRuns, listRunsBeyondLimits } from "#tasks/retention.ts";
import { markOwnChildren } from "./run-containment.ts";
import { listenForCancel, type StopRequest } from "./stop-request.ts";
import { deadlineSignal, isCancelled, withRunContext } from "./run-context.ts";
import { resumeNotices, startEndHook } from "#tasks/supervise/finish/end-hook.ts";
import { setUpWorktree } from "./set-up-worktree.ts";
import { type RunObserver, type RunContext, superviseRun } from "./supervise-run.ts";
import { startWhenSlotIsFree, takeOwnership } from "./take-ownership.ts";

/**
 * Supervises one run of a task from start to end. It is a separate process, so that the run continues whatever happens
 * to the MCP client and server. A second one is started for a run whose supervisor died while Codex is alive. It holds
 * the task's owner lock as long as it is alive.
 * @param run number of the run to supervise
 * @returns undefined if another process supervises the run, or the run is over
 */
export async function runTask(
  { home, taskId, run }: { home: string; taskId: string; run: number },
  observer: RunObserver,
): Promise<EndedTask | undefined> {
  // This comes first: as soon as the index names this process as the supervisor, a cancel may arrive.
  let isCancelRequested = () => true;
  const tmux = watchTmuxServer(process.env, helperMarkerOf(home, taskId));
  const stop = listenForCancel({
    isCancelRequested: () => isCancelRequested(),
    hasPaneCrashed: async () => (await tmux?.hasCrashed()) ?? false,
  });
  try {
    const context = openContextForTask({ ...readConfig(takeEnvironment(home, taskId)), home });
    markOwnChildren();
    const stored = await takeOwnership(context, taskId, run);
    if (stored === undefined) return undefined;
    isCancelRequested = () => isCancelled(context, stored.record);
    const ended = await withRunContext(context, stored, { observer, stop }, (around) =>
      ownRun(context, stored, around),
    );
    if (ended === undefined) return undefined;
    observer.ended(ended);
    // Codex may have ended well, and the task failed.
    if (ended.status !== "cancelled") await endLeftovers(context, ended);
    startEndHook(context, ended);
    resumeNotices(context);
    await sweepSpares(context, stored.record);
    applyRetention(context);
    forgetEarlierRuns(context, listRunsBeyondLimits(context, taskId, context.config));
    return ended;
  } finally {
    tmux?.close();
  }
}

/** Returns the environment that the MCP server has handed over; this process's own if it is a child of the server. */
function takeEnvironment(home: string, taskId: string): Environment {
  const handed = takeHandover(taskPaths(home, taskId));
  if (handed === undefined) return process.env;
  // The modules that start programs read process.env.
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, handed);
  return handed;
}

async function ownRun(context: AppContext, stored: StoredTask, around: RunContext): Promise<EndedTask | undefined> {
  const { record } = stored;
  if (isEnded(record)) return undefined;
  if (record.status === "queued") return startRun(context, record, around);
  // Between two processes of a run, none is recorded.
  const codex = stored.codex === undefined ? ENDED_PROCESS : visibleIdentity(stored.codex);
  const before = visibleIdentity(stored.supervisor);
  // The earlier supervisor is alive, even if its lock file is gone.
  if (before !== undefined && before.pid !== process.pid && isProcessAlive(before)) return undefined;
  if (codex === undefined || !recordSupervisor(context.store, record)) return undefined;
  await endRemains(context, record);
  // A cancel may have killed the earlier supervisor.
  if (stored.isCancelRequested) around.stop.request(CANCELLED);
  const followUps = openFollowUps(context, record, around);
  return supervise(context, record, await adoptRunningCodex(context, record, codex, followUps), followUps, around);
}

async function startRun(context: AppContext, queued: QueuedTask, around: RunContext): Promise<EndedTask | undefined> {
  const isFallback = await needsFallback(context, queued);
  const engine = chooseEngine(context.config);
  if (needsAppServer(queued) && engine !== "app-server") {
    const ended = toEndedTask(WITHOUT_APP_SERVER, queued);
    return endTask(context.store, "queued", ended) ? ended : undefined;
  }
  const toRunning = (): RunningTask => {
    const before = readUsageAtStart(context, queued);
    const { spare, waiting_for: _waited, ...rest } = queued;
    return {
      ...rest,
      running_since: now(),
      status: "running",
      ...identifyCodex(context.config),
      ...(isFallback && { readonly_fallback: true }),
      ...(engine === "app-server" && { engine, ...channelFields(context, queued, isFallback) }),
      ...(engine === "app-server" && spare !== undefined && canUseSpare(context, queued) && { spare }),
      ...(before !== undefined && { usage_before: before }),
    };
  };
  const running = await startWhenSlotIsFree(context, queued, toRunning, around.stop);
  if (running === undefined) return endUnstarted(context, queued, around.stop);
  around.clock.restart();
  if (running.worktree_dir !== undefined) lockWorktree(running.worktree_dir, running.task_id);
  const followUps = openFollowUps(context, running, around);
  let codex: CodexProcess;
  try {
    const failure = await setUpWorktree(context, running, around);
    if (failure !== undefined) return endFailed(context, running, failure);
    if (isFallback) await recordWorkspaceOf(context, running);
    if (around.stop.signal.aborted) return endFailed(context, running, await around.stop.requested);
    codex = await launchCodex(context, running, followUps);
  } catch (error) {
    if (isFallback) removeRunFolders(context.store, running);
    return endFailed(context, running, toFailure(error));
  }
  recordCodexProcess(context.store, running, codex.identity);
  return supervise(context, running, codex, followUps, around);
}

/** Records the workspace of a read-only run. Few runs have that; the others do not load the code. */
async function recordWorkspaceOf(context: AppContext, task: RunningTask): Promise<void> {
  const { recordWorkspace } = await import("#readonly/workspace.ts");
  await recordWorkspace(context, task);
}

/** Ends a task for which Codex was not started. */
function endFailed({ store }: AppContext, task: RunningTask, failure: Failure): EndedTask | undefined {
  const ended = toEndedTask(failure, task);
  if (task.worktree_dir !== undefined) unlockWorktree(task.worktree_dir);
  return endTask(store, "running", ended) ? ended : undefined;
}

/** Ends a task that is not to run any more, unless another process has already ended it: the caller may be gone. */
async function endUnstarted(
  { store }: AppContext,
  task: QueuedTask,
  stop: StopRequest,
): Promise<EndedTask | undefined> {
  const reason = stop.signal.aborted ? await stop.requested : CANCELLED;
  const ended = toEndedTask(reason.code === "budget" ? reason : CANCELLED, task);
  return endTask(store, "queued", ended) ? ended : undefined;
}

async function supervise(
  context: AppContext,
  task: RunningTask,
  codex: CodexProcess,
  followUps: RunFollowUps,
  around: RunContext,
): Promise<EndedTask | undefined> {
  around.observer.started(task);
  const run = await superviseRun(context, task, codex, around, {
    next: (turn) => continueRun(context, task, turn, { followUps, stop: around.stop }),
    read: (message) => followUps.messages.recordRead(message),
  });
  await followUps.close();
  if (run.end.isUnusable === true && run.stopped === undefined) return superviseAgain(context, task, around);
  // A successful run is reported first and its processes are ended afterwards. For any other run, and for one whose workspace is to be
  // checked, processes are ended first.
  const mustStopProcessesFirst = run.stopped !== undefined || run.end.exitCode !== 0 || task.readonly_fallback === true;
  // Killed, it could not save its session.
  if (mustStopProcessesFirst || task.worktree_dir !== undefined) await codex.gone;
  if (mustStopProcessesFirst) await endLeftovers(context, task);
  // Facts of a stopped run are read in any case; for a run that ended by itself, a stop from now on shortens the reading.
  const hurry = run.stopped === undefined ? deadlineSignal(task, around) : undefined;
  const leftWork = await commitLeftWork(context, task, run, hurry, followUps.check?.state);
  const ended = await determineEnd(context, task, run, leftWork, hurry);
  const recorded = await persist(() => recordEnd(context, ended));
  await codex.gone;
  return recorded;
}

/** Runs a task again whose app-server could not be used: in a new one if that was a spare process, otherwise with `codex exec`. */
async function superviseAgain(context: AppContext, task: RunningTask, around: RunContext) {
  await endLeftovers(context, task);
  if (task.readonly_fallback === true) removeRunFolders(context.store, task);
  removeChannelFiles(taskPaths(context.config.home, task.task_id));
  const { spare, ...own } = task;
  const { engine: _engine, pipes: _pipes, ...byExec } = own;
  if (spare !== undefined) removeSpare(context.config.home, spare.id);
  else {
    // Another program may be installed than the one that was asked.
    forgetCapabilities(context.config);
    if (needsAppServer(task)) return endFailed(context, task, WITHOUT_APP_SERVER);
  }
  const again: RunningTask = spare === undefined ? { ...byExec, status: "running" } : own;
  if (!updateRunningTask(context.store, again)) return undefined;
  try {
    if (task.readonly_fallback === true) await recordWorkspaceOf(context, again);
    const followUps = openFollowUps(context, again, around);
    const codex = await launchCodex(context, again, followUps);
    recordCodexProcess(context.store, again, codex.identity);
    return await supervise(context, again, codex, followUps, around);
  } catch (error) {
    return endFailed(context, again, toFailure(error));
  }
}

/**
 * Time in which writing to an unusable state folder (a full disk) is retried, in milliseconds. After that, the next
 * reader finishes the task.
 */
const STORAGE_TIMEOUT_MS = 5000;

async function persist<T>(write: () => T): Promise<T> {
  const deadline = performance.now() + STORAGE_TIMEOUT_MS;
  for (;;) {
    try {
      return write();
    } catch (error) {
      if (!isStorageFault(error) || performance.now() > deadline) throw error;
      await Bun.sleep(500);
    }
  }
}

import { mcpServerArguments } from "#codex/mcp-servers.ts";
import { locateCodex } from "#codex/locate.ts";
import { codexArguments } from "#codex/argv.ts";
import { adoptCodex, type CodexProcess, type CodexStart, startCodex } from "#codex/process.ts";
import { readSessionUsage } from "#codex/session-usage.ts";
import { lockWorktree, unlockWorktree } from "#git/worktree-lock.ts";
import { type Environment, readConfig } from "#lib/config.ts";
import { now } from "#lib/clock.ts";
import { type Failure, toFailure } from "#lib/errors.ts";
import { isProcessAlive } from "#lib/process-identity.ts";
import { endTask, noteCodexProcess, takeOverTask } from "#store/change-task.ts";
import { findTask } from "#store/claim-task.ts";
import { lastSessionUsage } from "#store/list-tasks.ts";
import { taskPaths } from "#store/store-paths.ts";
import { removeRunFolders, takeHandover } from "#store/task-folder.ts";
import type { StoredTask } from "#store/task-row.ts";
import { helperMarkerOf, processMarkerOf } from "#task/names.ts";
import { isEnded, type EndedTask, type QueuedTask, type RunningTask, type Usage } from "#task/record.ts";
import { watchTmuxServer } from "#tmux/server-watch.ts";
import { type AppContext, openContextForTask } from "./context.ts";
import { commitLeftWork } from "./commit-left-work.ts";
import { endHelpers, endLeftovers } from "./end-processes.ts";
import { CANCELLED, endedBy } from "./end-record.ts";
import { finishTask } from "./finish-task.ts";
import { confineStart, needsFallback } from "./readonly-fallback.ts";
import { applyRetention } from "./retention.ts";
import { listenForCancel, type StopRequest } from "./stop-request.ts";
import { setUpWorktree } from "./set-up-worktree.ts";
import { type RunObserver, superviseRun } from "./supervise-run.ts";
import { startWhenFree } from "./wait-for-slot.ts";
import { whileWorkingOn } from "./work-in-progress.ts";

/**
 * The supervisor: owns one run of one task from its start to its end. It is its own process, so
 * that the run goes on whatever happens to the MCP client and server; and it is started a second
 * time for a run whose supervisor died while Codex lives.
 */
export async function runTask(home: string, taskId: string, observer: RunObserver): Promise<EndedTask | undefined> {
  // First of all: from the moment that the index names us as the owner, a cancel may come.
  let isCancelRequested = () => true;
  const tmux = watchTmuxServer(process.env, helperMarkerOf(home, taskId));
  const stop = listenForCancel({
    isCancelRequested: () => isCancelRequested(),
    hasPaneCrashed: async () => (await tmux?.hasCrashed()) ?? false,
  });
  try {
    const context = openContextForTask({ ...readConfig(takeEnvironment(home, taskId)), home });
    isCancelRequested = () => findTask(context.store, taskId)?.isCancelRequested === true;
    const stored = findTask(context.store, taskId);
    const ended = stored && (await whileWorkingOn(taskId, () => ownRun(context, stored, { observer, stop })));
    if (ended === undefined) return undefined;
    observer.ended(ended);
    if (ended.status === "completed") await endLeftovers(context, ended);
    applyRetention(context);
    return ended;
  } finally {
    tmux?.close();
  }
}

/** The environment that the MCP server left for us; its own where we are its child. */
function takeEnvironment(home: string, taskId: string): Environment {
  const handed = takeHandover(taskPaths(home, taskId));
  if (handed === undefined) return process.env;
  // The rooms that start programs look at process.env.
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, handed);
  return handed;
}

/** Whom a supervisor tells, and who tells it to stop. */
interface Surroundings {
  observer: RunObserver;
  stop: StopRequest;
}

async function ownRun(context: AppContext, stored: StoredTask, around: Surroundings): Promise<EndedTask | undefined> {
  const { record } = stored;
  if (isEnded(record)) return undefined;
  if (record.status === "queued") return startRun(context, record, around);
  const isOrphan = stored.owner === undefined || !isProcessAlive(stored.owner);
  if (stored.codex === undefined || !isOrphan || !takeOverTask(context.store, record, stored.owner)) return undefined;
  await endHelpers(context, record);
  // A cancel may have cost the supervisor before us its life.
  if (stored.isCancelRequested) around.stop.ask(CANCELLED);
  return supervise(context, record, adoptCodex(stored.codex), around);
}

async function startRun(context: AppContext, queued: QueuedTask, around: Surroundings): Promise<EndedTask | undefined> {
  const isFallback = await needsFallback(context, queued);
  const toRunning = (): RunningTask => {
    const before = knownUsage(context, queued);
    return {
      ...queued,
      running_since: now(),
      status: "running",
      ...(isFallback && { readonly_fallback: true }),
      ...(before !== undefined && { usage_before: before }),
    };
  };
  const running = await startWhenFree(context, queued, toRunning, around.stop);
  if (running === undefined) return endCancelled(context, queued);
  if (running.worktree_dir !== undefined) lockWorktree(running.worktree_dir, running.task_id);
  const failure = await setUpWorktree(context, running, around.observer, around.stop);
  if (failure !== undefined) return endFailed(context, running, failure);
  let codex: CodexProcess;
  try {
    if (isFallback) await (await import("./witness.ts")).noteWorkspace(context, running);
    codex = launchCodex(context, running);
  } catch (error) {
    if (isFallback) removeRunFolders(taskPaths(context.config.home, running.task_id));
    return endFailed(context, running, toFailure(error));
  }
  noteCodexProcess(context.store, running, codex.identity);
  return supervise(context, running, codex, around);
}

/** A task that Codex was not started for. */
function endFailed({ store }: AppContext, task: RunningTask, failure: Failure): EndedTask | undefined {
  const ended = endedBy(failure, task);
  if (task.worktree_dir !== undefined) unlockWorktree(task.worktree_dir);
  return endTask(store, "running", ended) ? ended : undefined;
}

/** A task that is not to run any more, if nobody has ended it yet: its asker may have gone. */
function endCancelled({ store }: AppContext, task: QueuedTask): EndedTask | undefined {
  const cancelled = endedBy(CANCELLED, task);
  return endTask(store, "queued", cancelled) ? cancelled : undefined;
}

function launchCodex({ config }: AppContext, task: RunningTask): CodexProcess {
  const program = locateCodex(config);
  const paths = taskPaths(config.home, task.task_id);
  const marker = processMarkerOf(config.home, task.task_id, task.run);
  const start: CodexStart = {
    program: program.path,
    args: codexArguments(task, mcpServerArguments(config, task)),
    folder: task.run_dir,
    environment: { ...config.environment, ...program.environment, [marker.name]: marker.value },
    promptFile: task.prompt_file,
    logFile: task.log_file,
    stderrFile: paths.stderr,
  };
  return startCodex(task.readonly_fallback === true ? confineStart(config, task, start) : start);
}

/** What a resumed session had used before this run, from Codex's own record or from ours. */
function knownUsage({ config, store }: AppContext, task: QueuedTask): Usage | undefined {
  if (task.resumes === undefined) return undefined;
  return readSessionUsage([config.codexHome], task.resumes) ?? lastSessionUsage(store, task.resumes);
}

async function supervise(
  context: AppContext,
  task: RunningTask,
  codex: CodexProcess,
  { observer, stop }: Surroundings,
): Promise<EndedTask | undefined> {
  observer.started(task);
  const run = await superviseRun(context, task, codex, observer, stop);
  // A run that went well is answered first and tidied up after; any other is tidied up before it is called ended,
  // and so is one whose workspace is to be looked at.
  const isToBeStill = run.stopped !== undefined || run.end.exitCode !== 0 || task.readonly_fallback === true;
  if (isToBeStill) await endLeftovers(context, task);
  return finishTask(context, task, run, await commitLeftWork(context, task, run));
}

import { AppError, toFailure } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import { endTask, updateQueuedTask } from "#store/tasks/change-task.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { isStorageFault } from "#store/storage-fault.ts";
import { toImagePaths, writeRunInput } from "#store/tasks/task-folder.ts";
import { taskPaths } from "#store/store-paths.ts";
import { linkIntoWorkspace } from "#store/workspace-link.ts";
import { taskIdOf } from "#domain/names.ts";
import type { QueuedTask, TaskRecord } from "#domain/record.ts";
import { type CheckedRequest, checkRequest, type StartRequest } from "./request/check-request.ts";
import { checkNesting } from "./request/nesting.ts";
import { type CheckedStart, claimChecked, type ClaimedStart } from "./claim-start.ts";
import {
  type CompletedRequest,
  completeRequest,
  type OpenRequest,
  withNextDescription,
  withTopic,
} from "./request/complete-request.ts";
import { checkCodexTakes, checkHasAppServer } from "./codex-capabilities.ts";
import { describeRunningParent } from "./fork/find-parent.ts";
import { goalOf } from "./request/goal.ts";
import { planWorkspace, type TaskWorkspace } from "./plan-workspace.ts";
import type { AppContext } from "#tasks/context.ts";
import { checkDayLimit } from "#tasks/budget/token-limits.ts";
import { buildTask } from "./build-task.ts";
import { startEndHook } from "#tasks/supervise/finish/end-hook.ts";
import { toEndedTask } from "#tasks/supervise/finish/end-record.ts";
import { prepareWorktree } from "./prepare-worktree.ts";
import { launchSupervisor, waitForStart } from "./launch-supervisor.ts";

/** Number of times that another topic is tried because tasks of one are running. */
const MAX_TOPIC_ATTEMPTS = 20;

/**
 * Starts a task from a request of which only the prompt is required: claims a topic, creates folder, link and worktree, starts the
 * supervisor and waits until it owns the task.
 * @param findCwd returns the folder that the client works in
 * @returns the task after that: running, or already ended
 * @throws AppError if the request is refused; nothing has been changed then
 */
export async function startOpenTask(
  context: AppContext,
  open: OpenRequest,
  findCwd: () => Promise<string>,
): Promise<TaskRecord> {
  const request = await completeRequest(context, open, findCwd);
  const isChosenHere = typeof request.topic !== "string";
  const claimed = isChosenHere
    ? await inTurn(request.cwd, () => claimOpen(context, request))
    : await claimOnce(context, request, false);
  return startClaimed(context, claimed);
}

/** Claims that choose a topic, by folder. Each would otherwise choose the one that another is about to claim. */
const turns = new Map<string, Promise<unknown>>();

async function inTurn<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const before = turns.get(folder) ?? Promise.resolve();
  const own = before.then(work, work);
  const settled = own.catch(() => {});
  turns.set(folder, settled);
  try {
    return await own;
  } finally {
    if (turns.get(folder) === settled) turns.delete(folder);
  }
}

/** Claims a topic that this server chooses. Other servers may choose at the same moment. */
async function claimOpen(context: AppContext, request: CompletedRequest): Promise<ClaimedStart> {
  const hasVersion = typeof request.topic === "string" || request.topic.version !== undefined;
  let isBusy = false;
  let tried = request;
  for (let attempt = 1; ; attempt++) {
    try {
      return await claimOnce(context, tried, isBusy);
    } catch (error) {
      if (!(error instanceof AppError) || hasVersion || attempt === MAX_TOPIC_ATTEMPTS) throw error;
      // Another version has the worktree of its description.
      if (error.code === "worktree_busy" && request.isTopicOurs) isBusy = true;
      else if (error.code === "worktree_exists" && request.isTopicOurs) tried = withNextDescription(tried);
      else if (error.code !== "task_running") throw error;
    }
  }
}

async function claimOnce(context: AppContext, request: CompletedRequest, isBusy: boolean): Promise<ClaimedStart> {
  const start = await checkStart(context, withTopic(context, request, isBusy));
  return claimChecked(context, { ...start, place: withLossNoted(start.place, request) });
}

/** Checks all of a request that can be checked without changing anything. @throws AppError for the first fault */
export async function checkStart(context: AppContext, request: StartRequest): Promise<CheckedStart> {
  checkNesting(context);
  checkDayLimit(context);
  const checked = checkRequest(context.config, request);
  const { expectTask } = await import("./spare/spare-pool.ts");
  expectTask(context, checked.sandbox);
  const place = withParentNoted(await planWorkspace(context, checked), checked);
  await checkCodexTakes(context.config, buildTask(context, checked, place, taskIdOf(checked.parsedTopic), 1));
  if (goalOf(checked).goal !== undefined) checkHasAppServer(context.config, "goal");
  if (checked.approvals === "ask") checkHasAppServer(context.config, "approvals");
  return { checked, place };
}

/** Adds to a place that it is not the worktree that the resumed session knows. */
function withLossNoted(place: TaskWorkspace, { lostWorktree }: CompletedRequest): TaskWorkspace {
  if (lostWorktree === undefined || place.plan === undefined || place.plan.action === "reuse") return place;
  const from =
    place.plan.action === "attach" ? "its branch" : "the checked-out commit, because its branch is gone, too";
  const note = `The worktree ${lostWorktree} of the resumed task no longer exists: this task started in a new one from ${from}.`;
  return { ...place, note };
}

/** Adds to the place of a fork that its task is running. */
function withParentNoted(place: TaskWorkspace, { fork }: CheckedRequest): TaskWorkspace {
  const running = describeRunningParent(fork?.record);
  const notes = [place.note, running].filter((note) => note !== undefined);
  return running === undefined ? place : { ...place, note: notes.join(" ") };
}

/** Starts a claimed task, and releases its claim. @returns the task after that: running, or already ended */
export async function startClaimed(
  context: AppContext,
  { checked, place, granted, lock }: ClaimedStart,
): Promise<TaskRecord> {
  try {
    return await startGranted(context, checked, place, granted);
  } finally {
    lock.release();
  }
}

async function startGranted(
  context: AppContext,
  checked: CheckedRequest,
  place: TaskWorkspace,
  granted: QueuedTask,
): Promise<TaskRecord> {
  const { claimSpare, keepSpare } = await import("./spare/spare-pool.ts");
  const spare = await claimSpare(context, granted);
  try {
    const prepared = await prepareRun(context, checked, place, granted);
    const queued: QueuedTask = { ...(spare?.giveTo(prepared) ?? prepared), launched: true };
    if (updateQueuedTask(context.store, queued)) {
      const supervisor = await launchSupervisor(context, queued);
      return await waitForStart(context, queued, supervisor);
    }
  } catch (error) {
    // If not even the end can be recorded, the caller gets the reason. The claim ends like one whose starter has died.
    if (isStorageFault(error)) tryEnd(context, granted, error);
    else if (endTask(context.store, "queued", toEndedTask(toFailure(error), granted))) startEndHook(context, granted);
  } finally {
    await spare?.settle(current(context, granted));
    if (spare !== undefined && context.keepsSpare === true) keepSpare(context);
  }
  return current(context, granted);
}

/**
 * Records the end of a task that could not be started.
 * @throws the fault itself if the end cannot be recorded for the same reason
 */
function tryEnd({ store }: AppContext, task: QueuedTask, fault: unknown): void {
  try {
    endTask(store, "queued", toEndedTask(toFailure(fault), task));
  } catch {
    throw fault;
  }
}

function current({ store }: AppContext, task: QueuedTask): TaskRecord {
  return findTask(store, task.task_id)?.record ?? task;
}

async function prepareRun(
  context: AppContext,
  request: CheckedRequest,
  { plan, forked }: TaskWorkspace,
  task: QueuedTask,
): Promise<QueuedTask> {
  const paths = taskPaths(context.config.home, task.task_id);
  writeRunInput(paths, { ...request, reviewedDiff: request.review?.diff });
  linkIntoWorkspace(request.realCwd, request.topic, paths.folder);
  const images = task.images === undefined ? {} : { images: toImagePaths(paths, task.images) };
  if (plan === undefined) return { ...task, ...images };
  const { worktree, runDir } = await prepareWorktree(context, plan, request, forked);
  if (!pathExists(runDir)) {
    throw new AppError("git_failed", `git did not create the folder ${runDir}.`, "Run the task again.");
  }
  const notes = [task.worktree_note, worktree.worktree_note].filter((note) => note !== undefined);
  const note = notes.length === 0 ? {} : { worktree_note: notes.join(" ") };
  return { ...task, ...images, ...worktree, ...note, run_dir: runDir };
}

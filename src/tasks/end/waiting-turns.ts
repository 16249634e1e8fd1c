import type { RunState } from "#codex/run/run-state.ts";
import { foldLog } from "#codex/run/run-log.ts";
import { writePrivateFile } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import { type TaskPaths, taskPaths } from "#store/store-paths.ts";
import type { TaskRecord } from "#domain/record.ts";
import { isFinalCheck } from "#domain/check.ts";
import { readCheckState } from "#store/tasks/check-state.ts";
import { listMessages } from "#store/tasks/inbox.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import type { AppContext } from "#tasks/context.ts";
import { mayWaitForQuota } from "#tasks/quota/quota-waits.ts";
import { findRepair } from "#tasks/review/repair-review.ts";

/** Number of supervisors that are started to continue a run whose Codex has ended: each may die, too. */
const MAX_CONTINUATIONS = 3;
/** Time that such a supervisor has to take the run over, in milliseconds. */
const START_GRACE_MS = 10_000;

/**
 * Determines whether a run whose supervisor and Codex are gone is to be continued by another supervisor: it lost its supervisor between
 * two processes of `codex exec`, and messages wait for the next one, its review cannot be read, its work was not checked, or it waited for its
 * quota.
 * @returns `start` if a supervisor is to be started, `started` if one is being started, and undefined if the run is over
 */
export async function findContinuation(
  { config }: AppContext,
  stored: StoredTask,
): Promise<"start" | "started" | undefined> {
  const { record, codexEnd, isCancelRequested } = stored;
  const isOpen = record.status === "running" && record.engine === undefined && !isCancelRequested;
  if (!isOpen || codexEnd?.stopped !== undefined || codexEnd?.signal !== undefined) return undefined;
  const paths = taskPaths(config.home, record.task_id);
  const state = await foldLog(record.log_file);
  const isCompleted = state.terminal?.kind === "completed" && (codexEnd?.exitCode ?? 0) === 0;
  const isFollowed = isCompleted ? hasFurtherTurn(paths, record, state) : mayWaitForQuota(config, state);
  if (!isFollowed) return undefined;
  const [count = 0, at = 0] = (tryReadText(paths.continuations) ?? "").split(" ").map(Number);
  if (Math.abs(Date.now() - at) < START_GRACE_MS) return "started";
  if (count >= MAX_CONTINUATIONS) return undefined;
  inStateFolder(() => writePrivateFile(paths.continuations, `${count + 1} ${Date.now()}`));
  return "start";
}

/** Returns whether a completed turn of a run is followed by a message, the repair of its review, or a check of its work. */
function hasFurtherTurn(paths: TaskPaths, record: TaskRecord, done: RunState): boolean {
  const { readMessages, lastMessage, completedTurns } = done;
  const isUnchecked =
    record.check_request !== undefined && !isFinalCheck(readCheckState(paths, record.run), completedTurns);
  if (isUnchecked) return true;
  const waiting = listMessages(paths).filter(({ state }) => state === "waiting");
  return waiting.some(({ id }) => !readMessages.includes(id)) || findRepair(record, lastMessage) !== undefined;
}

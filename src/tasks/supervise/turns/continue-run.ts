import { LogWriter } from "#codex/engines/log-writer.ts";
import type { CodexProcess, ProcessEnd } from "#codex/process.ts";
import { isRateLimit } from "#codex/run/failure.ts";
import { toFailure } from "#base/errors.ts";
import type { RunState } from "#codex/run/run-state.ts";
import type { FollowUp } from "#domain/follow-up.ts";
import type { RunningTask } from "#domain/record.ts";
import { recordCodexProcess, recordCodexRestart } from "#store/tasks/change-task.ts";
import { taskPaths } from "#store/store-paths.ts";
import { writeFollowUp } from "#store/tasks/task-folder.ts";
import type { AppContext } from "#tasks/context.ts";
import { endLeftovers } from "#tasks/end/end-processes.ts";
import type { RunFollowUps } from "./follow-ups.ts";
import { launchFollowUp } from "#tasks/supervise/launch-codex.ts";
import type { StopRequest } from "#tasks/supervise/stop-request.ts";

/**
 * Continues a run of `codex exec` whose process has ended by itself: starts the next one in the same session if the turn is followed by
 * another.
 * @returns undefined if the run is over, or is to be stopped
 */
export async function continueRun(
  context: AppContext,
  task: RunningTask,
  turn: { state: RunState; end: ProcessEnd },
  { followUps, stop }: { followUps: RunFollowUps; stop: StopRequest },
): Promise<CodexProcess | undefined> {
  // An app-server runs all turns of its run.
  if (task.engine === "app-server") return undefined;
  const { terminal, lastMessage, sessionId } = turn.state;
  // The status of an adopted process is unknown.
  const isCompleted = terminal?.kind === "completed" && turn.end.signal === undefined && (turn.end.exitCode ?? 0) === 0;
  // After another failure, the run is over.
  const isLimited = terminal?.kind === "failed" && turn.end.signal === undefined && isRateLimit(terminal.message);
  if ((!isCompleted && !isLimited) || sessionId === undefined) return undefined;
  const followUp = await Promise.race([
    followUps.next({ isCompleted, lastMessage }),
    stop.requested.then(() => undefined),
  ]);
  if (followUp === undefined) return undefined;
  try {
    return await startFollowUp(context, task, { followUp, sessionId }, { followUps, stop });
  } catch (error) {
    // The run ends with what it has.
    const { message } = toFailure(error);
    new LogWriter(task.log_file).write([
      { type: "item.completed", item: { id: "", type: "error", message: `The next turn could not start: ${message}` } },
    ]);
    return undefined;
  }
}

async function startFollowUp(
  context: AppContext,
  task: RunningTask,
  { followUp, sessionId }: { followUp: FollowUp; sessionId: string },
  { followUps, stop }: { followUps: RunFollowUps; stop: StopRequest },
): Promise<CodexProcess | undefined> {
  // Commands that are still running end with the process that started them. The next process can then be found by its marker.
  await endLeftovers(context, task);
  if (stop.signal.aborted) return undefined;
  recordCodexRestart(context.store, task);
  noteInLog(task, followUp);
  writeFollowUp(taskPaths(context.config.home, task.task_id), followUp.text);
  const codex = launchFollowUp(context, task, sessionId);
  recordCodexProcess(context.store, task, codex.identity);
  followUps.started(followUp);
  return codex;
}

/** Writes a follow-up to the log, where `codex exec` does not report it. It comes before its turn, which shows that Codex has read it. */
function noteInLog({ log_file }: RunningTask, { id, text }: FollowUp): void {
  const item = { id, type: "user_message", text, client_id: id, is_prompt: true };
  new LogWriter(log_file).write([{ type: "item.completed", item }]);
}

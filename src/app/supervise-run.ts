import type { EventLine } from "#codex/describe.ts";
import type { CodexProcess, ProcessEnd } from "#codex/process.ts";
import { RunLog } from "#codex/run-log.ts";
import type { RunState } from "#codex/run-state.ts";
import type { Failure } from "#lib/errors.ts";
import { watchFolder } from "#lib/watch-folder.ts";
import { noteSession } from "#store/change-task.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { EndedTask, RunningTask } from "#task/record.ts";
import type { AppContext } from "./context.ts";
import { endProcesses } from "./end-processes.ts";
import type { StopRequest } from "./stop-request.ts";

/** Who is shown a run: the pane of its tmux session. */
export interface RunObserver {
  started(task: RunningTask): void;
  event(line: EventLine): void;
  ended(task: EndedTask): void;
}

/** How a run went. */
export interface RunResult {
  state: RunState;
  end: ProcessEnd;
  /** Why this server ended it, where it did. */
  stopped: Failure | undefined;
  /** Its log as it was followed; absent where nobody followed it. */
  log?: RunLog;
}

/** How often the limits are looked at. */
export const LIMITS_MS = 500;

/** Follows a run to its end; ends it, with every process that belongs to it, when it is told to or a limit is reached. */
export async function superviseRun(
  context: AppContext,
  task: RunningTask,
  codex: CodexProcess,
  observer: RunObserver,
  stop: StopRequest,
): Promise<RunResult> {
  const log = new RunLog(task.log_file);
  let sessionId: string | undefined;
  const show = (lines: Iterable<EventLine>) => {
    for (const line of lines) observer.event(line);
    if (sessionId === log.state.sessionId || log.state.sessionId === undefined) return;
    sessionId = log.state.sessionId;
    noteSession(context.store, task, sessionId);
  };
  const { folder } = taskPaths(context.config.home, task.task_id);
  const watch = watchFolder(
    folder,
    (name) => name === "codex-exec.log",
    () => show(log.read()),
  );
  const limits = setInterval(() => {
    const reached = reachedLimit(task, log);
    if (reached !== undefined) stop.ask(reached);
  }, LIMITS_MS);
  try {
    const stopped = await Promise.race([codex.ended.then(() => undefined), stop.asked]);
    if (stopped !== undefined) await endProcesses(context, task, codex.identity);
    const end = await codex.ended;
    show(log.readToEnd());
    return { state: log.state, end, stopped, log };
  } finally {
    clearInterval(limits);
    watch.close();
  }
}

const LIMIT_HINT =
  "Run its session_id under the next version of the topic to go on, with a higher limit if it needs one.";

/** Why a run is over that has taken all the time that it was given; undefined where it has not. */
export function reachedTotalLimit({ timeout_seconds, running_since, start_time }: RunningTask): Failure | undefined {
  if (timeout_seconds === 0 || Date.now() - Date.parse(running_since ?? start_time) <= timeout_seconds * 1000) {
    return undefined;
  }
  const message = `The run was ended after timeout_seconds (${timeout_seconds} s).`;
  return { code: "timeout", message, hint: LIMIT_HINT };
}

function reachedLimit(task: RunningTask, log: RunLog): Failure | undefined {
  const total = reachedTotalLimit(task);
  if (total !== undefined) return total;
  const { idle_timeout_seconds } = task;
  if (idle_timeout_seconds > 0 && performance.now() - log.lastProgressAt > idle_timeout_seconds * 1000) {
    const why = log.state.isWaitingForNetwork ? "; it was waiting for the network" : "";
    const message = `The run was ended because Codex had reported nothing new for ${idle_timeout_seconds} s${why}.`;
    return { code: "idle_timeout", message, hint: LIMIT_HINT };
  }
  return undefined;
}

import type { END_HOOK_VARIABLES } from "#base/variables.ts";
import { pathExists } from "#base/paths.ts";
import { takeStart } from "#base/text.ts";
import { runProgram } from "#platform/start/run-program.ts";
import { shellCommand } from "#platform/start/start-detached.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { NoticeState } from "#domain/end-notice.ts";
import { elapsedSeconds, type EndedTask } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";

/** Time that the command may take, in milliseconds. */
const COMMAND_TIMEOUT_MS = 30_000;

/** Longest value of a variable in characters: an environment has limited space. */
const MAX_VALUE = 4000;

/**
 * Runs the user's command for the end of a task, at most once: that it is being started is recorded before.
 * @param command shell command from the environment, the only source that is trusted with it
 * @param before state that an earlier process has left
 */
export async function runEndCommand(
  { config }: AppContext,
  command: string,
  task: EndedTask,
  before: NoticeState,
  record: (state: NoticeState) => void,
): Promise<void> {
  if (before.state === "started") return record(KILLED);
  record({ state: "started" });
  const { home, environment } = config;
  const run = await runProgram({
    command: shellCommand(command),
    folder: [task.run_dir, task.cwd].find(pathExists) ?? home,
    environment: { ...environment, ...describeForHook(home, task) },
    input: Buffer.from(`${JSON.stringify(task)}\n`),
    deadlineMs: COMMAND_TIMEOUT_MS,
  }).catch((error: unknown) => ({
    exitCode: undefined,
    signal: undefined,
    timedOut: false,
    fault: error instanceof Error ? error.message : String(error),
  }));
  if (run.exitCode === 0) return record({ state: "done" });
  record({ state: "failed", why: describeEndOf(run) });
}

/** State of a command whose process was killed. It is not run again: it may have done its work. */
export const KILLED: NoticeState = { state: "unknown", why: "the process that ran it was killed, so it may have run" };

function describeEndOf(run: {
  exitCode: number | undefined;
  signal: string | undefined;
  timedOut: boolean;
  fault?: string;
}): string {
  if (run.fault !== undefined) return `it could not be started (${run.fault})`;
  if (run.timedOut) return `it was ended after ${COMMAND_TIMEOUT_MS / 1000} seconds`;
  return run.exitCode === undefined ? `${run.signal ?? "a signal"} ended it` : `exit status ${run.exitCode}`;
}

/** Returns a task's facts as variables. They are values only: none becomes part of the command. */
function describeForHook(home: string, task: EndedTask): Record<string, string> {
  const isFailure = task.status !== "completed";
  const facts: Record<(typeof END_HOOK_VARIABLES)[number], string | undefined> = {
    CODEXMCP_TASK_ID: task.task_id,
    CODEXMCP_TASK_TOPIC: task.topic,
    CODEXMCP_TASK_TITLE: task.title,
    CODEXMCP_TASK_STATUS: task.status,
    CODEXMCP_TASK_SANDBOX: task.sandbox,
    CODEXMCP_TASK_CWD: task.cwd,
    CODEXMCP_TASK_ELAPSED_SECONDS: String(elapsedSeconds(task)),
    CODEXMCP_TASK_RESULT_FILE: task.result === undefined ? undefined : taskPaths(home, task.task_id).result,
    CODEXMCP_TASK_WORKTREE: task.worktree_dir,
    CODEXMCP_TASK_BRANCH: task.agent_branch,
    CODEXMCP_TASK_DIFF_STAT: task.diff_stat,
    CODEXMCP_TASK_CODE: isFailure ? task.code : undefined,
    CODEXMCP_TASK_ERROR: isFailure ? task.error : undefined,
  };
  const values = Object.entries(facts).filter((fact): fact is [string, string] => Boolean(fact[1]));
  return Object.fromEntries(values.map(([name, value]) => [name, takeStart(value.replaceAll("\0", ""), MAX_VALUE)]));
}

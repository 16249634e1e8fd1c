import { logger } from "#base/log.ts";
import type { END_HOOK_VARIABLES } from "#base/variables.ts";
import { pathExists } from "#base/paths.ts";
import { takeStart } from "#base/text.ts";
import { selfCommand } from "#platform/self-command.ts";
import { runProgram } from "#platform/start/run-program.ts";
import { shellCommand, startDetached } from "#platform/start/start-detached.ts";
import { taskPaths } from "#store/store-paths.ts";
import { elapsedSeconds, type EndedTask } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";

/** Time that the command may take, in milliseconds. */
const HOOK_DEADLINE_MS = 30_000;

/** Longest value of a variable in characters: an environment has limited space. */
const MAX_VALUE = 4000;

/**
 * Starts the user's command for the end of a task, if one is configured, in a process that outlives the supervisor: the task's session and
 * locks must not wait for it. A failure changes nothing.
 */
export function startEndHook({ config }: AppContext, task: EndedTask): void {
  if (config.onEnd === undefined) return;
  const folder = [task.run_dir, task.cwd].find(pathExists) ?? config.home;
  const command = [...selfCommand(), "end-hook", "--folder", folder];
  const environment = { ...config.environment, ...describeForHook(config.home, task) };
  void startDetached(command, environment).catch((error: unknown) => {
    logger("app").warn`CODEXMCP_ON_END could not be run after the end of ${task.task_id}: ${String(error)}`;
  });
}

/**
 * Runs the user's command, which is read from the environment only, with a time limit.
 * @returns its exit code; 1 if there is none
 */
export async function runEndHook(command: string, folder: string): Promise<number> {
  const start = { command: shellCommand(command), folder, environment: process.env, deadlineMs: HOOK_DEADLINE_MS };
  return (await runProgram(start)).exitCode ?? 1;
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

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { getGitDir } from "#git/worktree/worktree-link.ts";
import type { Failure } from "#base/errors.ts";
import { readOptionalText } from "#platform/files/read-file.ts";
import { readTail } from "#platform/files/json-lines.ts";
import { logger } from "#base/log.ts";
import { endFamily } from "#platform/process/end-family.ts";
import { startShell } from "#platform/start/start-detached.ts";
import { taskPaths } from "#store/store-paths.ts";
import { helperMarkerOf } from "#domain/names.ts";
import type { RunningTask } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { reachedTotalLimit, TICK_MS } from "./run-clock.ts";
import type { RunContext } from "./supervise-run.ts";
import { familyTraces } from "#tasks/end/end-processes.ts";
import { containRun, removeRunCgroup } from "./run-containment.ts";

/** File in the worktree's own git folder that contains the setup command that has succeeded. */
const READY_FILE = "codexmcp-set-up";
const SETUP_MARKER = "CODEXMCP_SETUP";
const MAX_OUTPUT_CHARACTERS = 600;

/**
 * Runs the configured setup command in a worktree that this server created, once. If it fails, the next task runs it
 * again. The command comes from the environment only: neither a repository nor a caller can set one.
 * @returns why the task cannot run; undefined if it can
 */
export async function setUpWorktree(
  { config }: AppContext,
  task: RunningTask,
  { observer, stop, clock }: RunContext,
): Promise<Failure | undefined> {
  const { worktreeSetup: command } = config;
  const { worktree_dir: worktree, made_here } = task;
  if (command === undefined || worktree === undefined || made_here !== true) return undefined;
  const ready = join(await getGitDir(worktree), READY_FILE);
  if (readOptionalText(ready) === command) return undefined;
  observer.event({ type: "command", text: command });
  const { setupLog } = taskPaths(config.home, task.task_id);
  const helper = helperMarkerOf(config.home, task.task_id);
  // The helper's marker: a process that finds this supervisor dead ends the command.
  const marks = { [helper.name]: helper.value, [SETUP_MARKER]: helper.value };
  const shell = startShell({
    command,
    folder: worktree,
    environment: { ...config.environment, ...marks },
    logFile: setupLog,
    ...containRun(config, task),
  });
  const limits = setInterval(() => {
    const reached = reachedTotalLimit(task, clock);
    if (reached !== undefined) stop.request(reached);
  }, TICK_MS);
  const end = await Promise.race([shell.ended.then((exitCode) => ({ exitCode })), stop.requested]);
  clearInterval(limits);
  const traces = familyTraces(config, task);
  await endFamily({ root: shell.identity, marker: `${SETUP_MARKER}=${helper.value}`, traces });
  // Codex gets a new control group, if it is started at all.
  if (traces.cgroup !== undefined) await removeRunCgroup(config, task, traces.cgroup);
  if (!("exitCode" in end)) return end;
  if (end.exitCode !== 0) return setupFailed(worktree, end.exitCode, setupLog);
  noteReady(ready, command);
  return undefined;
}

/** Records that the command has run. If the disk is full, the next task runs it again. */
function noteReady(file: string, command: string): void {
  try {
    writeFileSync(file, command);
  } catch (error) {
    logger("app").warn`${file} cannot be written: ${String(error)}`;
  }
}

function setupFailed(worktree: string, exitCode: number | null, log: string): Failure {
  const how = exitCode === null ? "was killed by a signal" : `failed with exit status ${exitCode}`;
  const said = readTail(log, MAX_OUTPUT_CHARACTERS).trim();
  return {
    code: "setup_failed",
    message: `The setup command (CODEXMCP_WORKTREE_SETUP) ${how} in ${worktree}, so Codex was not started.${said === "" ? "" : ` Its output: ${said}`}`,
    hint: `See ${log} for its output; the worktree is kept, and the next task in it runs the command again.`,
  };
}

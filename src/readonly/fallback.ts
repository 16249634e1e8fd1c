import { existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "#base/config.ts";
import { logger } from "#base/log.ts";
import { locateCodex } from "#codex/locate.ts";
import { describeProbe, probeSandbox } from "#codex/probe.ts";
import type { CodexStart } from "#codex/process.ts";
import { sessionLock } from "#codex/run/session-file.ts";
import type { RunningTask, TaskRequest } from "#domain/record.ts";
import { makePrivateFolder } from "#platform/files/files.ts";
import { confinedCommand } from "#readonly/confine/confined-command.ts";
import { sandboxProbeCache } from "#store/probe-cache.ts";
import { taskPaths } from "#store/store-paths.ts";
import { writeReadonlyInput } from "#store/tasks/task-folder.ts";
import { inCodexHome, openCodexHome } from "./codex-home.ts";
import { withInstructions } from "./instructions.ts";

/** Returns whether a task runs under the read-only fallback: it only reads, and the fallback is enabled, or needed on this machine. */
export async function needsFallback({ config }: { config: Config }, task: TaskRequest): Promise<boolean> {
  if (task.sandbox !== "read-only" || config.readonlyFallback === "off") return false;
  return config.readonlyFallback === "on" || !(await doesSandboxWork(config));
}

/** Returns whether Codex's own sandbox works, by a probe that is made once per Codex program and container. */
async function doesSandboxWork(config: Config): Promise<boolean> {
  try {
    const program = locateCodex(config);
    const probe = describeProbe(config, program);
    const known = sandboxProbeCache.read(config.home, probe);
    if (known !== undefined) return known;
    const works = await probeSandbox(config, program);
    sandboxProbeCache.write(config.home, probe, works);
    return works;
  } catch (error) {
    // Without a result, Codex's own sandbox is the safe choice: it refuses to run if it does not work.
    logger("readonly").warn`Codex's sandbox could not be probed: ${String(error)}`;
    return true;
  }
}

/**
 * Changes a start of Codex so that the kernel refuses writes, and puts the instructions before the prompt. The processes of one run share
 * its CODEX_HOME.
 */
export function confineStart(config: Config, task: RunningTask, start: CodexStart): CodexStart {
  const paths = taskPaths(config.home, task.task_id);
  const codexHome = existsSync(paths.codexHome) ? paths.codexHome : openCodexHome(config, task);
  writeReadonlyInput(paths, start.promptFile, withInstructions);
  const { temporary, confinement } = paths;
  // The report of the process before says nothing about this one.
  rmSync(confinement, { force: true });
  const [program, ...args] = confinedCommand({
    program: start.program,
    args: start.args,
    folders: { codexHome: paths.codexHome, temporary },
    report: confinement,
    ...(codexHome !== undefined && task.resumes !== undefined && { lock: lockOf(config, task.resumes) }),
  });
  const homeVariables = codexHome === undefined ? {} : { CODEX_HOME: codexHome, CODEX_SQLITE_HOME: codexHome };
  const temporaryVariables = { TMPDIR: temporary, TMP: temporary, TEMP: temporary, TMPPREFIX: `${temporary}/zsh` };
  return {
    ...start,
    program,
    args,
    environment: { ...start.environment, ...homeVariables, ...temporaryVariables },
    promptFile: paths.readonlyInput,
  };
}

/**
 * Returns the lock file of a session in the user's CODEX_HOME, which keeps two runs from writing to it at once; a run's own
 * CODEX_HOME has separate locks.
 */
function lockOf({ codexHome }: Config, sessionId: string): string {
  const lock = sessionLock(codexHome, sessionId);
  inCodexHome(codexHome, () => makePrivateFolder(dirname(lock)));
  return lock;
}

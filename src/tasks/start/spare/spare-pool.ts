import { readdirSync, statSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { describeProgram } from "#codex/capabilities.ts";
import { SYSTEM_CONFIG_FOLDER, userConfigFiles } from "#codex/config-files.ts";
import { threadSettings } from "#codex/engines/thread-settings.ts";
import { locateCodex } from "#codex/locate.ts";
import { mcpServerArguments } from "#codex/mcp-servers.ts";
import type { Config } from "#base/config.ts";
import { logger } from "#base/log.ts";
import { makeSpareId } from "#domain/names.ts";
import type { QueuedTask, Sandbox } from "#domain/record.ts";
import { UNKNOWN_END } from "#codex/process.ts";
import { needsFallback } from "#readonly/fallback.ts";
import { sparePaths } from "#store/store-paths.ts";
import { findQuotaWait } from "#tasks/quota/account-limits.ts";
import type { AppContext } from "#tasks/context.ts";
import { canListenAt, chooseEngine } from "#tasks/start/codex-capabilities.ts";
import { SpareProcess } from "./spare-process.ts";

/** Time after which an idle process is ended, in milliseconds. */
const IDLE_TIMEOUT_MS = 10 * 60_000;
/** Time after the start of a task at which the next process is started, in milliseconds: the task's own start comes first. */
const START_DELAY_MS = 500;
/** Memory that must be available for an idle process, in bytes. */
const MIN_FREE_BYTES = 1024 * 1024 * 1024;

/** Idle process, with what it was started from. */
interface Idle {
  spare: SpareProcess;
  basis: string;
  timer: Timer;
}

/** The one idle process of this program. */
let idle: Idle | undefined;
let isStarting = false;
let isListening = false;

/**
 * Returns a Codex process for a task that is about to be prepared: the idle one, or a new one, which starts while the worktree is made.
 * @returns undefined if the task's supervisor must start Codex itself
 */
export async function claimSpare(context: AppContext, task: QueuedTask): Promise<SpareProcess | undefined> {
  try {
    if (!(await takesSpare(context, task))) return undefined;
    return takeIdle(context.config) ?? SpareProcess.start(context);
  } catch (error) {
    // The supervisor starts Codex, and reports what is wrong.
    logger("app").warn`no Codex process could be started for ${task.task_id}: ${String(error)}`;
    return undefined;
  }
}

/**
 * Starts a process, unless one is idle, for a task that is likely to be claimed in a moment. If it is refused, or cannot use the process,
 * that is the idle one for the next task.
 */
export function expectTask(context: AppContext, sandbox: Sandbox): void {
  const { config } = context;
  const mayFallBack = sandbox === "read-only" && config.readonlyFallback !== "off";
  if (idle === undefined && !mayFallBack && takesSpares(config)) startIdle(context).catch(logFailure);
}

/** Starts an idle process for the next task soon, if there is none. */
export function keepSpare(context: AppContext): void {
  if (idle !== undefined || isStarting) return;
  isStarting = true;
  setTimeout(() => {
    isStarting = false;
    startIdle(context).catch(logFailure);
  }, START_DELAY_MS).unref();
}

/** Returns whether a task can run in a process that was started without it. */
async function takesSpare(context: AppContext, task: QueuedTask): Promise<boolean> {
  const { config } = context;
  // Nor does a process wait with its task for the quota.
  if (!takesSpares(config) || findQuotaWait(config, task) !== undefined) return false;
  // The setup command comes before Codex, and its processes are ended in between.
  if (config.worktreeSetup !== undefined && task.worktree_dir !== undefined) return false;
  if (threadSettings(task, mcpServerArguments(config, task)) === undefined) return false;
  return !(await needsFallback(context, task));
}

/** Returns whether processes are started before their tasks. */
function takesSpares(config: Config): boolean {
  // With a limit, a task may have to wait: its process would, too.
  if (!config.hasSpare || config.maxConcurrent > 0 || chooseEngine(config) !== "app-server") return false;
  return canListenAt(config, sparePaths(config.home, makeSpareId("")).socket);
}

function logFailure(error: unknown): void {
  logger("app").warn`no spare Codex process could be started: ${String(error)}`;
}

function takeIdle(config: Config): SpareProcess | undefined {
  if (idle === undefined) return undefined;
  const { spare, basis, timer } = idle;
  idle = undefined;
  clearTimeout(timer);
  if (spare.isAlive && basis === describeBasis(config)) return spare;
  void spare.end();
  return undefined;
}

async function startIdle(context: AppContext): Promise<void> {
  if (idle !== undefined || freemem() < MIN_FREE_BYTES) return;
  endAtExit();
  const basis = describeBasis(context.config);
  const spare = SpareProcess.start(context);
  if (spare === undefined) return;
  const drop = () => {
    if (idle?.spare !== spare) return;
    clearTimeout(idle.timer);
    idle = undefined;
    void spare.end();
  };
  idle = { spare, basis, timer: setTimeout(drop, IDLE_TIMEOUT_MS).unref() };
  const ended = spare.exited.then(() => UNKNOWN_END);
  void ended.then(drop);
  try {
    const { connect } = await import("#codex/engines/turns/thread.ts");
    // It also does here what an app-server does once, at its first connection.
    const connection = await connect({ socket: sparePaths(context.config.home, spare.id).socket }, ended, {
      notified: () => {},
      asked: refuse,
    });
    connection.close();
  } catch (error) {
    logger("app").warn`the spare Codex process is not usable: ${String(error)}`;
    drop();
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new Error("This process has no task yet."));
}

function endAtExit(): void {
  if (isListening) return;
  isListening = true;
  process.on("exit", () => idle?.spare.removeFolder());
}

/** Files, beside the configuration itself, that Codex may have read when it started. */
const READ_AT_START = ["auth.json", ".env", "hooks.json", "managed_config.toml", "requirements.toml", "AGENTS.md"];

/** Describes what a process started now would be made from, apart from this program's environment: Codex, its configuration and login. */
function describeBasis(config: Config): string {
  const { codexHome } = config;
  const rules = join(codexHome, "rules");
  const files = [
    ...userConfigFiles(codexHome, undefined),
    ...READ_AT_START.flatMap((name) => [join(codexHome, name), join(SYSTEM_CONFIG_FOLDER, name)]),
    join(SYSTEM_CONFIG_FOLDER, "config.toml"),
    ...listFolder(rules),
  ];
  return JSON.stringify([describeProgram(locateCodex(config)), ...files.map(describeFile)]);
}

function describeFile(path: string): unknown[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? [path] : [path, stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino];
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

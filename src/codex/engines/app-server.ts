import { closeSync, openSync } from "node:fs";
import { isProcessAlive, type ProcessIdentity, signalProcess } from "#platform/process/identity.ts";
import { adoptCodex, type CodexProcess, type CodexStart, type ProcessEnd, spawnCodex } from "#codex/process.ts";
import type { Channel } from "#codex/engines/connection/channel.ts";
import { LogWriter } from "./log-writer.ts";
import { makePipes } from "#codex/engines/connection/pipes.ts";
import { TurnDriver } from "#codex/engines/turns/turn-driver.ts";
import type { TurnRequest } from "./turn-request.ts";

/** Files of a run that the app-server engine uses. */
export interface AppServerFiles {
  channel: Channel;
  log: string;
}

/** Time after which an app-server that was asked to end is left to the end of the run's processes, in milliseconds. */
const END_TIMEOUT_MS = 2000;
/** Interval for polling a process that is not our child, in milliseconds. */
const POLL_INTERVAL_MS = 50;
/** Interval for polling a process that was asked to end, in milliseconds. */
const GONE_POLL_MS = 5;

/** Starts an app-server for one run and its turn. It outlives this process: see {@link adoptAppServer}. */
export function startAppServer(start: CodexStart, files: AppServerFiles, turn: TurnRequest): CodexProcess {
  const { channel } = files;
  const stderr = openSync(start.stderrFile, "a", 0o600);
  const [input, output] = "pipes" in channel ? makePipes(channel.pipes) : [];
  try {
    const stdio = [input ?? "ignore", output ?? stderr, stderr] as const;
    const { identity, ended } = spawnCodex(start, stdio);
    return driveTurns(identity, ended, files, turn, false);
  } finally {
    for (const file of [stderr, input, output]) if (file !== undefined) closeSync(file);
  }
}

/**
 * Adopts an app-server that another process started.
 * @param isBegun whether an earlier supervisor may have begun the run: the log is then completed from what the thread has
 */
export function adoptAppServer(
  identity: ProcessIdentity,
  files: AppServerFiles,
  turn: TurnRequest,
  isBegun: boolean,
): CodexProcess {
  const { ended } = adoptCodex(identity, POLL_INTERVAL_MS);
  const driven = driveTurns(identity, ended, files, turn, isBegun);
  return isBegun ? { ...driven, isAdopted: true } : driven;
}

/** Drives the turns of a run. Its end is not delayed by that of the process, which is asked to end then. */
function driveTurns(
  identity: ProcessIdentity,
  exited: Promise<ProcessEnd>,
  files: AppServerFiles,
  turn: TurnRequest,
  isBegun: boolean,
): CodexProcess {
  const ended = runTurns(exited, files, turn, isBegun);
  return { identity, ended, gone: ended.then(() => endServer(identity)) };
}

async function runTurns(
  exited: Promise<ProcessEnd>,
  files: AppServerFiles,
  turn: TurnRequest,
  isBegun: boolean,
): Promise<ProcessEnd> {
  const log = new LogWriter(files.log);
  const died = exited.then((end) => ({ end }));
  const driver = new TurnDriver(turn, log, isBegun ? log.read() : undefined);
  const driven = driver.run(files.channel, exited);
  const first = await Promise.race([driven, died]);
  // One that dies before it has done anything is reported by the driver.
  const outcome = typeof first === "object" && !driver.hasThread ? await driven : first;
  if (typeof outcome === "object") return outcome.end;
  const result = { exitCode: outcome === "completed" ? 0 : 1, signal: undefined };
  return outcome === "unusable" ? { ...result, isUnusable: true } : result;
}

/** Asks an app-server to end, which an idle one does at once, and waits until it is gone. */
async function endServer(identity: ProcessIdentity): Promise<void> {
  signalProcess(identity, "SIGTERM");
  const deadline = performance.now() + END_TIMEOUT_MS;
  while (isProcessAlive(identity) && performance.now() < deadline) await Bun.sleep(GONE_POLL_MS);
}

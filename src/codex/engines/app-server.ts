import { closeSync, openSync } from "node:fs";
import { type ProcessIdentity, signalProcess } from "#platform/process/identity.ts";
import { adoptCodex, type CodexProcess, type CodexStart, type ProcessEnd, spawnCodex } from "#codex/process.ts";
import { LogWriter } from "./log-writer.ts";
import { makePipes } from "./pipes.ts";
import type { Channel } from "./thread.ts";
import { TurnDriver } from "./turn-driver.ts";
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

/** Starts an app-server for one run and its turn. It outlives this process: see {@link adoptAppServer}. */
export function startAppServer(start: CodexStart, files: AppServerFiles, turn: TurnRequest): CodexProcess {
  const { channel } = files;
  const stderr = openSync(start.stderrFile, "a", 0o600);
  const [input, output] = "pipes" in channel ? makePipes(channel.pipes) : [];
  try {
    const stdio = [input ?? "ignore", output ?? stderr, stderr] as const;
    const { identity, ended } = spawnCodex(start, stdio);
    return { identity, ended: runTurn(identity, ended, files, turn, false) };
  } finally {
    for (const file of [stderr, input, output]) if (file !== undefined) closeSync(file);
  }
}

/** Returns the arguments of Codex that make it serve a channel. */
export function listenArguments(channel: Channel): string[] {
  return ["app-server", "--listen", "pipes" in channel ? "stdio://" : `unix://${channel.socket}`];
}

/** Adopts an app-server that another supervisor started, and completes the run's log from what the thread has. */
export function adoptAppServer(identity: ProcessIdentity, files: AppServerFiles, turn: TurnRequest): CodexProcess {
  const { ended } = adoptCodex(identity, POLL_INTERVAL_MS);
  return { identity, ended: runTurn(identity, ended, files, turn, true), isAdopted: true };
}

async function runTurn(
  identity: ProcessIdentity,
  exited: Promise<ProcessEnd>,
  files: AppServerFiles,
  turn: TurnRequest,
  isAdopted: boolean,
): Promise<ProcessEnd> {
  const log = new LogWriter(files.log);
  const died = exited.then((end) => ({ end }));
  const driver = new TurnDriver(turn, log, isAdopted ? log.read() : undefined);
  const driven = driver.run(files.channel, exited);
  const first = await Promise.race([driven, died]);
  // One that dies before it has done anything is reported by the driver.
  const outcome = typeof first === "object" && !driver.hasThread ? await driven : first;
  if (typeof outcome === "object") return outcome.end;
  // Idle, it ends at once.
  signalProcess(identity, "SIGTERM");
  await Promise.race([exited, Bun.sleep(END_TIMEOUT_MS)]);
  const result = { exitCode: outcome === "completed" ? 0 : 1, signal: undefined };
  return outcome === "unusable" ? { ...result, isUnusable: true } : result;
}

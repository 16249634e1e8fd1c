import { randomUUID } from "node:crypto";
import { MAX_TIMER_MS } from "#base/concurrency.ts";
import type { CheckOutcome } from "#domain/check.ts";
import { endFamily } from "#platform/process/end-family.ts";
import { type CapturedEnd, type CapturedStart, runCaptured } from "#platform/start/run-captured.ts";
import { shellCommand } from "#platform/start/start-detached.ts";

/** Command to run as a check, with its limits. */
export interface CheckRun {
  /** Shell command; exit status 0 means passed. */
  command: string;
  folder: string;
  /** Complete environment of the command. */
  environment: Record<string, string>;
  /** File for its output, up to a limit: the beginning and the end. */
  outputFile: string;
  /** Time after which it is ended, in milliseconds; 0: never. */
  timeoutMs: number;
  /** Signal that ends it like the timeout. */
  signal: AbortSignal;
  /** Words of the program that runs the command in a sandbox; without them, there is none. */
  sandboxed?: readonly string[] | undefined;
  /** Control group and lock by which its processes are found again. */
  containment?: { cgroup: string | undefined; lockFile: string | undefined } | undefined;
}

/** End of a check. */
export interface CheckEnd {
  /** Exit status; absent if there is none. */
  exitCode?: number;
  seconds: number;
  /** End of the output, as readable text. */
  outputTail: string;
  /** Reason why there is no exit status, as a clause. */
  why?: string;
}

/** Returns what the end of a check says about its outcome. */
export function outcomeOf({ exitCode, seconds, outputTail, why }: CheckEnd): CheckEndFacts {
  return {
    passed: exitCode === 0,
    ...(exitCode !== undefined && { exit_code: exitCode }),
    seconds,
    output_tail: outputTail,
    ...(why !== undefined && { why }),
  };
}

type CheckEndFacts = Pick<CheckOutcome, "passed" | "exit_code" | "seconds" | "output_tail" | "why">;

/** Variable that marks the processes of one check. */
const CHECK_MARKER = "CODEXMCP_CHECK_RUN";
const STOPPED = "it was stopped";

/**
 * Runs a command that checks work. It ends when the command exits, or at its timeout, or when `signal` aborts; in each case every process
 * that it has started is ended, too. A command that cannot be started, or does not end by itself, has no exit status.
 */
export async function runCheck(run: CheckRun): Promise<CheckEnd> {
  if (run.signal.aborted) return { seconds: 0, outputTail: "", why: STOPPED };
  const started = performance.now();
  const marker = randomUUID();
  const start: CapturedStart = {
    command: [...(run.sandboxed ?? []), ...shellCommand(run.command)],
    folder: run.folder,
    environment: { ...run.environment, [CHECK_MARKER]: marker },
    outputFile: run.outputFile,
    cgroup: run.containment?.cgroup,
    lockFile: run.containment?.lockFile,
  };
  const stop = watchLimits(run);
  const end = await runCaptured(start, stop.requested, (root) =>
    endFamily({ root, marker: `${CHECK_MARKER}=${marker}`, traces: { cgroup: run.containment?.cgroup } }),
  ).catch(notStarted);
  stop.close();
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  return { ...describeEnd(end), seconds, outputTail: end.tail };
}

function notStarted(error: unknown): CapturedEnd {
  const message = error instanceof Error ? error.message : String(error);
  return { exitCode: undefined, signal: undefined, why: `it could not be started: ${message}`, tail: "" };
}

function describeEnd({ exitCode, signal, why }: CapturedEnd): Pick<CheckEnd, "exitCode" | "why"> {
  if (why !== undefined) return { why };
  if (signal !== undefined) return { why: `${signal} ended it` };
  return exitCode === undefined ? { why: "its end is unknown" } : { exitCode };
}

/** Returns a promise of the reason for which a check is to be ended. */
function watchLimits({ timeoutMs, signal }: CheckRun): { requested: Promise<string>; close: () => void } {
  const { promise: requested, resolve } = Promise.withResolvers<string>();
  const abort = () => resolve(STOPPED);
  const late = () => resolve(`it took longer than ${timeoutMs / 1000} s`);
  const timer = timeoutMs === 0 ? undefined : setTimeout(late, Math.min(timeoutMs, MAX_TIMER_MS));
  signal.addEventListener("abort", abort, { once: true });
  const close = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  };
  return { requested, close };
}

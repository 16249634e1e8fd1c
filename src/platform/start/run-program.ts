import { closeSync } from "node:fs";
import type { ReadableStreamDefaultReader } from "node:stream/web";
import { tryFlock } from "#platform/flock.ts";
import { processSystem } from "#platform/process/system.ts";
import { endGroup, limitMemory, startOwned, withOwnedGroup } from "./process-group.ts";

/** Program to run, with its limits. */
export interface ProgramStart {
  /** Program and its arguments; they are not interpreted by a shell. */
  command: readonly string[];
  folder: string;
  /** Complete environment of the program. */
  environment: Record<string, string | undefined>;
  /** Standard input; default: empty. It never inherits ours. */
  input?: Uint8Array | undefined;
  /** Open file for the standard output, which is then not captured. */
  outputFile?: number | undefined;
  /** Open file for the standard error, which is then not captured. */
  errorFile?: number | undefined;
  /** Timeout in milliseconds, after which the program is ended with every process of its group. */
  deadlineMs: number;
  /** Signal that ends the program like the deadline. */
  signal?: AbortSignal | undefined;
  /** Maximum size of the standard output in bytes; more output ends the program. Default {@link MAX_OUTPUT_BYTES}. */
  maxOutputBytes?: number | undefined;
  /** Maximum memory that the program, and each process it starts, may allocate, in bytes; not supported on Windows. */
  maxMemoryBytes?: number | undefined;
  /** Whether the program is ended when it waits for the other end of a named pipe, which may never be opened; only on Linux. */
  endsWhenBlocked?: boolean | undefined;
  /** File that stays locked while the program, or a process that inherits the open file from it, lives. */
  lockFile?: string | undefined;
  /** Whether the program keeps running when this process ends. */
  outlivesUs?: boolean | undefined;
}

/** Result of a program, with its output. */
export interface ProgramResult {
  /** Exit code; undefined if a signal ended the program. */
  exitCode: number | undefined;
  signal: string | undefined;
  timedOut: boolean;
  aborted: boolean;
  /** Whether it was ended because it waited for a named pipe. */
  blocked: boolean;
  /** Whether it was ended because it wrote more than the limit. */
  overflowed: boolean;
  stdout: Buffer;
  /** Standard error: its beginning and its end, at most {@link MAX_ERROR_BYTES}. */
  stderr: Buffer;
}

/** Default limit of the standard output, in bytes. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** Maximum size of the captured standard error, in bytes. */
const MAX_ERROR_BYTES = 256 * 1024;
/** Part of it reserved for the end, in bytes; the end explains the program's exit. */
const LAST_BYTES = 4096;

/**
 * Silence in milliseconds after the program's exit that counts as the end of its output: a leftover process may keep the pipe open forever.
 */
const PIPE_GRACE_MS = 500;
/** Time for SIGKILL to take effect, in milliseconds: the kernel may hold a process, e.g. on a file system that does not respond. */
const KILL_GRACE_MS = 2000;
/** Time that a program has to end after SIGTERM, in milliseconds. */
const TERM_GRACE_MS = 1000;
/** Interval between checks whether a program is blocked, in milliseconds. */
const BLOCKED_CHECK_MS = 1000;

/**
 * Runs a program in its own session, so without a terminal, and captures its output. It ends when the program exits: leftover processes are
 * not waited for.
 * @throws the system's error if the program cannot be started
 */
export async function runProgram(start: ProgramStart): Promise<ProgramResult> {
  return start.signal?.aborted === true ? notStarted() : follow(spawn(start, start.input ?? "ignore"), start);
}

/** Running program whose standard input is open. */
export interface RunningProgram {
  stdin: Bun.FileSink;
  ended: Promise<ProgramResult>;
  kill: () => void;
}

/**
 * Starts a program like {@link runProgram}.
 * @throws the system's error if it cannot be started
 */
export function startProgram(start: ProgramStart): RunningProgram {
  const child = spawn(start, "pipe");
  return { stdin: child.stdin, ended: follow(child, start), kill: () => endGroup(child.pid) };
}

function spawn<Input extends "ignore" | "pipe" | Uint8Array>(start: ProgramStart, input: Input) {
  const lock = start.lockFile === undefined ? undefined : tryFlock(start.lockFile) || undefined;
  const command = limitMemory(start.command, start.maxMemoryBytes);
  const begin = () =>
    Bun.spawn(command, {
      cwd: start.folder,
      env: start.environment,
      stdio: [input, start.outputFile ?? "pipe", start.errorFile ?? "pipe", ...(lock === undefined ? [] : [lock])],
      detached: true,
    });
  try {
    return start.outlivesUs === true ? begin() : startOwned(begin);
  } finally {
    // Our descriptor would keep it locked.
    if (lock !== undefined) closeSync(lock);
  }
}

async function follow(child: Bun.Subprocess, start: ProgramStart): Promise<ProgramResult> {
  const end = new EndRequest(child.pid);
  const maxBytes = start.maxOutputBytes ?? MAX_OUTPUT_BYTES;
  const output = new BoundedReader(streamOf(child.stdout), maxBytes, () => end.request("overflowed"));
  const errors = new BoundedReader(streamOf(child.stderr), MAX_ERROR_BYTES - LAST_BYTES);
  const stopWatching = watchLimits(child.pid, start, end);
  const owned = start.outlivesUs === true ? undefined : child.pid;
  try {
    await withOwnedGroup(owned, () => Promise.race([child.exited, end.isOverdue]));
  } finally {
    stopWatching();
    end.kill();
  }
  const isEnded = end.reason !== undefined;
  await Promise.all([output.finish(isEnded), errors.finish(isEnded)]);
  return {
    exitCode: child.signalCode === null ? (child.exitCode ?? undefined) : undefined,
    signal: child.signalCode === null ? undefined : String(child.signalCode),
    timedOut: end.reason === "timedOut",
    aborted: end.reason === "aborted",
    blocked: end.reason === "blocked",
    overflowed: end.reason === "overflowed",
    stdout: output.content(),
    stderr: errors.contentAndEnd(),
  };
}

function streamOf(stream: Bun.Subprocess["stdout"]): ReadableStream<Uint8Array> | undefined {
  return stream instanceof ReadableStream ? stream : undefined;
}

function notStarted(): ProgramResult {
  const nothing = Buffer.alloc(0);
  const flags = { timedOut: false, aborted: true, blocked: false, overflowed: false };
  return { exitCode: undefined, signal: undefined, ...flags, stdout: nothing, stderr: nothing };
}

type EndReason = "timedOut" | "aborted" | "blocked" | "overflowed";

/** Request to end a program, with the first reason given. */
class EndRequest {
  reason: EndReason | undefined;
  /** Promise that resolves if the program is still running long after it should have ended. */
  readonly isOverdue: Promise<void>;
  readonly #pid: number;
  #onOverdue: () => void = () => {};

  constructor(pid: number) {
    this.#pid = pid;
    this.isOverdue = new Promise((resolve) => (this.#onOverdue = resolve));
  }

  request(reason: EndReason): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    // On SIGTERM git removes its lock files; a blocked process does not handle the signal.
    const isPolite = reason === "timedOut" || reason === "aborted";
    endGroup(this.#pid, isPolite ? "SIGTERM" : "SIGKILL");
    setTimeout(() => this.kill(), isPolite ? TERM_GRACE_MS : 0).unref();
    setTimeout(this.#onOverdue, TERM_GRACE_MS + KILL_GRACE_MS).unref();
  }

  /** Kills the remaining processes of the group. */
  kill(): void {
    if (this.reason !== undefined) endGroup(this.#pid);
  }
}

function watchLimits(pid: number, { deadlineMs, signal, endsWhenBlocked }: ProgramStart, end: EndRequest): () => void {
  const deadline = setTimeout(() => end.request("timedOut"), deadlineMs);
  const abort = () => end.request("aborted");
  signal?.addEventListener("abort", abort, { once: true });
  let blockedChecks = 0;
  const check = () => {
    // Require two consecutive checks: if a process serves the pipe, it opens the other end within that time.
    blockedChecks = processSystem.isBlockedOnPipe(pid) ? blockedChecks + 1 : 0;
    if (blockedChecks > 1) end.request("blocked");
  };
  const checking = endsWhenBlocked === true ? setInterval(check, BLOCKED_CHECK_MS) : undefined;
  return () => {
    clearTimeout(deadline);
    clearInterval(checking);
    signal?.removeEventListener("abort", abort);
  };
}

/** Reader of a pipe with a limit; further output is read and dropped, so that the writer does not block. */
class BoundedReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #maxBytes: number;
  readonly #onOverflow: (() => void) | undefined;
  readonly #chunks: Uint8Array[] = [];
  #last: Buffer = Buffer.alloc(0);
  readonly #done: Promise<void>;
  #bytes = 0;
  #lastRead = 0;

  constructor(stream: ReadableStream<Uint8Array> | undefined, maxBytes: number, onOverflow?: () => void) {
    this.#reader = stream?.getReader();
    this.#maxBytes = maxBytes;
    this.#onOverflow = onOverflow;
    this.#done = this.#read().catch(() => {});
  }

  async #read(): Promise<void> {
    for (;;) {
      const next = await this.#reader?.read();
      if (next?.value === undefined) return;
      this.#lastRead = performance.now();
      const left = this.#maxBytes - this.#bytes;
      if (left > 0) this.#chunks.push(next.value.subarray(0, left));
      const beyond = next.value.subarray(Math.max(left, 0));
      if (beyond.length > 0) this.#last = Buffer.concat([this.#last, beyond]).subarray(-LAST_BYTES);
      this.#bytes += next.value.length;
      if (this.#bytes > this.#maxBytes) this.#onOverflow?.();
    }
  }

  /** Reads the remaining output after the program's exit, or stops reading. */
  async finish(atOnce: boolean): Promise<void> {
    const exited = performance.now();
    for (let left = atOnce ? 0 : PIPE_GRACE_MS; left > 0;) {
      const isDone = await Promise.race([this.#done.then(() => true), Bun.sleep(left).then(() => false)]);
      left = isDone ? 0 : PIPE_GRACE_MS - (performance.now() - Math.max(exited, this.#lastRead));
    }
    void this.#reader?.cancel().catch(() => {});
  }

  content(): Buffer {
    return Buffer.concat(this.#chunks, Math.min(this.#bytes, this.#maxBytes));
  }

  /** Returns the beginning and the end of the output. */
  contentAndEnd(): Buffer {
    return Buffer.concat([this.content(), this.#last]);
  }
}

import { closeSync } from "node:fs";
import type { ReadableStreamDefaultReader } from "node:stream/web";
import { isBlockedOnPipe } from "./blocked-process.ts";
import { tryFlock } from "#platform/flock.ts";
import { endGroup, limitMemory, startOwned, withOwnedGroup } from "./process-group.ts";

/** A program, and what bounds it. */
export interface ProgramStart {
  /** The program and its arguments; no shell reads them. */
  command: readonly string[];
  folder: string;
  /** All of its environment. */
  environment: Record<string, string | undefined>;
  /** Its standard input; without it, an empty one. It never gets ours. */
  input?: Uint8Array | undefined;
  /** An open file for its standard output, which is then not read here. */
  outputFile?: number | undefined;
  /** The same for its standard error. */
  errorFile?: number | undefined;
  /** After this time the program is ended, with every process of its group. */
  deadlineMs: number;
  /** Ends the program as the deadline does. */
  signal?: AbortSignal | undefined;
  /** A longer standard output ends the program. Default {@link MAX_OUTPUT_BYTES}. */
  maxOutputBytes?: number | undefined;
  /** Limit of the memory that the program, and each that it starts, may allocate; not on Windows. */
  maxMemoryBytes?: number | undefined;
  /** Ends the program when it waits for the other end of a named pipe, which nobody may ever open; only on Linux. */
  endsWhenBlocked?: boolean | undefined;
  /** Locked for as long as the program, or what inherits the open file from it, lives. */
  lockFile?: string | undefined;
  /** Whether the program runs on when this process ends. */
  outlivesUs?: boolean | undefined;
}

/** End of a program, and what it wrote. */
export interface ProgramResult {
  /** Undefined where a signal ended it. */
  exitCode: number | undefined;
  signal: string | undefined;
  timedOut: boolean;
  aborted: boolean;
  /** It was ended because it waited for a named pipe. */
  blocked: boolean;
  /** It was ended because it wrote more than is read. */
  overflowed: boolean;
  stdout: Buffer;
  /** At most {@link MAX_ERROR_BYTES} of it: its beginning, and its end. */
  stderr: Buffer;
}

/** Default limit of a standard output. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** Bytes that are kept of a program's standard error. */
const MAX_ERROR_BYTES = 256 * 1024;
/** Part of them that is its end, which says how the program ended. */
const LAST_BYTES = 4096;

/** A process that was left behind may hold a pipe open for ever: after the program's end, so long a silence is the end. */
const PIPE_GRACE_MS = 500;
/** A process that SIGKILL does not end at once is held by the kernel, e.g. by a file system that does not answer. */
const KILL_GRACE_MS = 2000;
/** Time in which a program that is asked to end may do so. */
const TERM_GRACE_MS = 1000;
/** Pause between two checks whether a program is blocked. */
const BLOCKED_LOOK_MS = 1000;

/**
 * Runs a program to its end in a session of its own, so without a terminal, and reads what it writes. Its end is its exit:
 * processes that it leaves behind are not waited for.
 * @throws what the system says where it cannot be started
 */
export async function runProgram(start: ProgramStart): Promise<ProgramResult> {
  return start.signal?.aborted === true ? notStarted() : follow(spawn(start, start.input ?? "ignore"), start);
}

/** A program that is written to while it runs. */
export interface RunningProgram {
  stdin: Bun.FileSink;
  ended: Promise<ProgramResult>;
  kill: () => void;
}

/** Starts a program as {@link runProgram} does. @throws what the system says where it cannot be started */
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
    // Ours would keep it locked.
    if (lock !== undefined) closeSync(lock);
  }
}

async function follow(child: Bun.Subprocess, start: ProgramStart): Promise<ProgramResult> {
  const end = new EndRequest(child.pid);
  const maxBytes = start.maxOutputBytes ?? MAX_OUTPUT_BYTES;
  const output = new BoundedReader(streamOf(child.stdout), maxBytes, () => end.ask("overflowed"));
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

/** The wish that a program ends, for the reason that came first. */
class EndRequest {
  reason: EndReason | undefined;
  /** Resolves where the program is still there long after it was to be ended. */
  readonly isOverdue: Promise<void>;
  readonly #pid: number;
  #giveUp: () => void = () => {};

  constructor(pid: number) {
    this.#pid = pid;
    this.isOverdue = new Promise((resolve) => (this.#giveUp = resolve));
  }

  ask(reason: EndReason): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    // git takes its lock files along where it is asked; one that hangs does not hear it.
    const isPolite = reason === "timedOut" || reason === "aborted";
    endGroup(this.#pid, isPolite ? "SIGTERM" : "SIGKILL");
    setTimeout(() => this.kill(), isPolite ? TERM_GRACE_MS : 0).unref();
    setTimeout(this.#giveUp, TERM_GRACE_MS + KILL_GRACE_MS).unref();
  }

  /** Ends what is left of the group. */
  kill(): void {
    if (this.reason !== undefined) endGroup(this.#pid);
  }
}

function watchLimits(pid: number, { deadlineMs, signal, endsWhenBlocked }: ProgramStart, end: EndRequest): () => void {
  const deadline = setTimeout(() => end.ask("timedOut"), deadlineMs);
  const abort = () => end.ask("aborted");
  signal?.addEventListener("abort", abort, { once: true });
  let looks = 0;
  const look = () => {
    // Twice in a row: whoever serves a pipe opens it within that time.
    looks = isBlockedOnPipe(pid) ? looks + 1 : 0;
    if (looks > 1) end.ask("blocked");
  };
  const looking = endsWhenBlocked === true ? setInterval(look, BLOCKED_LOOK_MS) : undefined;
  return () => {
    clearTimeout(deadline);
    clearInterval(looking);
    signal?.removeEventListener("abort", abort);
  };
}

/** Reads a pipe up to a limit; what comes after it is read and dropped, so that the writer is not held up. */
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

  /** Reads what is there after the program's end, or nothing more. */
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

  /** Returns what was read first, and last. */
  contentAndEnd(): Buffer {
    return Buffer.concat([this.content(), this.#last]);
  }
}

import type { ReadableStreamDefaultReader } from "node:stream/web";
import { IS_WINDOWS } from "#base/system.ts";
import { identifyProcess, type ProcessIdentity } from "#platform/process/identity.ts";
import { OutputFile } from "./output-file.ts";
import { startOwned, withOwnedGroup } from "./process-group.ts";
import { startContained } from "./start-detached.ts";

/** Program whose output goes to a file, up to a limit. */
export interface CapturedStart {
  command: readonly string[];
  folder: string;
  environment: Record<string, string>;
  /** File that gets the output: see {@link OutputFile}. */
  outputFile: string;
  /** Control group for the program, if available. */
  cgroup: string | undefined;
  /** File that stays locked while the program lives. */
  lockFile: string | undefined;
}

/** End of such a program. */
export interface CapturedEnd {
  exitCode: number | undefined;
  signal: string | undefined;
  /** Reason for which it was ended, if it did not end by itself. */
  why: string | undefined;
  /** End of the output, as readable text. */
  tail: string;
}

/** Silence in milliseconds after the program's end that counts as the end of its output: a process that could not be ended may hold the pipe. */
const PIPE_GRACE_MS = 500;

/** Script that gives a program one pipe for both its outputs, which keeps their order. */
const JOIN_OUTPUTS = 'exec "$@" 2>&1';

/**
 * Runs a program in its own session until it exits, or is to stop. Its end is the exit: processes that still hold its output are not
 * waited for. It ends with this process, except by SIGKILL.
 * @param stop resolves, with the reason, when it is to end
 * @param endAll ends the program and all that it has started; called in any case
 * @throws the system's error if it cannot be started
 */
export async function runCaptured(
  start: CapturedStart,
  stop: Promise<string>,
  endAll: (root: ProcessIdentity | undefined) => Promise<unknown>,
): Promise<CapturedEnd> {
  const command = IS_WINDOWS ? start.command : ["/bin/sh", "-c", JOIN_OUTPUTS, "sh", ...start.command];
  const output = new OutputFile(start.outputFile);
  try {
    const child = startOwned(() => startContained({ ...start, command, stdio: ["ignore", "pipe", "pipe"] }));
    const root = identifyProcess(child.pid);
    const reading = [child.stdout, child.stderr].map((stream) => new PipeReader(stream, output));
    const why = await withOwnedGroup(child.pid, async () => {
      const reason = await Promise.race([child.exited.then(() => undefined), stop]);
      await endAll(root);
      return reason;
    });
    await Promise.all(reading.map((reader) => reader.finish()));
    return {
      exitCode: child.signalCode === null ? (child.exitCode ?? undefined) : undefined,
      signal: child.signalCode === null ? undefined : String(child.signalCode),
      why,
      tail: output.tail(),
    };
  } finally {
    output.close();
  }
}

/** Reader of a pipe that passes everything on as it comes, so that the writer does not block. */
class PipeReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #done: Promise<void>;
  #lastRead = performance.now();

  constructor(stream: Bun.Subprocess["stdout"], output: OutputFile) {
    this.#reader = stream instanceof ReadableStream ? stream.getReader() : undefined;
    this.#done = this.#read(output).catch(() => {});
  }

  async #read(output: OutputFile): Promise<void> {
    for (;;) {
      const next = await this.#reader?.read();
      if (next?.value === undefined) return;
      this.#lastRead = performance.now();
      output.write(next.value);
    }
  }

  /** Reads what is left after the program's end. */
  async finish(): Promise<void> {
    for (let isDone = false; !isDone;) {
      isDone = await Promise.race([this.#done.then(() => true), Bun.sleep(PIPE_GRACE_MS).then(() => false)]);
      if (performance.now() - this.#lastRead >= PIPE_GRACE_MS) break;
    }
    void this.#reader?.cancel().catch(() => {});
  }
}

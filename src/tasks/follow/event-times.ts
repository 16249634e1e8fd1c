import { closeSync, constants, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { logger } from "#base/log.ts";
import { tryReadText } from "#platform/files/read-file.ts";

/** Largest number of times that are recorded for a run. */
const MAX_TIMES = 100_000;

/** Returns the file beside a run's log that has the times at which it grew: Codex's events have none. */
function timesFile(logFile: string): string {
  return join(dirname(logFile), "codex-exec.times");
}

/** Flags for the file: an agent that puts a pipe or a link in its place must not block or lead the supervisor. */
const APPEND_FLAGS =
  constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_APPEND |
  (constants.O_NONBLOCK ?? 0) |
  (constants.O_NOFOLLOW ?? 0);

/** Recorder of the times at which a run's log grew, one line `<bytes> <milliseconds>` each. */
export class EventTimes {
  readonly #path: string;
  #file: number | undefined;
  #bytes = 0;
  #left = MAX_TIMES;

  constructor(logFile: string) {
    this.#path = timesFile(logFile);
  }

  /** Records that the log has this size now. After a failure, such as a full disk, nothing more is recorded. */
  record(bytes: number): void {
    if (bytes <= this.#bytes || this.#left === 0) return;
    this.#bytes = bytes;
    try {
      this.#file ??= openSync(this.#path, APPEND_FLAGS, 0o600);
      writeSync(this.#file, `${bytes} ${Date.now()}\n`);
      this.#left--;
    } catch (error) {
      this.#left = 0;
      logger("app").debug`${this.#path} cannot be written: ${String(error)}`;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#left = 0;
  }
}

/**
 * Reads when the lines of a run's log were written.
 * @returns a function that returns the time for the offset after a line, for offsets that do not decrease; undefined if it is not known
 */
export function readEventTimes(logFile: string): (offset: number) => Date | undefined {
  const lines = (tryReadText(timesFile(logFile)) ?? "").split("\n").slice(0, MAX_TIMES);
  let index = 0;
  return (offset) => {
    while (index < lines.length && !(Number.parseInt(lines[index] ?? "", 10) >= offset)) index++;
    const time = new Date(Number(lines[index]?.split(" ")[1] ?? Number.NaN));
    return Number.isNaN(time.getTime()) ? undefined : time;
  };
}

import { appendFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tryReadText } from "#platform/files/read-file.ts";

/** Largest number of times that are recorded for a run. */
const MAX_TIMES = 100_000;

/** Returns the file beside a run's log that has the times at which it grew: Codex's events have none. */
function timesFile(logFile: string): string {
  return join(dirname(logFile), "codex-exec.times");
}

/** Recorder of the times at which a run's log grew, one line `<bytes> <milliseconds>` each. */
export class EventTimes {
  readonly #file: string;
  #bytes = 0;
  #count = 0;

  constructor(logFile: string) {
    this.#file = timesFile(logFile);
  }

  /** Records that the log has this size now. @throws the system's error, e.g. on a full disk */
  record(bytes: number): void {
    if (bytes <= this.#bytes || this.#count >= MAX_TIMES) return;
    this.#bytes = bytes;
    this.#count++;
    appendFileSync(this.#file, `${bytes} ${Date.now()}\n`, { mode: 0o600 });
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

import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { configureSync, getLogger, type Logger, type LogLevel, type LogRecord } from "@logtape/logtape";
import { makeVisible } from "./visible-text.ts";

const ROOT = "codexmcp";
const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warning", "error", "fatal"];

/** Returns the logger of one room, e.g. `logger("store")`. Silent until {@link startLogging}. */
export function logger(room: string): Logger {
  return getLogger([ROOT, room]);
}

/** Sends logs of `level` (default `warning`) and above to stderr, a line each; stdout is the protocol's. */
export function startLogging(level: string | undefined): void {
  const lowestLevel = LEVELS.find((known) => known === level) ?? "warning";
  configureSync({
    reset: true,
    sinks: { stderr: writeLine },
    loggers: [
      { category: [ROOT], lowestLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
    ],
  });
}

// A synchronous write: touching process.stderr costs every start 7 ms.
function writeLine(record: LogRecord): void {
  const time = new Date(record.timestamp).toISOString();
  try {
    const line = `${time} ${record.level} ${record.category.slice(1).join(".")}: ${record.message.join("")}`;
    writeSync(2, `${isatty(2) ? makeVisible(line) : line}\n`);
  } catch {
    // Nobody reads stderr any more; that is no reason to end.
  }
}

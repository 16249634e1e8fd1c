import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { configureSync, getLogger, type Logger, type LogLevel, type LogRecord } from "@logtape/logtape";
import { makeVisible } from "./visible-text.ts";

const ROOT = "codexmcp";
/** Levels of log messages, the lowest first. */
export const LOG_LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warning", "error", "fatal"];

/** Returns the logger of one layer, e.g. `logger("store")`. It is silent until {@link startLogging} is called. */
export function logger(layer: string): Logger {
  return getLogger([ROOT, layer]);
}

/** Sends logs of `level` (default `warning`) and above to stderr, one per line; stdout is reserved for the protocol. */
export function startLogging(level: string | undefined): void {
  const lowestLevel = LOG_LEVELS.find((known) => known === level) ?? "warning";
  configureSync({
    reset: true,
    sinks: { stderr: writeLine },
    loggers: [
      { category: [ROOT], lowestLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
    ],
  });
}

// Writes synchronously: touching process.stderr costs 7 ms at every start.
function writeLine(record: LogRecord): void {
  const time = new Date(record.timestamp).toISOString();
  try {
    const line = `${time} ${record.level} ${record.category.slice(1).join(".")}: ${record.message.join("")}`;
    writeSync(2, `${isatty(2) ? makeVisible(line) : line}\n`);
  } catch {
    // stderr is closed; that is no reason to exit.
  }
}

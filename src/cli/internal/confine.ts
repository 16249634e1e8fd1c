// oxlint-disable-next-line no-restricted-imports -- into a file that the supervisor reads
import { closeSync, openSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { becomeProgram } from "#readonly/confine/execute.ts";
import { holdLock } from "#readonly/confine/hold-lock.ts";
import { restrictToReading } from "#readonly/confine/restrict.ts";
import { AppError } from "#base/errors.ts";
import type { Input } from "#cli/framework/command.ts";

interface ConfineOptions {
  write: string[];
  report: string | undefined;
  lock: string | undefined;
}

/**
 * `confine --report=<file> [--lock=<file>] --write=<path>… -- <program> <arguments>`: becomes the program, which can
 * write to those paths only. Started by the supervisor (`confine/confined-command.ts`), not by people.
 */
export function confineCommand({ options, operands }: Input<ConfineOptions>): number {
  const [program, ...rest] = operands;
  if (program === undefined || options.report === undefined) {
    throw new AppError("invalid_argument", "confine needs --report and a program.", "The server starts it by itself.");
  }
  const { lock } = options;
  if (lock !== undefined && !holdLock(lock)) {
    // In Codex's words, so that the server finds out why.
    writeSync(2, `Error: thread ${basename(lock, ".lock")} already has an active writer\n`);
    return 1;
  }
  // Opened while that is still possible.
  const report = openSync(options.report, "w", 0o600);
  writeSync(report, JSON.stringify(restrictToReading(options.write)));
  closeSync(report);
  becomeProgram(program, rest);
}

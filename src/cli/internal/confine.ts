// oxlint-disable-next-line no-restricted-imports -- into a file that the supervisor reads
import { closeSync, openSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { becomeProgram, holdLock } from "#readonly/confine/execute.ts";
import { restrictToReading } from "#readonly/confine/restrict.ts";
import { AppError } from "#base/errors.ts";
import type { Input } from "#cli/framework/command.ts";

interface ConfineOptions {
  write: string[];
  report: string | undefined;
  lock: string | undefined;
}

/**
 * Replaces this process with a program that can write only to the given paths. The supervisor starts it
 * (`confine/confined-command.ts`), not a person, as
 * `confine --report=<file> [--lock=<file>] --write=<path>… -- <program> <arguments>`.
 */
export function confineCommand({ options, operands }: Input<ConfineOptions>): number {
  const [program, ...rest] = operands;
  if (program === undefined || options.report === undefined) {
    throw new AppError("invalid_argument", "confine needs --report and a program.", "The server starts it by itself.");
  }
  const { lock } = options;
  if (lock !== undefined && !holdLock(lock)) {
    // Codex's own message, from which the server recognizes the reason.
    writeSync(2, `Error: thread ${basename(lock, ".lock")} already has an active writer\n`);
    return 1;
  }
  // Opened before the restriction prevents it.
  const report = openSync(options.report, "w", 0o600);
  writeSync(report, JSON.stringify(restrictToReading(options.write)));
  closeSync(report);
  becomeProgram(program, rest);
}

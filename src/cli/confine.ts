// oxlint-disable-next-line no-restricted-imports -- into a file that the supervisor reads
import { closeSync, openSync, writeSync } from "node:fs";
import { becomeProgram } from "#confine/execute.ts";
import { restrictToReading } from "#confine/restrict.ts";
import { AppError } from "#lib/errors.ts";
import type { Input } from "./command.ts";

interface ConfineOptions {
  write: string[];
  report: string | undefined;
}

/**
 * `confine --report=<file> --write=<path>… -- <program> <arguments>`: becomes the program, which can
 * write to those paths only. Started by the supervisor (`confine/confined-command.ts`), not by people.
 */
export function confineCommand({ options, operands }: Input<ConfineOptions>): number {
  const [program, ...rest] = operands;
  if (program === undefined || options.report === undefined) {
    throw new AppError("invalid_argument", "confine needs --report and a program.", "The server starts it by itself.");
  }
  // Opened while that is still possible.
  const report = openSync(options.report, "w", 0o600);
  writeSync(report, JSON.stringify(restrictToReading(options.write)));
  closeSync(report);
  becomeProgram(program, rest);
}

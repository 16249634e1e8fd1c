import { closeSync, openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { becomeProgram } from "#confine/execute.ts";
import { restrictWrites } from "#confine/landlock.ts";
import { AppError } from "#lib/errors.ts";

/**
 * `confine --report=<file> --write=<path>… -- <program> <arguments>`: becomes the program, which can
 * write to those paths only. Started by the supervisor (`confine/confined-command.ts`), not by people.
 */
export function confineCommand(args: readonly string[]): number {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { write: { type: "string", multiple: true }, report: { type: "string" } },
  });
  const [program, ...rest] = positionals;
  if (program === undefined || values.report === undefined) {
    throw new AppError("invalid_argument", "confine needs --report and a program.", "The server starts it by itself.");
  }
  // Opened while that is still possible.
  const report = openSync(values.report, "w", 0o600);
  writeSync(report, JSON.stringify(restrictWrites(values.write ?? [])));
  closeSync(report);
  becomeProgram(program, rest);
}

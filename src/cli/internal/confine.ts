// oxlint-disable-next-line no-restricted-imports -- into a file that the supervisor reads
import { closeSync, openSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { becomeProgram, holdLock } from "#readonly/confine/execute.ts";
import { restrictToReading } from "#readonly/confine/restrict.ts";
import { AppError } from "#base/errors.ts";
import { defineCommand, PROGRAM } from "#cli/framework/command.ts";

/**
 * Replaces this process with a program that can write only to the given paths. The supervisor starts it
 * (`readonly/confine/confined-command.ts`) as `confine --report=<file> [--lock=<file>] --write=<path>… -- <program> <arguments>`.
 */
export const confineCommand = defineCommand({
  name: "confine",
  summary: "Become another program that can write only to the given paths",
  operands: PROGRAM,
  options: {
    write: { type: "string", multiple: true, placeholder: "path", summary: "Path to which it can write" },
    report: { type: "string", placeholder: "file", summary: "File for the restrictions that the kernel accepted" },
    lock: { type: "string", placeholder: "file", summary: "File that is locked as long as the program runs" },
  },
  examples: [],
  run: ({ options, operands }) => {
    const [program, ...rest] = operands;
    if (program === undefined || options.report === undefined) {
      throw new AppError(
        "invalid_argument",
        "confine needs --report and a program.",
        "Do not run it yourself: the server starts it.",
      );
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
  },
});

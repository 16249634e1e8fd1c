import { keepOrphans } from "#platform/start/keep-orphans.ts";
import { defineCommand, PROGRAM } from "#cli/framework/command.ts";

/**
 * Keeps the processes of another program together: `keep-orphans [--held-file] -- <program> <arguments>`. The
 * supervisor starts it (`platform/start/start-detached.ts`) if there is no control group.
 */
export const keepOrphansCommand = defineCommand({
  name: "keep-orphans",
  summary: "Run another program and keep the processes that it starts together",
  operands: PROGRAM,
  options: { "held-file": { type: "boolean", summary: "Let the program inherit descriptor 3" } },
  examples: [],
  run: ({ options, operands }) => keepOrphans(operands, options["held-file"]),
});

import { isatty } from "node:tty";
import { toFailure } from "#base/errors.ts";
import { toCommandHint } from "#base/command-hints.ts";
import type { Command } from "./command.ts";
import { printErrors } from "#cli/terminal/output.ts";
import { compose, hangingIndent } from "#cli/terminal/style.ts";

/** Commands that programs start, each loaded without the others: loading all of them takes 3 ms more. */
const PROGRAM_COMMANDS = new Map<string, () => Promise<Command>>([
  ["serve", async () => (await import("#cli/setup/serve.ts")).serveCommand],
  ["run-task", async () => (await import("#cli/internal/run-task.ts")).runTaskCommand],
  ["join-task", async () => (await import("#cli/internal/join-task.ts")).joinTaskCommand],
  ["end-hook", async () => (await import("#cli/internal/end-hook.ts")).endHookCommand],
  ["confine", async () => (await import("#cli/internal/confine.ts")).confineCommand],
  ["keep-orphans", async () => (await import("#cli/internal/keep-orphans.ts")).keepOrphansCommand],
]);

/** Flags that mean a command. */
const FLAGS = new Map([
  ["--help", "help"],
  ["-h", "help"],
  ["--version", "version"],
  ["-v", "version"],
  ["-V", "version"],
]);

/** Exit code of a wrong command line, from `sysexits.h`. */
const EX_USAGE = 64;

/**
 * Runs the command that the arguments name. No other function converts an error to a message on stderr and an exit code.
 * @returns its exit code, or undefined if it continues to run
 */
export async function runCommandLine(args: readonly string[]): Promise<number | undefined> {
  const [name = defaultCommand(), ...rest] = args;
  try {
    return await run(await getCommand(FLAGS.get(name) ?? name, rest[0]), rest);
  } catch (error) {
    const { code, message, hint } = toFailure(error);
    printErrors([
      compose`codex-mcp-server: ${hangingIndent(message)}`,
      hangingIndent(`${toCommandHint(hint)} [${code}]`),
    ]);
    return code === "invalid_argument" ? EX_USAGE : 1;
  }
}

/** Returns the command for an empty command line: `serve` for an MCP client, which uses pipes, and `help` for a person at a terminal. */
function defaultCommand(): string {
  return isatty(0) && isatty(1) ? "help" : "serve";
}

async function getCommand(name: string, next: string | undefined): Promise<Command> {
  const load = PROGRAM_COMMANDS.get(name);
  if (load !== undefined) return load();
  const { COMMANDS, findCommand } = await import("./commands.ts");
  const command = findCommand(name, next);
  if (command !== undefined) return command;
  throw (await import("./help.ts")).unknownCommand(name, COMMANDS);
}

async function run(command: Command, args: readonly string[]): Promise<number | undefined> {
  // An MCP client starts the server without arguments, so the parser need not be loaded.
  if (args.length === 0 && command.operands === undefined && Object.keys(command.options).length === 0) {
    return command.run({ options: {}, operands: [] });
  }
  const { parseCommandLine } = await import("./parse-command-line.ts");
  const input = parseCommandLine(command, args);
  if (input !== undefined) return command.run(input);
  const { printCommandHelp } = await import("./help.ts");
  printCommandHelp(command);
  return 0;
}

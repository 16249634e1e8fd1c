import { isatty } from "node:tty";
import { toFailure } from "#base/errors.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { printErrors } from "#cli/terminal/output.ts";
import { compose, hangingIndent } from "#cli/terminal/style.ts";

const ALIASES: Record<string, string> = {
  "--help": "help",
  "-h": "help",
  "--version": "version",
  "-v": "version",
  "-V": "version",
};

/** Exit code of a wrong command line, from `sysexits.h`. */
const EX_USAGE = 64;

/**
 * Runs the command that the arguments name.
 * @returns its exit code, or undefined if it continues to run
 */
export async function runCommand(args: readonly string[]): Promise<number | undefined> {
  const [first = defaultCommand(), ...rest] = args;
  const command = COMMANDS.find(({ name }) => name === (ALIASES[first] ?? first));
  if (command === undefined) return explainUnknown(first);
  return runOrExplain(command, rest);
}

/** Returns the command for an empty command line: `serve` for an MCP client, which uses pipes, and `help` for a person at a terminal. */
function defaultCommand(): string {
  return isatty(0) && isatty(1) ? "help" : "serve";
}

async function explainUnknown(name: string): Promise<number> {
  const { nearest } = await import("#base/nearest.ts");
  const names = COMMANDS.filter(({ group }) => group !== undefined).map((command) => command.name);
  const near = nearest(name, names);
  const instead = near === undefined ? `Commands: ${names.join(", ")}.` : `Did you mean ${near}?`;
  explain(`there is no command "${name}". ${instead}`, "All of them: codex-mcp-server help");
  return EX_USAGE;
}

/** Runs a command. No other function converts an error to a message on stderr and an exit code. */
async function runOrExplain(command: Command, args: readonly string[]): Promise<number | undefined> {
  try {
    // An MCP client starts the command without arguments, so the parser need not be loaded.
    const bare = { options: {}, operands: [], commands: COMMANDS };
    if (args.length === 0 && command.operands === undefined) return await command.run(bare);
    const { parseCommandLine } = await import("./parse-command-line.ts");
    const input = parseCommandLine(command, args);
    if (input !== undefined) return await command.run({ ...input, commands: COMMANDS });
    return (await import("./help.ts")).help({ ...bare, operands: [command.name] });
  } catch (error) {
    const { code, message, hint } = toFailure(error);
    explain(message, `${hint} [${code}]`);
    return code === "invalid_argument" ? EX_USAGE : 1;
  }
}

function explain(message: string, hint: string): void {
  printErrors([compose`codex-mcp-server: ${hangingIndent(message)}`, hangingIndent(hint)]);
}

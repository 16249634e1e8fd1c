import { writeSync } from "node:fs";
import { toFailure } from "#lib/errors.ts";
import { COMMANDS, type Command } from "./commands.ts";

const ALIASES: Record<string, string> = { "--help": "help", "-h": "help", "--version": "version", "-v": "version" };

/** A wrong command line, as `sysexits.h` counts it. */
const EX_USAGE = 64;

/** Runs the command that the arguments name. @returns its exit code, or undefined where it goes on running */
export async function runCommand(args: readonly string[]): Promise<number | undefined> {
  const [first = "serve", ...rest] = args;
  const command = COMMANDS.find(({ name }) => name === (ALIASES[first] ?? first));
  if (command === undefined) {
    tell(`There is no command "${first}". Commands: ${visibleNames().join(", ")}.`);
    return EX_USAGE;
  }
  return runOrExplain(command, rest);
}

/** The one place where an error becomes words on stderr and an exit code. */
async function runOrExplain(command: Command, args: readonly string[]): Promise<number | undefined> {
  try {
    return await command.run(args);
  } catch (error) {
    const { code, message, hint } = toFailure(error);
    tell(`${message}\n${hint} [${code}]`);
    return code === "invalid_argument" ? EX_USAGE : 1;
  }
}

function visibleNames(): string[] {
  return COMMANDS.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name);
}

function tell(text: string): void {
  writeSync(2, `codex-mcp-server: ${text}\n`);
}

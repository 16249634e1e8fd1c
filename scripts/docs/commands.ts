import type { Command, OptionSpec } from "#cli/framework/command.ts";
import { COMMANDS } from "#cli/framework/commands.ts";

/** Name of the program. */
export const PROGRAM = "codex-mcp-server";

/** Commands for people, in the order of the help. */
export const PUBLIC_COMMANDS: readonly Command[] = COMMANDS.filter(({ group }) => group !== undefined);

/** Returns a command with its operands, without the program's name. */
export function usageOf({ name, operands }: Command): string {
  return operands === undefined ? name : `${name} ${operands.usage}`;
}

/** Returns the names of an option, of which the last one has its value: `-s`, `--status <state>`. */
export function optionForms(name: string, { type, short, placeholder, choices }: OptionSpec): string[] {
  const value = choices?.join("|") ?? placeholder ?? (type === "boolean" ? undefined : type);
  const long = value === undefined ? `--${name}` : `--${name} <${value}>`;
  return short === undefined ? [long] : [`-${short}`, long];
}

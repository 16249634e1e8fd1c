import { parseArgs } from "node:util";
import { AppError } from "#base/errors.ts";
import type { Command, Input, OptionSpec } from "./command.ts";
import { nearest } from "#base/nearest.ts";

/** Option that every command has. */
const HELP = { type: "boolean", short: "h", summary: "show this help" } as const satisfies OptionSpec;

/** Returns the options of a command, including those that all commands have. */
export function optionsOf(command: Command): Record<string, OptionSpec> {
  return { ...command.options, help: HELP };
}

/**
 * Parses a command's arguments.
 * @returns undefined if its help is requested
 * @throws AppError `invalid_argument`, naming the fault
 */
export function parseCommandLine(
  command: Command,
  args: readonly string[],
): Pick<Input, "options" | "operands"> | undefined {
  const specs = optionsOf(command);
  const { values, positionals } = parse(command, specs, args);
  if (values["help"] === true) return undefined;
  const options: Values = {};
  for (const [name, spec] of Object.entries(command.options)) {
    checkChoice(command, name, spec, values[name]);
    options[name] = values[name] ?? emptyValue(spec);
  }
  checkOperands(command, positionals);
  return { options, operands: positionals };
}

function emptyValue(spec: OptionSpec): false | undefined | [] {
  if (spec.type === "boolean") return false;
  return spec.multiple === true ? [] : undefined;
}

type Values = Record<string, boolean | string | (string | boolean)[] | undefined>;

function parse(
  command: Command,
  specs: Record<string, OptionSpec>,
  args: readonly string[],
): { values: Values; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: specs });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, unknown] = /^Unknown option '(-[^']*)'/.exec(message) ?? [];
    if (unknown === undefined) throw usageError(command, `${message.split(". ")[0]}.`);
    const near = nearest(unknown.replace(/^-+/, ""), Object.keys(specs));
    const instead = near === undefined ? "" : ` Did you mean --${near}?`;
    throw usageError(command, `${command.name} has no option ${unknown}.${instead}`);
  }
}

function checkChoice(command: Command, name: string, { choices }: OptionSpec, value: Values[string]): void {
  if (choices === undefined || value === undefined) return;
  for (const one of [value].flat()) {
    if (choices.includes(String(one))) continue;
    const near = nearest(String(one), choices);
    const instead = near === undefined ? "" : ` Did you mean ${near}?`;
    throw usageError(command, `--${name} takes ${choices.join(", ")}; it is "${one}".${instead}`);
  }
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const { min = 0, max = 0, usage = "" } = command.operands ?? {};
  if (operands.length < min) throw usageError(command, `${command.name} needs ${usage}.`);
  if (operands.length <= max) return;
  const extra = operands.slice(max).join(" ");
  throw usageError(command, `${command.name} takes ${max === 0 ? "no arguments" : `only ${usage}`} (${extra}).`);
}

function usageError({ name }: Command, message: string): AppError {
  return new AppError("invalid_argument", message, `Its help: codex-mcp-server ${name} --help`);
}

import { parseArgs } from "node:util";
import { AppError } from "#base/errors.ts";
import type { Command, Input, OptionSpec } from "./command.ts";
import { suggest } from "#base/nearest.ts";

/** Option that every command has. */
const HELP = { type: "boolean", short: "h", summary: "Show this help" } as const satisfies OptionSpec;

/** Returns the options of a command, including those that all commands have. */
export function optionsOf(command: Command): Record<string, OptionSpec> {
  return { ...command.options, help: HELP };
}

type Value = boolean | string | number | string[] | undefined;

/**
 * Parses a command's arguments.
 * @returns undefined if its help is requested
 * @throws AppError `invalid_argument`, naming the fault
 */
export function parseCommandLine(command: Command, args: readonly string[]): Input | undefined {
  const { values, positionals } = parse(command, args);
  if (values["help"] === true) return undefined;
  const options: Record<string, Value> = {};
  for (const [name, spec] of Object.entries(command.options)) {
    options[name] = readValue(command, name, spec, values[name]);
  }
  checkOperands(command, positionals);
  return { options, operands: positionals };
}

/** Value of an option as `parseArgs` returns it. */
type RawValue = boolean | string | (string | boolean)[] | undefined;

function parse(command: Command, args: readonly string[]): { values: Record<string, RawValue>; positionals: string[] } {
  const specs = optionsOf(command);
  const options = Object.entries(specs).map(([name, { type, short, multiple }]) => {
    const rawType = type === "boolean" ? "boolean" : "string";
    return [name, { type: rawType, ...(short && { short }), ...(multiple && { multiple }) }] as const;
  });
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: Object.fromEntries(options) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, unknown] = /^Unknown option '(-[^']*)'/.exec(message) ?? [];
    if (unknown === undefined) throw usageError(command, `${message.split(/\.\s/)[0]}.`);
    const suggestion = suggest(unknown.replace(/^-+/, ""), Object.keys(specs), "--");
    throw usageError(command, `${command.name} has no option ${unknown}.${suggestion}`);
  }
}

function readValue(command: Command, name: string, spec: OptionSpec, value: RawValue): Value {
  if (spec.type === "boolean") return value === true;
  const texts = [value ?? []].flat().map(String);
  // As from a variable of a script that is not set.
  if (texts.includes("")) throw usageError(command, `--${name} is empty.`);
  if (spec.multiple === true) return texts;
  const [text] = texts;
  if (text === undefined) return undefined;
  switch (spec.type) {
    case "count":
      return readCount(command, name, spec.min ?? 1, text);
    case "duration":
      return readDuration(command, name, text);
    default:
      checkChoice(command, name, spec, text);
      return text;
  }
}

function readCount(command: Command, name: string, min: number, text: string): number {
  const count = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(count) && count >= min) return count;
  throw usageError(command, `--${name} takes a whole number from ${min}, not "${text}".`);
}

function readDuration(command: Command, name: string, text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds;
  throw usageError(command, `--${name} takes a duration such as 90s, 15m, 12h, 7d or 2w, not "${text}".`);
}

/**
 * Parses a duration as people write it: `90`, `90s`, `15m`, `12h`, `7d`, `2w`.
 * @returns its seconds, or undefined if the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = "s"] = /^(\d+(?:\.\d+)?)\s*([smhdw]?)$/.exec(text.trim()) ?? [];
  const seconds: Record<string, number> = { "": 1, s: 1, m: 60, h: 3600, d: 24 * 3600, w: 7 * 24 * 3600 };
  return count === undefined ? undefined : Number(count) * (seconds[unit] ?? 1);
}

function checkChoice(command: Command, name: string, { choices }: OptionSpec, text: string): void {
  if (choices === undefined || choices.includes(text)) return;
  throw usageError(command, `--${name} takes one of ${choices.join(", ")}, not "${text}".${suggest(text, choices)}`);
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const { min = 0, max = 0, usage = "", kind } = command.operands ?? {};
  if (kind !== undefined && operands[0] === "") throw usageError(command, `The first word of ${usage} is empty.`);
  if (operands.length < min) throw usageError(command, `${command.name} requires ${usage}.`);
  if (operands.length <= max) return;
  const extra = operands.slice(max).join(" ");
  const message = `${command.name} takes ${max === 0 ? "no arguments" : `only ${usage}`} (${extra}).`;
  if (!usage.includes("<prompt")) throw usageError(command, message);
  throw new AppError("invalid_argument", message, "Put the prompt in quotes.");
}

function usageError({ name }: Command, message: string): AppError {
  return new AppError("invalid_argument", message, `Run \`codex-mcp-server ${name} --help\`.`);
}

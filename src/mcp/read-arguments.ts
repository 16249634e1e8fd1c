import { z } from "zod";
import { AppError } from "#base/errors.ts";
import { nearest } from "#base/nearest.ts";
import { shorten } from "#base/text.ts";
import { isObject } from "#mcp/protocol/envelope.ts";
import { badArguments, checkSize, describeIssue, MAX_SHOWN } from "./argument-faults.ts";

/** Arguments of a call as its tool defines them, and the names of others that the client added. */
export interface ReadArguments<Input extends z.ZodObject> {
  values: z.output<Input>;
  /** Names that are neither parameters nor near misses of one. */
  ignored: string[];
}

/** Number of unknown names that are compared with those of parameters. */
const MAX_COMPARED = 100;

/**
 * Reads a tool's arguments as clients really send them: `null` counts as left out, `timeoutSeconds` as `timeout_seconds`, and a text as the
 * number, truth value, list or object that the parameter requires. An empty text counts as left out, unless the parameter takes any text.
 * @throws AppError `invalid_argument`, naming each fault
 */
export function readArguments<Input extends z.ZodObject>(
  tool: string,
  input: Input,
  args: unknown,
): ReadArguments<Input> {
  const given = toObject(tool, args);
  checkSize(tool, given);
  const reading: Reading = { faults: [], ignored: [] };
  const read = readFields(given, kindsOf(input), reading);
  const { faults, ignored } = reading;
  const parsed = input.safeParse(read);
  if (!parsed.success) faults.push(...parsed.error.issues.map((issue) => describeIssue(issue, read)));
  if (!parsed.success || faults.length > 0) throw badArguments(tool, input, faults);
  return { values: parsed.data, ignored };
}

/** Findings other than values while arguments are read. */
interface Reading {
  faults: string[];
  ignored: string[];
}

/** Reads the fields of an object as the parameters that they mean. @param where prefix for the names of faults, such as `variants.0.` */
function readFields(
  given: Record<string, unknown>,
  kinds: Kinds,
  reading: Reading,
  where = "",
): Record<string, unknown> {
  const { faults, ignored } = reading;
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === null) continue;
    const parameter = findParameter(name, kinds);
    if (parameter !== undefined) {
      const meant = coerce(value, kinds[parameter], reading, where + parameter);
      if (meant === undefined) continue;
      if (Object.hasOwn(read, parameter) && !Bun.deepEquals(read[parameter], meant)) {
        faults.push(`${where}${parameter} is given twice, with different values`);
      }
      read[parameter] = meant;
      continue;
    }
    const near = ignored.length < MAX_COMPARED ? findNearMiss(name, kinds) : undefined;
    if (near === undefined) ignored.push(where + shorten(name, MAX_SHOWN));
    else faults.push(`${where}${shorten(name, MAX_SHOWN)}: did you mean ${near}?`);
  }
  return read;
}

function toObject(tool: string, args: unknown): Record<string, unknown> {
  const value = toTable(typeof args === "string" ? args.trim() || "{}" : (args ?? {}));
  if (isObject(value)) return value;
  throw new AppError("invalid_argument", `${tool}: the arguments are not an object.`, "Pass an object of parameters.");
}

/** JSON Schema of one parameter, as far as it decides how a value is read. */
interface Kind {
  type?: string | undefined;
  items?: Kind | undefined;
  enum?: unknown[] | undefined;
  /** Fields of an object; absent if it may have any. */
  properties?: Kinds | undefined;
}

type Kinds = Readonly<Record<string, Kind>>;

/** Schemas of the parameters of each tool; they are needed at every call. */
const knownKinds = new WeakMap<z.ZodObject, Kinds>();

function kindsOf(input: z.ZodObject): Kinds {
  const known = knownKinds.get(input);
  if (known !== undefined) return known;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- properties of a schema without references are schemas
  const kinds = (z.toJSONSchema(input, { io: "input" }).properties ?? {}) as Kinds;
  knownKinds.set(input, kinds);
  return kinds;
}

/** Returns the parameter that a name means, whatever its case and separators; the singular of a list's name means a list of one. */
function findParameter(name: string, kinds: Kinds): string | undefined {
  if (Object.hasOwn(kinds, name)) return name;
  const plain = plainName(name);
  const same = Object.keys(kinds).filter((parameter) => plainName(parameter) === plain);
  if (same.length > 0) return same.length === 1 ? same[0] : undefined;
  return Object.keys(kinds).find((list) => kinds[list]?.type === "array" && plainName(list) === `${plain}s`);
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

/** Names that people and models give to parameters. */
const OTHER_NAMES = new Map<string, readonly string[]>([
  ["directory", ["cwd"]],
  ["dir", ["cwd"]],
  ["folder", ["cwd"]],
  ["path", ["cwd"]],
  ["workdir", ["cwd"]],
  ["workingdir", ["cwd"]],
  ["workingdirectory", ["cwd"]],
  ["workspace", ["cwd"]],
  ["id", ["task_id"]],
  ["task", ["task_id"]],
  ["topic", ["task_id", "task_ids"]],
  ["tasks", ["task_ids"]],
  // Ignoring the name of an earlier task would lose its context.
  ["taskid", ["resume"]],
  ["thread", ["resume"]],
  ["threadid", ["resume"]],
  ["conversationid", ["resume"]],
  ["sessionid", ["threadId", "task_id"]],
  ["message", ["prompt"]],
  ["instructions", ["prompt"]],
  ["effort", ["reasoning_effort"]],
  ["schema", ["output_schema"]],
  ["timeoutms", ["timeout_seconds"]],
  ["sandboxmode", ["sandbox"]],
]);

/** Names that clients and models add on their own, although they resemble those of parameters. */
const OWN_NAMES = new Set(["case", "cause", "cmd", "comment", "comments", "mode", "output", "reasoning", "space"]);

function findNearMiss(name: string, kinds: Kinds): string | undefined {
  const plain = plainName(shorten(name, MAX_SHOWN));
  if (OWN_NAMES.has(plain)) return undefined;
  const parameters = Object.keys(kinds);
  const other = OTHER_NAMES.get(plain)?.find((parameter) => parameters.includes(parameter));
  if (other !== undefined) return other;
  const longer = parameters.filter((parameter) => parameter.startsWith(`${plain}_`));
  if (longer.length === 1) return longer[0];
  const near = nearest(plain, parameters.map(plainName));
  return parameters.find((parameter) => plainName(parameter) === near);
}

const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i;

/**
 * Reads a value as the kind that its parameter has, if it can be read as that; other values stay for the schema to refuse.
 * @returns undefined if it counts as left out
 */
function coerce(value: unknown, kind: Kind | undefined, reading: Reading, where: string): unknown {
  const isWord = kind?.type !== "string" || kind.enum !== undefined;
  if (isWord && typeof value === "string" && value.trim() === "") return undefined;
  switch (kind?.type) {
    case "number":
    case "integer":
      return typeof value === "string" && NUMBER.test(value.trim()) ? Number(value) : value;
    case "boolean":
      return toBoolean(value);
    case "array":
      return toList(value, (each, index) => coerce(each, kind.items, reading, `${where}.${index}`));
    case "object":
      return toObjectOf(toTable(value), kind.properties, reading, where);
    case "string":
      if (Array.isArray(value) && value.length === 1) return coerce(value[0], kind, reading, where);
      if (typeof value === "number" || typeof value === "boolean") return String(value);
      return kind.enum === undefined ? value : toChoice(value, kind.enum);
    default:
      return value;
  }
}

function toObjectOf(table: unknown, kinds: Kinds | undefined, reading: Reading, where: string): unknown {
  return kinds === undefined || !isObject(table) ? table : readFields(table, kinds, reading, `${where}.`);
}

function toBoolean(value: unknown): unknown {
  if (typeof value !== "string" && typeof value !== "number") return value;
  const word = String(value).trim().toLowerCase();
  if (["true", "yes", "1"].includes(word)) return true;
  return ["false", "no", "0"].includes(word) ? false : value;
}

/** Reads a list. A single text is a list of one, commas included, since file names may contain them. */
function toList(value: unknown, read: (each: unknown, index: number) => unknown): unknown {
  if (Array.isArray(value)) return value.filter((each) => each !== null).map(read);
  if (typeof value !== "string") return value;
  const parsed = value.trim().startsWith("[") ? parseJson(value) : undefined;
  return Array.isArray(parsed) ? toList(parsed, read) : [value];
}

/** Reads an object. PHP writes one without members as an empty list. */
function toTable(value: unknown): unknown {
  const parsed = typeof value === "string" ? (parseJson(value) ?? value) : value;
  return Array.isArray(parsed) && parsed.length === 0 ? {} : parsed;
}

function toChoice(value: unknown, choices: readonly unknown[]): unknown {
  if (typeof value !== "string" || choices.includes(value)) return value;
  const plain = plainName(value.trim());
  return choices.find((choice) => plainName(String(choice)) === plain) ?? value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

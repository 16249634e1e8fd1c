import { parse, type ParseError, printParseErrorCode } from "jsonc-parser";
import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import type { FileFormat, NamedEntry, ServerEntry } from "./client-table.ts";
import { withProperty } from "./json-edit.ts";
import { lostLines, withTable } from "./toml-edit.ts";

const EntrySchema = v.object({
  command: v.optional(v.string(), ""),
  args: v.optional(v.array(v.string()), []),
  env: v.optional(v.record(v.string(), v.string()), {}),
});

const ServersSchema = v.record(v.string(), v.unknown());

/**
 * Reads the servers from a client's configuration file; entries of other kinds (URLs) have an empty command.
 * @param path used only in the message
 * @throws AppError `client_file_unreadable`
 */
export function readServers(text: string, format: FileFormat, path: string): Map<string, NamedEntry> {
  const content = parseFile(text, format, path);
  const servers = v.safeParse(v.looseObject({ [format.key]: v.optional(ServersSchema, {}) }), content);
  if (!servers.success) throw unreadable(path, `${format.key} is not a list of servers`);
  const named = Object.entries(v.parse(ServersSchema, servers.output[format.key]));
  return new Map(
    named.map(([name, value]) => {
      const entry = v.safeParse(EntrySchema, value);
      const { command, args, env } = entry.success ? entry.output : { command: "", args: [], env: {} };
      return [name, { name, command, args, env }];
    }),
  );
}

/**
 * Returns a file's text with a server added, replaced, or removed (`undefined`); everything else is unchanged, including comments.
 * @param path used only in the message
 * @throws AppError `client_file_unreadable`, also if the edited text would not say what is wanted
 */
export function withServer(
  text: string,
  format: FileFormat,
  name: string,
  entry: ServerEntry | undefined,
  path: string,
): string {
  const fields = entry === undefined ? undefined : entryFields(format, entry);
  const wanted = withField(parseFile(text, format, path), format.key, name, fields);
  const edited =
    format.language === "toml"
      ? withTable(text, `${format.key}.${name}`, fields)
      : withProperty(text, format.key, name, fields);
  if (wanted !== undefined && saysSame(edited, wanted, format)) return edited;
  throw new AppError(
    "client_file_unreadable",
    `The client's file ${path} cannot be edited: its ${format.key} are written in an unusual form.`,
    "Change the entry by hand; install --print shows it.",
  );
}

/** Returns a file's content with a server set or removed; undefined if it cannot hold servers. */
function withField(content: unknown, key: string, name: string, fields: object | undefined): object | undefined {
  const file = v.safeParse(v.looseObject({ [key]: v.optional(ServersSchema, {}) }), content);
  if (!file.success) return undefined;
  const servers = Object.entries(v.parse(ServersSchema, file.output[key])).filter(([other]) => other !== name);
  const all = fields === undefined ? servers : [...servers, [name, fields] as const];
  return withoutEmpty({ ...file.output, [key]: Object.fromEntries(all) }, key);
}

function saysSame(edited: string, wanted: object, format: FileFormat): boolean {
  try {
    return Bun.deepEquals(withoutEmpty(parseFile(edited, format, ""), format.key), wanted);
  } catch {
    return false;
  }
}

/** Returns a file's content without its servers if there are none: a TOML file without a table has none, either. */
function withoutEmpty(content: unknown, key: string): object {
  const file = v.parse(v.record(v.string(), v.unknown()), content);
  const isEmpty = (value: unknown) => v.is(v.nullable(v.strictObject({})), value);
  return Object.fromEntries(Object.entries(file).filter(([name, value]) => name !== key || !isEmpty(value)));
}

/** Returns whether a TOML file that another program has changed lost more than one server's entry. */
export function hasLost(before: string, after: string, { language, key }: FileFormat, name: string): boolean {
  return language === "toml" && lostLines(before, after, `${key}.${name}`).length > 0;
}

/** Returns an entry's fields in the client's format, omitting empty ones. */
export function entryFields({ more = {} }: FileFormat, { command, args, env }: ServerEntry): Record<string, unknown> {
  return {
    ...more,
    command,
    ...(args.length > 0 && { args }),
    ...(Object.keys(env).length > 0 && { env }),
  };
}

function parseFile(text: string, { language }: FileFormat, path: string): unknown {
  return language === "toml" ? parseToml(text, path) : parseJson(text.replace(/^\uFEFF/, ""), path);
}

function parseJson(text: string, path: string): unknown {
  if (text.trim() === "") return {};
  const errors: ParseError[] = [];
  const content: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) {
    const line = text.slice(0, first.offset).split("\n").length;
    throw unreadable(path, `${printParseErrorCode(first.error)} in line ${line}`);
  }
  return content;
}

function parseToml(text: string, path: string): unknown {
  try {
    return Bun.TOML.parse(text);
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  }
}

function unreadable(path: string, why: string): AppError {
  return new AppError(
    "client_file_unreadable",
    `The client's file ${path} cannot be read: ${why}.`,
    "Fix the file by hand, then try again; nothing was changed.",
  );
}

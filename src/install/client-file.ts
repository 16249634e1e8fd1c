import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import type { FileFormat } from "./clients/client.ts";
import { parseJsonc, withJsonValue } from "./edit/json-edit.ts";
import { EditProblem } from "./edit/text-edit.ts";
import { parseToml, withTomlValue } from "./edit/toml-edit.ts";
import { parseYaml, withYamlValue } from "./edit/yaml-edit.ts";

/** Fields of a server in a client's file. */
export type EntryFields = Record<string, unknown>;

/** Change of one value in a client's file. */
export interface FieldChange {
  /** Names from the outermost object to the value. */
  path: readonly string[];
  /** New value; undefined removes the old one. */
  value: unknown;
}

const LANGUAGES = {
  json: { parse: parseJsonc, edit: withJsonValue },
  toml: { parse: parseToml, edit: withTomlValue },
  yaml: { parse: parseYaml, edit: withYamlValue },
} as const;

const ObjectSchema = v.custom<EntryFields>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date),
);

/**
 * Returns the servers in the text of a client's file by name. Entries that are not objects have no fields.
 * @param path used only in messages
 * @throws AppError `client_file_unreadable`
 */
export function readServers(text: string, format: FileFormat, path: string): Map<string, EntryFields> {
  return withPath(path, () => {
    const servers = parseContent(withoutMark(text), format)[format.key] ?? {};
    if (!v.is(ObjectSchema, servers)) throw new EditProblem(`has a ${format.key} that is not a table of servers`);
    const named = Object.entries(servers);
    return new Map(named.map(([name, fields]) => [name, v.is(ObjectSchema, fields) ? fields : {}]));
  });
}

/**
 * Returns the text of a client's file with some values set or removed. Everything else is unchanged, including comments. The result is
 * parsed again and compared with what was wanted.
 * @param path used only in messages
 * @throws AppError `client_file_unreadable`, also if the text cannot be edited so
 */
export function editClientText(
  text: string,
  format: FileFormat,
  changes: readonly FieldChange[],
  path: string,
): string {
  return withPath(path, () => {
    const mark = text.slice(0, text.length - withoutMark(text).length);
    let content = parseContent(withoutMark(text), format);
    let edited = withoutMark(text);
    for (const change of changes) {
      content = withContent(content, change.path, change.value);
      edited = LANGUAGES[format.language].edit(edited, change.path, change.value);
    }
    if (saysSame(edited, content, format)) return mark + edited;
    throw new EditProblem(`has its ${format.key} in an unusual form, so that they cannot be edited`);
  });
}

function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, "");
}

function parseContent(text: string, { language, key }: FileFormat): EntryFields {
  const content = LANGUAGES[language].parse(text) ?? {};
  if (v.is(ObjectSchema, content)) return content;
  throw new EditProblem(`is not an object with ${key}`);
}

/** Returns a content with a value set or removed. */
function withContent(content: unknown, [name, ...path]: readonly string[], value: unknown): EntryFields {
  const fields = v.is(ObjectSchema, content) ? { ...content } : {};
  if (name === undefined) return fields;
  if (path.length > 0 && (value !== undefined || fields[name] !== undefined)) {
    fields[name] = withContent(fields[name], path, value);
  } else if (value === undefined) delete fields[name];
  else fields[name] = value;
  return fields;
}

function saysSame(text: string, wanted: EntryFields, format: FileFormat): boolean {
  try {
    return Bun.deepEquals(withoutEmpty(parseContent(text, format), format), withoutEmpty(wanted, format));
  } catch {
    return false;
  }
}

/** Returns a content without its servers if there are none: a TOML file without a table of one has no servers at all. */
function withoutEmpty(content: EntryFields, { key }: FileFormat): EntryFields {
  const servers = content[key] ?? {};
  if (!v.is(ObjectSchema, servers) || Object.keys(servers).length > 0) return content;
  return Object.fromEntries(Object.entries(content).filter(([name]) => name !== key));
}

function withPath<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = error instanceof EditProblem ? error.message : `cannot be parsed: ${String(error)}`;
    throw new AppError(
      "client_file_unreadable",
      `The client's file ${path} ${reason.replace(/\.$/, "")}.`,
      "Change the file by hand; `codex-mcp-server install <client> --print` shows the entry.",
    );
  }
}

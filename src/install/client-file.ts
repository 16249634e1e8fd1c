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
  const content = format.language === "toml" ? parseToml(text, path) : parseJson(text, path);
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

/** Returns a file's text with a server added, replaced, or removed (`undefined`); everything else is unchanged, including comments. */
export function withServer(text: string, format: FileFormat, name: string, entry: ServerEntry | undefined): string {
  const fields = entry === undefined ? undefined : entryFields(format, entry);
  if (format.language === "toml") return withTable(text, `${format.key}.${name}`, fields);
  return withProperty(text, format.key, name, fields);
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

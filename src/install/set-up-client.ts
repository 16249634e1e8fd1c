import { AppError } from "#base/errors.ts";
import { realPath } from "#base/paths.ts";
import { selfCommand } from "#platform/self-command.ts";
import type { McpClient, ServerEntry } from "./clients/client.ts";
import { editClientText, type EntryFields, readServers } from "./client-file.ts";
import { type ClientFile, listBackups, readClientFile, replaceClientFile } from "./file-access.ts";
import { type EntryKind, kindOfEntry, mergeEntry } from "./server-entry.ts";

/** Change that adds this server to a client's file or removes it. */
export interface ClientChange {
  client: McpClient;
  file: ClientFile;
  name: string;
  /** Program that the entry starts so far; undefined if there is no entry. */
  kind: EntryKind | undefined;
  before: EntryFields | undefined;
  after: EntryFields | undefined;
  /** New text of the file; undefined deletes a file that holds nothing else. */
  text: string | undefined;
}

/** Request for a change. */
export interface ChangeRequest {
  client: McpClient;
  /** Path of the client's file. */
  path: string;
  /** Name of the entry; by default that of an entry to replace, else `codex`. */
  name?: string | undefined;
  /** Entry to add; undefined removes the entry. */
  entry: ServerEntry | undefined;
  /** Whether an entry that starts another program may be replaced or removed. */
  force?: boolean;
}

const DEFAULT_NAME = "codex";

/**
 * Plans a change without carrying it out.
 * @returns undefined if the client is in that state already
 * @throws AppError `client_file_unreadable`, `client_entry_taken`
 */
export function planChange(request: ChangeRequest): ClientChange | undefined {
  const { client, entry, force = false } = request;
  const { format } = client;
  const file = readClientFile(request.path);
  const text = file.text ?? "";
  const servers = readServers(text, format, file.path);
  const name = request.name ?? defaultName(client, servers);
  if (!servers.has(name)) checkName(name);
  const before = servers.get(name);
  const kind = before && kindOfEntry(before, format.shape);
  const isAllowed = kind === undefined || kind === "ours" || (kind === "codex" && entry !== undefined);
  if (!isAllowed && !force) throw takenError(client, name, kind, entry !== undefined);
  if (entry === undefined) {
    if (before === undefined) return undefined;
    return { client, file, name, kind, before, after: undefined, text: textWithout(file, client, name, before) };
  }
  // Of another program's entry, nothing is of use to this one.
  const isReplaced = kind === "other";
  const changes = mergeEntry(format, name, entry, isReplaced ? undefined : before);
  if (changes.length === 0) return undefined;
  const path = [format.key, name];
  const edited = editClientText(
    text,
    format,
    [...(isReplaced ? [{ path, value: undefined }] : []), ...changes],
    file.path,
  );
  return { client, file, name, kind, before, after: readServers(edited, format, file.path).get(name), text: edited };
}

/** Checks the name of a new entry, from which clients build tool names. */
function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name)) return;
  const message = `${JSON.stringify(name)} cannot be the name of an entry.`;
  throw new AppError("invalid_argument", message, "Use letters, digits, _ and - only.");
}

/** Returns the lines of a client's file that has this server only. */
export function formatEntry({ format }: McpClient, entry: ServerEntry, name: string = DEFAULT_NAME): string[] {
  checkName(name);
  const text = editClientText("", format, mergeEntry(format, name, entry, undefined), "");
  return text.trimEnd().split("\n");
}

/** Returns the name of the entry that a change without a name is about: one that starts this program, else one for Codex's own removed server. */
function defaultName({ format }: McpClient, servers: ReadonlyMap<string, EntryFields>): string {
  const kinds = [...servers].map(([name, fields]) => [name, kindOfEntry(fields, format.shape)] as const);
  const own = kinds.filter(([, kind]) => kind === "ours").map(([name]) => name);
  if (own.includes(DEFAULT_NAME)) return DEFAULT_NAME;
  return own[0] ?? kinds.find(([, kind]) => kind === "codex")?.[0] ?? DEFAULT_NAME;
}

function takenError({ id, title }: McpClient, name: string, kind: EntryKind, isAdded: boolean): AppError {
  const program = kind === "codex" ? "Codex's own MCP server" : "another program";
  const other = isAdded
    ? `Choose another name with \`install ${id} --name <name>\`, or replace the entry with --force.`
    : "Add --force to remove it.";
  return new AppError("client_entry_taken", `The entry "${name}" of ${title} starts ${program}.`, other);
}

/**
 * Returns the text of a file without an entry. Gives the text from before the entry was added back, byte for byte, if a backup has it
 * and nothing else was changed since; undefined if there was no file.
 */
function textWithout(file: ClientFile, { format }: McpClient, name: string, fields: EntryFields): string | undefined {
  const added = (text: string) =>
    editClientText(text, format, [{ path: [format.key, name], value: fields }], file.path);
  const isSource = (text: string) => {
    try {
      return !readServers(text, format, file.path).has(name) && added(text) === file.text;
    } catch {
      return false;
    }
  };
  const backup = listBackups(file).find(isSource);
  if (backup !== undefined || isSource("")) return backup;
  return editClientText(file.text ?? "", format, [{ path: [format.key, name], value: undefined }], file.path);
}

/**
 * Applies a change, keeping a copy of the client's file beside it.
 * @returns path of the copy; undefined if there was no file
 * @throws AppError `client_file_unwritable`
 */
export function applyChange({ file, text }: ClientChange): string | undefined {
  return replaceClientFile(file, text);
}

/**
 * Returns the entry with which a client starts this program: by the name in PATH that leads to it, so that updates take effect.
 * @param isShared whether other people use the file, whose paths differ
 */
export function ownEntry(env: Record<string, string>, PATH: string | undefined, isShared = false): ServerEntry {
  const [program, ...args] = selfCommand();
  const inPath = Bun.which("codex-mcp-server", { PATH: PATH ?? "" });
  const isInPath = inPath !== null && realPath(inPath) === realPath(program);
  if (!isInPath) return { command: program, args, env };
  return { command: isShared ? "codex-mcp-server" : inPath, args: [], env };
}

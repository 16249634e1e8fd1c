import { toFailure } from "#base/errors.ts";
import type { McpClient, ServerEntry } from "./clients/client.ts";
import { clientFile } from "./clients/client.ts";
import { readServers } from "./client-file.ts";
import { CLIENTS } from "./clients/client-table.ts";
import { readClientFile } from "./file-access.ts";
import type { Machine } from "./clients/machine.ts";
import { type EntryKind, kindOfEntry, toServerEntry } from "./server-entry.ts";

/** Entry that starts this program or Codex's own removed server. */
export interface OwnEntry extends ServerEntry {
  name: string;
  kind: Exclude<EntryKind, "other">;
}

/** Client with its entries for this program, or with the reason why its file was not read. */
export interface ConfiguredClient {
  client: McpClient;
  file: string;
  entries: OwnEntry[];
  problem?: string;
}

/** Lists the clients whose files contain this program or Codex's own removed server under any name, or cannot be read. */
export function listConfigured(machine: Machine): ConfiguredClient[] {
  return CLIENTS.flatMap((client) => {
    const file = clientFile(client, machine, undefined) ?? "";
    try {
      const entries = readEntries(client, file);
      return entries.length === 0 ? [] : [{ client, file, entries }];
    } catch (error) {
      return [{ client, file, entries: [], problem: toFailure(error).message }];
    }
  });
}

/**
 * Returns the entries in a client's file that start this program or Codex's own removed server.
 * @throws AppError `client_file_unreadable`
 */
export function readEntries({ format }: McpClient, file: string): OwnEntry[] {
  const servers = readServers(readClientFile(file).text ?? "", format, file);
  return [...servers].flatMap(([name, fields]) => {
    const kind = kindOfEntry(fields, format.shape);
    return kind === "other" ? [] : [{ name, kind, ...toServerEntry(fields, format.shape) }];
  });
}

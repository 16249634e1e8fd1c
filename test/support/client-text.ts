import type { FileFormat, ServerEntry } from "#install/clients/client.ts";
import { editClientText, readServers } from "#install/client-file.ts";
import { toFields, toServerEntry } from "#install/server-entry.ts";

const NAME = "codex";

/** The text of a client's file with our server added or replaced as a whole, or removed (undefined). */
export function withServer(text: string, format: FileFormat, entry: ServerEntry | undefined, path = "file"): string {
  const value = entry && toFields(NAME, entry, format.shape);
  return editClientText(text, format, [{ path: [format.key, NAME], value }], path);
}

/** Our server in the text of a client's file. */
export function getServer(text: string, format: FileFormat): ServerEntry | undefined {
  const fields = readServers(text, format, "file").get(NAME);
  return fields && toServerEntry(fields, format.shape);
}

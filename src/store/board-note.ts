import { join } from "node:path";
import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import { writePrivateFile } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";

/** Board that was started, as later ones need to know it. */
export interface BoardEntry {
  port: number;
  /** SHA-256 digest of its token. */
  digest: string;
  /** Time of its start, in the format of ISO 8601. */
  at: string;
}

const NoteSchema = v.array(v.object({ port: v.number(), digest: v.string(), at: v.string() }));

/** Number of boards that are remembered, and the time for which they are, in milliseconds. */
const MAX_ENTRIES = 16;
const KEPT_MS = 7 * 86_400_000;

/** Returns the boards of the last days, newest first. */
export function readBoardNote(home: string): BoardEntry[] {
  const entries = parseJsonAs(NoteSchema, tryReadText(boardNotePath(home), { maxBytes: 64 * 1024 })) ?? [];
  return entries.filter(({ at }) => Date.now() - Date.parse(at) < KEPT_MS).slice(0, MAX_ENTRIES);
}

/** Records a board. @throws the system's error */
export function recordBoard(home: string, entry: BoardEntry): void {
  writePrivateFile(boardNotePath(home), JSON.stringify([entry, ...readBoardNote(home)].slice(0, MAX_ENTRIES)));
}

/** Returns the file in which boards are recorded. */
export function boardNotePath(home: string): string {
  return join(home, "board.json");
}

import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import type { Usage } from "#domain/usage.ts";
import { readFirstLine, readLinesFrom } from "#platform/files/json-lines.ts";
import { findSessionFile, hasPackedSession } from "./session-file.ts";
import { lastTotal } from "./session-tokens.ts";

/** Maximum number of sessions that a session is a copy of, one of another. */
const MAX_GENERATIONS = 200;
/** Maximum length of a record's first line, in bytes: it contains Codex's instructions. */
const FIRST_LINE_BYTES = 1024 * 1024;
/** Part of a record that is searched for its last number of tokens, in bytes. */
const TAIL_BYTES = 256 * 1024;

/** Part of another session's record with which a session begins. */
interface HistoryBase {
  sessionId: string;
  /** Length of the part in bytes; undefined if it is unknown. */
  bytes: number | undefined;
}

const MetaSchema = v.object({
  type: v.literal("session_meta"),
  payload: v.object({
    history_base: v.object({ thread_id: v.string(), end_byte_offset: v.nullish(v.number()) }),
  }),
});

/** Records that a session consists of. */
export interface Lineage {
  /** Paths of the records: the session's own, and those of the sessions that it was copied from, newest first. */
  records: string[];
  /** Session whose record does not exist; undefined if none is missing. */
  missing: string | undefined;
}

/**
 * Finds the records that Codex needs to read a session. The record of a fork has only what follows the fork, and names the session that
 * it was copied from (0.152 to 0.169).
 */
export function findLineage(codexHome: string, sessionId: string): Lineage {
  const records: string[] = [];
  const seen = new Set<string>();
  for (let id: string | undefined = sessionId; id !== undefined && seen.size < MAX_GENERATIONS;) {
    if (seen.has(id)) break;
    seen.add(id);
    const path = findSessionFile(codexHome, id);
    // If Codex has packed this record, it finds the earlier ones itself.
    if (path === undefined) return { records, missing: hasPackedSession(codexHome, id) ? undefined : id };
    records.push(path);
    id = readHistoryBase(path)?.sessionId;
  }
  return { records, missing: undefined };
}

/**
 * Returns the tokens that the session of a fork had used when it was copied, which Codex counts as the fork's own, too; undefined if that
 * is unknown, or the session is no fork.
 * @param codexHomes folders to search for the records, in this order
 */
export function readUsageAtFork(codexHomes: readonly string[], sessionId: string): Usage | undefined {
  try {
    return usageBefore(codexHomes, sessionId, MAX_GENERATIONS);
  } catch {
    return undefined; // not Codex's folder as we know it
  }
}

function usageBefore(codexHomes: readonly string[], sessionId: string, generations: number): Usage | undefined {
  const base = readHistoryBase(findRecord(codexHomes, sessionId));
  const from = base === undefined ? undefined : findRecord(codexHomes, base.sessionId);
  if (base?.bytes === undefined || from === undefined || generations === 0) return undefined;
  const { lines } = readLinesFrom(from, Math.max(0, base.bytes - TAIL_BYTES), Math.min(base.bytes, TAIL_BYTES));
  return lastTotal(lines) ?? usageBefore(codexHomes, base.sessionId, generations - 1);
}

function findRecord(codexHomes: readonly string[], sessionId: string): string | undefined {
  return codexHomes.map((home) => findSessionFile(home, sessionId)).find((found) => found !== undefined);
}

function readHistoryBase(path: string | undefined): HistoryBase | undefined {
  const line = path === undefined ? undefined : readFirstLine(path, FIRST_LINE_BYTES);
  const meta = parseJsonAs(MetaSchema, line);
  if (meta === undefined) return undefined;
  const { thread_id, end_byte_offset } = meta.payload.history_base;
  const isOffset = Number.isSafeInteger(end_byte_offset) && (end_byte_offset ?? -1) >= 0;
  return { sessionId: thread_id, bytes: isOffset ? (end_byte_offset ?? undefined) : undefined };
}

import { type Dirent, lstatSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import type { Turns } from "#base/concurrency.ts";
import { readFirstLine } from "#platform/files/json-lines.ts";

/** Maximum depth of agents that start agents. */
const MAX_GENERATIONS = 8;
const FIRST_LINE_BYTES = 1024 * 1024;
/** Maximum number of folders searched: Codex's own folders and records are few, but others may have created more. */
const MAX_FOLDERS = 1000;
const MAX_CANDIDATES = 1000;
const MAX_NAMED = 100;
const ROLLOUT = /^rollout-[\w-]+?-([0-9a-f]{8}-[0-9a-f-]{27})\.jsonl$/;
const QUOTED_ID = /"[0-9a-f]{8}-[0-9a-f-]{27}"/g;

/** Codex's record of one session. */
export interface SessionRecord {
  id: string;
  /** Path below `sessions`. */
  path: string;
}

const AgentSchema = v.object({
  type: v.literal("session_meta"),
  payload: v.object({ id: v.string(), source: v.object({ subagent: v.unknown() }) }),
});

/** Finds the records of agents that a session started, directly or through other agents: their first line names the parent session. */
export async function findAgentRecords(
  sessionId: string,
  records: readonly SessionRecord[],
  sessions: string,
  turns: Turns,
): Promise<SessionRecord[]> {
  const candidates: { record: SessionRecord; named: readonly string[] }[] = [];
  for (const record of records.filter(({ id }) => id !== sessionId).slice(0, MAX_CANDIDATES)) {
    const named = findParentSessions(readFirstLine(join(sessions, record.path), FIRST_LINE_BYTES), record.id);
    if (named !== undefined) candidates.push({ record, named });
    await turns.pause();
  }
  const family = new Set([sessionId]);
  const agents: SessionRecord[] = [];
  for (let generation = 0; generation < MAX_GENERATIONS; generation++) {
    const found = candidates.filter(
      ({ record, named }) => !family.has(record.id) && named.some((id) => family.has(id)),
    );
    if (found.length === 0) break;
    for (const { record } of found) family.add(record.id);
    agents.push(...found.map(({ record }) => record));
  }
  return agents;
}

/** Returns the parent sessions named in an agent's record; undefined if the record is not an agent's. */
function findParentSessions(line: string | undefined, id: string): string[] | undefined {
  const payload = parseJsonAs(AgentSchema, line)?.payload;
  if (payload?.id !== id) return undefined;
  try {
    const source = JSON.stringify(payload.source);
    return [...new Set(source.match(QUOTED_ID))].slice(0, MAX_NAMED).map((quoted) => quoted.slice(1, -1));
  } catch {
    return undefined; // nested without end
  }
}

/** Lists the records below a `sessions` folder, oldest first, skipping links. */
export async function listRecords(sessions: string): Promise<SessionRecord[]> {
  let folders = [""];
  for (let depth = 0; depth < 3; depth++) {
    const below: string[] = [];
    for (const folder of folders) {
      const entries = await list(join(sessions, folder));
      for (const entry of entries) if (entry.isDirectory()) below.push(join(folder, entry.name));
      if (below.length > MAX_FOLDERS) break;
    }
    folders = below.slice(0, MAX_FOLDERS);
  }
  const records: SessionRecord[] = [];
  for (const folder of folders) {
    for (const entry of await list(join(sessions, folder))) {
      const [, id] = ROLLOUT.exec(entry.name) ?? [];
      if (id !== undefined && entry.isFile()) records.push({ id, path: join(folder, entry.name) });
    }
  }
  // File names begin with the creation time.
  return records.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    return lstatSync(folder).isDirectory() ? await readdir(folder, { withFileTypes: true }) : [];
  } catch {
    return [];
  }
}

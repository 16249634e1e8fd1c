import {
  closeSync,
  constants,
  fchmodSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { errnoOf } from "#lib/errors.ts";
import {
  digestFile,
  type FileFingerprint,
  isSameFingerprint,
  openRegularFile,
  RunningDigest,
} from "#lib/file-digest.ts";
import { makePrivateFolder } from "#lib/files.ts";
import { readLinesFrom } from "#lib/json-lines.ts";
import { findSessionFile } from "../session-file.ts";
import type { HomeFindings, PrivateHomeNote } from "./note.ts";

const CHUNK_BYTES = 1024 * 1024;
/** By so much a session can grow in one run. */
const MAX_GROWTH_BYTES = 1024 * 1024 * 1024;
/** Agents may start agents, but not without end. */
const MAX_GENERATIONS = 8;
const MAX_AGENTS = 200;
const FIRST_LINE_BYTES = 256 * 1024;
/** Codex's own folders are few; somebody else may have made more. */
const MAX_FOLDERS = 1000;
const ROLLOUT = /^rollout-[\w-]+?-([0-9a-f]{8}-[0-9a-f-]{27})\.jsonl$/;

interface SessionRecord {
  id: string;
  /** Below `sessions`. */
  path: string;
}

/**
 * Brings the record of a run's session to where Codex keeps them: a new one as a new file, that of a resumed session in
 * the place of what it began with; with it the records of agents that it started. Always as a copy: a process that outlived
 * the run may still have the file open.
 * @param sessionId the run's own; records of other sessions are not taken over
 */
export function returnSession(
  codexHome: string,
  own: string,
  note: PrivateHomeNote,
  sessionId: string | undefined,
): HomeFindings {
  const findings: HomeFindings = { violations: [], notes: [] };
  const records = listRecords(join(own, "sessions"));
  const [record, ...more] = records.filter(({ id }) => id === sessionId);
  if (more.length > 0) findings.violations.push({ path: "sessions", change: "several records of the run's session" });
  else if (record !== undefined) returnRecord(codexHome, own, record.path, note, findings);
  else if (note.resumed !== undefined) {
    findings.violations.push({ path: join("sessions", note.resumed.path), change: "removed; it was kept as it was" });
  }
  const agents = sessionId === undefined ? [] : agentsOf(sessionId, records, join(own, "sessions"));
  for (const { id, path } of agents) {
    // Of a session that is known already, nothing is taken from here.
    if (findSessionFile(codexHome, id) === undefined) returnRecord(codexHome, own, path, {}, findings);
  }
  const others = records.filter(({ id }) => id !== sessionId).length - agents.length;
  if (others > 0) findings.notes.push(`${others} records of other sessions were made by the run; they were discarded.`);
  return findings;
}

const AgentSchema = v.object({
  type: v.literal("session_meta"),
  payload: v.object({ id: v.string(), source: v.object({ subagent: v.unknown() }) }),
});

/** The records of agents that a session started, and those of theirs: their first line says whose they are. */
function agentsOf(sessionId: string, records: readonly SessionRecord[], sessions: string): SessionRecord[] {
  const family = new Set([sessionId]);
  const agents: SessionRecord[] = [];
  const candidates = records.flatMap((record) => {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), AgentSchema), firstLine(join(sessions, record.path)));
    if (!parsed.success || parsed.output.payload.id !== record.id || record.id === sessionId) return [];
    return [{ record, source: JSON.stringify(parsed.output.payload.source) }];
  });
  for (let generation = 0; generation < MAX_GENERATIONS; generation++) {
    const found = candidates.filter(
      ({ record, source }) => !family.has(record.id) && [...family].some((id) => source.includes(`"${id}"`)),
    );
    if (found.length === 0) break;
    for (const { record } of found) family.add(record.id);
    agents.push(...found.map(({ record }) => record));
  }
  return agents.slice(0, MAX_AGENTS);
}

function firstLine(path: string): string | undefined {
  return readLinesFrom(path, 0, FIRST_LINE_BYTES).lines[0];
}

/** The records below a `sessions` folder, links passed over. */
function listRecords(sessions: string): SessionRecord[] {
  let folders = [""];
  for (let depth = 0; depth < 3; depth++) {
    folders = folders
      .flatMap((folder) =>
        list(join(sessions, folder))
          .filter((entry) => entry.isDirectory())
          .map(({ name }) => join(folder, name)),
      )
      .slice(0, MAX_FOLDERS);
  }
  return folders.flatMap((folder) =>
    list(join(sessions, folder)).flatMap((entry) => {
      const [, id] = ROLLOUT.exec(entry.name) ?? [];
      return id === undefined || !entry.isFile() ? [] : [{ id, path: join(folder, entry.name) }];
    }),
  );
}

function list(folder: string) {
  try {
    return lstatSync(folder).isDirectory() ? readdirSync(folder, { withFileTypes: true }) : [];
  } catch {
    return [];
  }
}

function returnRecord(
  codexHome: string,
  own: string,
  path: string,
  { resumed }: PrivateHomeNote,
  { violations, notes }: HomeFindings,
): void {
  const shown = join("sessions", path);
  const source = join(own, shown);
  const target = join(codexHome, shown);
  const start = resumed?.path === path ? resumed : undefined;
  if (start !== undefined && isUnchanged(source, start)) return;
  const existing = lstatSync(target, { throwIfNoEntry: false });
  if (existing !== undefined && (start === undefined || !isUnchanged(target, start))) {
    notes.push(`${shown} was written to by another program during the run; the run's own part of it was discarded.`);
    return;
  }
  makePrivateFolder(dirname(target));
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    const outcome = copyRecord(source, temporary, start);
    if (outcome !== "copied") {
      violations.push({ path: shown, change: `${outcome}; discarded` });
    } else if (existing === undefined) linkSync(temporary, target);
    else renameSync(temporary, target);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    notes.push(`${shown} was written by another program in the meantime; the run's was discarded.`);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function isUnchanged(path: string, before: FileFingerprint): boolean {
  const now = digestFile(path);
  return now !== undefined && isSameFingerprint(now, before);
}

/** Copies a record in one pass, so that what is checked is what is copied. */
function copyRecord(
  from: string,
  to: string,
  start: FileFingerprint | undefined,
): "copied" | "the earlier part of the session was changed" | "too large" {
  const source = openRegularFile(from, constants.O_NOFOLLOW);
  if (source === undefined) return "the earlier part of the session was changed";
  rmSync(to, { force: true });
  const file = openSync(to, "wx", 0o600);
  try {
    fchmodSync(file, 0o600);
    const digest = new RunningDigest();
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const startSize = start?.size ?? 0;
    for (let at = 0; ;) {
      const bytes = readSync(source, chunk, 0, CHUNK_BYTES, at);
      if (at < startSize) digest.add(chunk.subarray(0, Math.min(bytes, startSize - at)));
      if (bytes === 0) break;
      for (let written = 0; written < bytes;) written += writeSync(file, chunk, written, bytes - written);
      at += bytes;
      if (at > startSize + MAX_GROWTH_BYTES) return "too large";
    }
    const isKept = start === undefined || isSameFingerprint(digest.fingerprint, start);
    return isKept ? "copied" : "the earlier part of the session was changed";
  } finally {
    closeSync(source);
    closeSync(file);
  }
}

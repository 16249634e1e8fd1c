import {
  linkSync,
  lstatSync,
  renameSync,
  rmSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Turns } from "#base/concurrency.ts";
import { errnoOf } from "#base/errors.ts";
import { formatPlural } from "#base/text.ts";
import { findSessionFile } from "#codex/run/session-file.ts";
import {
  isSameFingerprint,
  digestFileInTurns,
  type FileFingerprint,
  openRegularFile,
  RunningDigest,
} from "#platform/files/file-digest.ts";
import { makePrivateFolder } from "#platform/files/files.ts";
import type { HomeFindings, PrivateHomeNote } from "./note.ts";
import { findAgentRecords, listRecords, type SessionRecord } from "./records.ts";

const MIB = 1024 * 1024;
/** Maximum growth of a session's record in one run, in bytes. */
const MAX_GROWTH_BYTES = 256 * MIB;
/** Maximum total size of the records of a run's agents, in bytes. */
const MAX_AGENTS_BYTES = 64 * MIB;
const MAX_AGENTS = 50;

/**
 * Copies the record of a run's session to Codex's folder: a new session as a new file, a resumed one in place of its earlier record,
 * together with the records of agents that it started. It is always a copy: a process that outlived the run may still have the file open.
 * @param sessionId of the run itself; records of other sessions are not copied
 * @param findings receives the findings, even if this throws
 */
export async function copySessionBack(
  codexHome: string,
  own: string,
  note: PrivateHomeNote,
  sessionId: string | undefined,
  findings: HomeFindings,
): Promise<void> {
  const turns = new Turns();
  const move: CopyTask = { codexHome, own, findings, turns, maxGrowth: MAX_GROWTH_BYTES };
  const records = await listRecords(join(own, "sessions"));
  const [record, ...more] = records.filter(({ id }) => id === sessionId);
  if (more.length > 0) findings.violations.push({ path: "sessions", change: "several records of the run's session" });
  else if (record !== undefined) await copyRecordBack(move, record.path, note.resumed);
  else if (note.resumed !== undefined) {
    findings.violations.push({
      path: join("sessions", note.resumed.path),
      change: "removed; the user's copy was kept",
    });
  }
  const agents =
    sessionId === undefined ? [] : await findAgentRecords(sessionId, records, join(own, "sessions"), turns);
  await copyAgentsBack(move, agents);
  const sources = new Set(note.sources);
  const others = records.filter(({ id, path }) => id !== sessionId && !sources.has(path)).length - agents.length;
  if (others > 0) {
    findings.notes.push(`The run created ${formatPlural(others, "record")} of other sessions, which were discarded.`);
  }
}

/** Facts needed to copy a record. */
interface CopyTask {
  codexHome: string;
  own: string;
  findings: HomeFindings;
  turns: Turns;
  maxGrowth: number;
}

async function copyAgentsBack(move: CopyTask, agents: readonly SessionRecord[]): Promise<void> {
  let left = MAX_AGENTS_BYTES;
  for (const { id, path } of agents.slice(0, MAX_AGENTS)) {
    // Sessions that already exist are not overwritten.
    if (findSessionFile(move.codexHome, id) !== undefined) continue;
    left -= await copyRecordBack({ ...move, maxGrowth: left }, path, undefined);
    await move.turns.pause();
  }
  if (agents.length > MAX_AGENTS) {
    move.findings.notes.push(`Only the records of the first ${MAX_AGENTS} agents were copied (of ${agents.length}).`);
  }
}

/** Reasons why a record was not copied that are not violations. */
const NOT_COPIED: Readonly<Record<string, string>> = {
  "too large": "it has grown more than a run's record may",
  "with NUL bytes": "it contains NUL bytes, so it is not a record",
};

/**
 * Copies one record.
 * @returns the number of bytes added to the existing ones
 */
async function copyRecordBack(move: CopyTask, path: string, resumed: PrivateHomeNote["resumed"]): Promise<number> {
  const { violations, notes } = move.findings;
  const shown = join("sessions", path);
  const source = join(move.own, shown);
  const target = join(move.codexHome, shown);
  const start = resumed?.path === path ? resumed : undefined;
  if (start !== undefined && (await isUnchanged(source, start, move.turns))) return 0;
  const existing = identityOf(target);
  if (existing !== undefined && (start === undefined || !(await isUnchanged(target, start, move.turns)))) {
    notes.push(`Another program wrote to ${shown} during the run; the run's own part of it was discarded.`);
    return 0;
  }
  makePrivateFolder(dirname(target));
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    const outcome = await copyRecord(source, temporary, { start, maxGrowth: move.maxGrowth }, move.turns);
    if (typeof outcome === "object") {
      placeFile(temporary, target, existing);
      return outcome.bytes;
    }
    const reason = NOT_COPIED[outcome];
    if (reason === undefined) violations.push({ path: shown, change: `${outcome}; discarded` });
    else notes.push(`${shown} was not copied: ${reason}.`);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    notes.push(`Another program wrote ${shown} in the meantime; the run's record was discarded.`);
  } finally {
    rmSync(temporary, { force: true });
  }
  return 0;
}

/**
 * Puts a file in its place.
 * @throws with the code EEXIST if another file has appeared there since
 */
function placeFile(from: string, target: string, existing: string | undefined): void {
  // link() does not overwrite a file.
  if (existing === undefined || identityOf(target) !== existing) linkSync(from, target);
  else renameSync(from, target);
}

/** Returns a text that changes with each write to a file; undefined if there is none. */
function identityOf(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  return stat && `${stat.dev} ${stat.ino} ${stat.size} ${stat.ctimeNs}`;
}

async function isUnchanged(path: string, start: FileFingerprint, turns: Turns): Promise<boolean> {
  if (lstatSync(path, { throwIfNoEntry: false })?.size !== start.size) return false;
  const now = await digestFileInTurns(path, turns);
  return now !== undefined && isSameFingerprint(now, start);
}

const CHUNK_BYTES = 1024 * 1024;

/** Outcome of copying a record. */
export type CopyOutcome =
  | { bytes: number }
  | "the earlier part of the session was changed"
  | "too large"
  | "with NUL bytes";

/** Content that a record must begin with, and the number of bytes by which it may have grown. */
export interface CopyLimits {
  start: FileFingerprint | undefined;
  maxGrowth: number;
}

/**
 * Copies a record in one pass, so that the checked bytes are the copied bytes. A text has no NUL bytes; a sparse file, however large, reads
 * as NUL bytes.
 */
async function copyRecord(from: string, to: string, limits: CopyLimits, turns: Turns): Promise<CopyOutcome> {
  const source = openRegularFile(from, constants.O_NOFOLLOW);
  if (source === undefined) return "the earlier part of the session was changed";
  try {
    if (fstatSync(source).size > maxSize(limits)) return "too large";
    rmSync(to, { force: true });
    const target = openSync(to, "wx", 0o600);
    try {
      fchmodSync(target, 0o600);
      return await copyChunks(source, target, limits, turns);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

async function copyChunks(source: number, target: number, limits: CopyLimits, turns: Turns): Promise<CopyOutcome> {
  const digest = new RunningDigest();
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const startSize = limits.start?.size ?? 0;
  let at = 0;
  for (;;) {
    const bytes = readSync(source, chunk, 0, CHUNK_BYTES, at);
    if (bytes === 0) break;
    const old = Math.max(0, Math.min(bytes, startSize - at));
    digest.add(chunk.subarray(0, old));
    if (chunk.subarray(old, bytes).includes(0)) return "with NUL bytes";
    at += bytes;
    // The file may grow while it is copied.
    if (at > maxSize(limits)) return "too large";
    for (let written = 0; written < bytes;) written += writeSync(target, chunk, written, bytes - written);
    await turns.pause();
  }
  const { size, digest: found } = digest.fingerprint;
  const isKept = limits.start === undefined || (size === startSize && found === limits.start.digest);
  return isKept ? { bytes: at - startSize } : "the earlier part of the session was changed";
}

function maxSize({ start, maxGrowth }: CopyLimits): number {
  return (start?.size ?? 0) + maxGrowth;
}

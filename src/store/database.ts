import { accessSync, chmodSync, constants, lstatSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { AppError, errnoOf } from "#base/errors.ts";
import { quoteForShell } from "#base/text.ts";
import { sharedFileSystem } from "#platform/files/file-system.ts";
import { repairPrivateFolder } from "#platform/files/files.ts";
import { logger } from "#base/log.ts";
import { holdWithin } from "#store/locks/held-lock.ts";
import { hasNoSchema, isNewerSchema, migrate } from "./migrations.ts";
import { inStateFolder } from "./storage-fault.ts";
import type { StorePaths } from "./store-paths.ts";

/** Time that a statement waits for another process's write before it fails, in milliseconds. */
const BUSY_TIMEOUT_MS = 10_000;

/** Time to wait for another process to create the index or move it aside, in milliseconds. */
const INDEX_LOCK_TIMEOUT_MS = 20_000;

/** Suffixes of the files of an SQLite database in WAL mode. */
const SUFFIXES = ["", "-wal", "-shm"];

/** Open index. */
export interface OpenedDatabase {
  database: Database;
  /** Inode of the file: another file may replace it under the same name. */
  inode: number;
  /** Whether a newer version of this program has changed it: it is then used read-only. */
  isNewer: boolean;
}

/**
 * Opens the index (WAL, 0600), creating or migrating it. A damaged or foreign file is moved aside, never deleted: the tasks' `meta.json`
 * files contain all its data too. If several processes find it missing or damaged at the same moment, one of them creates the new index and
 * the others use it.
 * @param fill imports the tasks that have a folder into a new index, before it becomes visible
 * @throws AppError `state_unusable`
 */
export function openDatabase(paths: StorePaths, fill: (database: Database) => void): OpenedDatabase {
  return inStateFolder(() => {
    repairPrivateFolder(paths.home);
    repairPrivateFolder(paths.tasks);
    repairPrivateFolder(paths.locks);
    return tryOpen(paths) ?? rebuildIndex(paths, fill);
  });
}

function rebuildIndex(paths: StorePaths, fill: (database: Database) => void): OpenedDatabase {
  const lock = holdWithin(join(paths.locks, "index.lock"), INDEX_LOCK_TIMEOUT_MS);
  if (lock === undefined) throw stillLocked(paths);
  try {
    // Another process may have done it while this one waited for the lock.
    const opened = tryOpen(paths);
    if (opened !== undefined) return opened;
    moveIndexAside(paths.database);
    buildIndex(paths.database, fill);
    const made = tryOpen(paths);
    if (made === undefined) throw new Error(`the new index ${paths.database} is damaged`);
    return made;
  } finally {
    lock.release();
  }
}

/**
 * Opens an existing index.
 * @returns undefined if there is none, or it is unusable
 */
function tryOpen(paths: StorePaths): OpenedDatabase | undefined {
  const { database: path } = paths;
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  if (SUFFIXES.some((suffix) => isUnusableFile(path + suffix))) return undefined;
  let database: Database | undefined;
  try {
    const { ino: inode } = statSync(path);
    // Without `create`: another process may be moving it aside at this moment.
    database = new Database(path, { readwrite: true, create: false, strict: true });
    restrictAccess(path);
    database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    if (hasNoSchema(database)) {
      database.close();
      return undefined;
    }
    const isNewer = isNewerSchema(database);
    if (isNewer) database.run("PRAGMA query_only = ON");
    else prepareConnection(database, paths.home);
    return { database, inode, isNewer };
  } catch (error) {
    database?.close();
    if (isDamage(error) || isGone(path)) return undefined;
    throw error;
  }
}

/**
 * Prepares the connection: sets the journal mode, since the write-ahead log needs shared memory and so works on one host only, and migrates
 * the schema.
 */
function prepareConnection(database: Database, home: string): void {
  setJournalMode(database, sharedFileSystem(home) === undefined ? "WAL" : "DELETE");
  database.run("PRAGMA synchronous = NORMAL");
  migrate(database);
}

/** Builds a new index beside its final path and moves it there in one step. */
function buildIndex(path: string, fill: (database: Database) => void): void {
  const building = `${path}.new-${process.pid}`;
  rmSync(building, { force: true });
  const database = new Database(building, { create: true, strict: true });
  try {
    chmodSync(building, 0o600);
    migrate(database);
    fill(database);
  } finally {
    database.close();
  }
  renameSync(building, path);
}

function moveIndexAside(path: string): void {
  const aside = `${path}.damaged-${Date.now()}`;
  for (const suffix of SUFFIXES) {
    if (lstatSync(path + suffix, { throwIfNoEntry: false }) === undefined) continue;
    if (suffix === "") logger("store").error`the index is damaged: moved to ${aside} and rebuilt`;
    renameSync(path + suffix, aside + suffix);
  }
}

/** Returns whether one of the index's files is not a regular file, or may not be opened by this user. */
function isUnusableFile(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (!stat.isFile()) return true;
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return false;
  } catch (error) {
    // A read-only disk is a different error.
    return errnoOf(error) === "EACCES" || errnoOf(error) === "EPERM";
  }
}

function restrictAccess(path: string): void {
  if ((statSync(path).mode & 0o777) !== 0o600) chmodSync(path, 0o600);
}

/** Sets the journal mode with retries: unlike statements, it does not wait for other processes, and several may open the index at once. */
function setJournalMode(database: Database, mode: "WAL" | "DELETE"): void {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      database.run(`PRAGMA journal_mode = ${mode}`);
      return;
    } catch (error) {
      if (!hasCode(error, "SQLITE_BUSY") || performance.now() > deadline) throw error;
      Bun.sleepSync(1 + Math.random() * 4);
    }
  }
}

function isDamage(error: unknown): boolean {
  return hasCode(error, "SQLITE_NOTADB") || hasCode(error, "SQLITE_CORRUPT");
}

function isGone(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) === undefined;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith(code);
}

function stillLocked({ locks }: StorePaths): AppError {
  return new AppError(
    "state_unusable",
    "Another process has been creating the task index for too long.",
    `Stop that process (fuser ${quoteForShell(join(locks, "index.lock"))} shows it), then try again.`,
  );
}

/** Describes in one line the damage to an index; undefined if it is intact. Changes and repairs nothing. */
export function inspectDatabase(path: string): string | undefined {
  let database: Database | undefined;
  try {
    database = new Database(path, { readonly: true });
    const [first] = database.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").all();
    const said = first?.quick_check ?? "no answer";
    return said === "ok" ? undefined : (said.split("\n").at(-1) ?? said);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    database?.close();
  }
}

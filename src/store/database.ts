import { Database } from "bun:sqlite";
import { accessSync, chmodSync, constants, lstatSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { AppError, errnoOf } from "#base/errors.ts";
import { sharedFileSystem } from "#platform/files/file-system.ts";
import { repairPrivateFolder } from "#platform/files/files.ts";
import { logger } from "#base/log.ts";
import { holdSoon } from "#store/locks/held-lock.ts";
import { hasNoSchema, isNewerSchema, migrate } from "./migrations.ts";
import { inStateFolder } from "./storage-fault.ts";
import type { StorePaths } from "./store-paths.ts";

/** How long a statement waits for another process's write before it fails. */
const BUSY_TIMEOUT_MS = 10_000;

/** How long the making or putting aside of an index by another process is waited for. */
const INDEX_LOCK_TIMEOUT_MS = 20_000;

/** The files of an SQLite database in WAL mode, as they are called after it. */
const SUFFIXES = ["", "-wal", "-shm"];

/** An open index. */
export interface OpenedDatabase {
  database: Database;
  /** Which file it is: another one of the same name may come in its place. */
  inode: number;
  /** Whether a newer version of this program has changed it: it is then only read. */
  isNewer: boolean;
}

/**
 * Opens the index (WAL, 0600), makes or migrates it. One that is damaged, or no file of ours, is put aside, never
 * deleted: all it held stands in the tasks' `meta.json` files too. Of several processes that find one missing or damaged
 * at the same moment, one makes the new one, and the others use that.
 * @param fill takes the tasks that have a folder into a new index, before anybody sees it
 * @throws AppError `state_unusable`
 */
export function openDatabase(paths: StorePaths, fill: (database: Database) => void): OpenedDatabase {
  return inStateFolder(() => {
    repairPrivateFolder(paths.home);
    repairPrivateFolder(paths.tasks);
    repairPrivateFolder(paths.locks);
    return tryOpen(paths) ?? makeAnew(paths, fill);
  });
}

function makeAnew(paths: StorePaths, fill: (database: Database) => void): OpenedDatabase {
  const lock = holdSoon(join(paths.locks, "index.lock"), INDEX_LOCK_TIMEOUT_MS);
  if (lock === undefined) throw stillLocked(paths);
  try {
    // Somebody else may have done it while this process waited for the lock.
    const opened = tryOpen(paths);
    if (opened !== undefined) return opened;
    putIndexAside(paths.database);
    buildIndex(paths.database, fill);
    const made = tryOpen(paths);
    if (made === undefined) throw new Error(`the new index ${paths.database} is damaged`);
    return made;
  } finally {
    lock.release();
  }
}

/** Opens the index that is there. @returns undefined where there is none, or none that can be used */
function tryOpen(paths: StorePaths): OpenedDatabase | undefined {
  const { database: path } = paths;
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  if (SUFFIXES.some((suffix) => isMisplaced(path + suffix))) return undefined;
  let database: Database | undefined;
  try {
    const { ino: inode } = statSync(path);
    // Not created: it may be put aside in this moment.
    database = new Database(path, { readwrite: true, create: false, strict: true });
    chmodOwn(path);
    database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    if (hasNoSchema(database)) {
      database.close();
      return undefined;
    }
    const isNewer = isNewerSchema(database);
    if (isNewer) database.run("PRAGMA query_only = ON");
    else prepare(database, paths.home);
    return { database, inode, isNewer };
  } catch (error) {
    database?.close();
    if (isDamage(error) || isGone(path)) return undefined;
    throw error;
  }
}

/** The write-ahead log works among processes of one host only: it needs memory that they share. */
function prepare(database: Database, home: string): void {
  setJournalMode(database, sharedFileSystem(home) === undefined ? "WAL" : "DELETE");
  database.run("PRAGMA synchronous = NORMAL");
  migrate(database);
}

/** Makes a new index beside its place and puts it there in one step. */
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

function putIndexAside(path: string): void {
  const aside = `${path}.damaged-${Date.now()}`;
  for (const suffix of SUFFIXES) {
    if (lstatSync(path + suffix, { throwIfNoEntry: false }) === undefined) continue;
    if (suffix === "") logger("store").error`the index is damaged, it is put aside as ${aside} and rebuilt`;
    renameSync(path + suffix, aside + suffix);
  }
}

/** Something that is no regular file, or that this user may not open, stands in the place of one of the index's files. */
function isMisplaced(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (!stat.isFile()) return true;
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return false;
  } catch (error) {
    // A disk that can only be read is another matter.
    return errnoOf(error) === "EACCES" || errnoOf(error) === "EPERM";
  }
}

function chmodOwn(path: string): void {
  if ((statSync(path).mode & 0o777) !== 0o600) chmodSync(path, 0o600);
}

/** A change of the journal does not wait for another process as statements do: several may open the index at once. */
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
    "Another process has been making the index of tasks for a long time.",
    `Look which process that is (fuser '${join(locks, "index.lock")}'), end it, and try again.`,
  );
}

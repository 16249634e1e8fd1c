import { Database } from "bun:sqlite";
import { chmodSync, renameSync } from "node:fs";
import { makePrivateFolder } from "#lib/files.ts";
import { logger } from "#lib/log.ts";
import { pathExists } from "#lib/paths.ts";
import { migrate } from "./migrations.ts";
import type { StorePaths } from "./store-paths.ts";

/** How long a statement waits for another process's write before it fails. */
const BUSY_TIMEOUT_MS = 10_000;

/** An open index. */
export interface OpenedDatabase {
  database: Database;
  /** True where there was none, or only a damaged one: its rows are to be made from the `meta.json` files. */
  isNew: boolean;
}

/**
 * Opens the index (WAL, 0600), makes or migrates it. A damaged one is put aside, never deleted:
 * all it held stands in the tasks' `meta.json` files too.
 */
export function openDatabase(paths: StorePaths): OpenedDatabase {
  makePrivateFolder(paths.tasks);
  const isNew = !pathExists(paths.database);
  try {
    return { database: openAndMigrate(paths.database), isNew };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = `${paths.database}.damaged-${Date.now()}`;
    logger("store").error`the index is damaged, it is put aside as ${aside} and rebuilt`;
    for (const suffix of ["", "-wal", "-shm"]) {
      if (pathExists(paths.database + suffix)) renameSync(paths.database + suffix, aside + suffix);
    }
    return { database: openAndMigrate(paths.database), isNew: true };
  }
}

function openAndMigrate(path: string): Database {
  const database = new Database(path, { create: true, strict: true });
  try {
    chmodSync(path, 0o600);
    database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    useWriteAheadLog(database);
    database.run("PRAGMA synchronous = NORMAL");
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A change of the journal does not wait for another process as statements do: several may make the index at once. */
function useWriteAheadLog(database: Database): void {
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      database.run("PRAGMA journal_mode = WAL");
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

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

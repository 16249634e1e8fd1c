import { Database } from "bun:sqlite";
import { chmodSync, lstatSync } from "node:fs";
import { AppError, errnoOf } from "#base/errors.ts";
import { moveAside } from "#platform/files/files.ts";

/** Lock that this process holds until it releases the lock or dies; the kernel releases it in the latter case. */
export interface HeldLock {
  release(): void;
}

/**
 * State of a lock: `missing` if the file does not exist, `unknown` if it cannot be examined. The state is correct in every PID namespace of
 * the machine, and on other hosts as far as their file system supports remote locks.
 */
export type LockState = "held" | "free" | "missing" | "unknown";

/** Connections kept while their locks are held: garbage collection of a connection would release its lock. */
const held = new Set<Database>();

/**
 * Takes the lock of a file: an exclusive transaction on its own SQLite database, to which nothing is ever written. SQLite uses the right
 * call for each system (fcntl, LockFileEx). No other code may open the file: closing any descriptor of the file releases all fcntl locks of
 * the process.
 * @returns undefined if another process, or another part of this one, holds it
 * @throws AppError `state_unusable` if the file is unusable
 */
export function tryHold(path: string): HeldLock | undefined {
  for (let isSecond = false; ; isSecond = true) {
    const outcome = tryExclusive(path);
    if (outcome instanceof Database) return toHeldLock(outcome);
    if (outcome === "busy") return undefined;
    if (isSecond || !moveNonLockAside(path)) throw unusable(path, outcome);
  }
}

/** Takes a lock, retrying for up to `atMostMs` milliseconds and blocking the caller: for files that others only inspect for a moment. */
export function holdWithin(path: string, atMostMs: number): HeldLock | undefined {
  const deadline = performance.now() + atMostMs;
  for (;;) {
    const lock = tryHold(path);
    if (lock !== undefined || performance.now() > deadline) return lock;
    Bun.sleepSync(1 + Math.random() * 4);
  }
}

/** Checks whether a lock is held, without taking it. */
export function readLockState(path: string): LockState {
  let database: Database | undefined;
  try {
    if (!lstatSync(path).isFile()) return "unknown";
    database = new Database(path, { readonly: true });
    database.query("SELECT 1 FROM sqlite_master").get();
    return "free";
  } catch (error) {
    if (isBusy(error)) return "held";
    return errnoOf(error) === "ENOENT" ? "missing" : "unknown";
  } finally {
    database?.close();
  }
}

function tryExclusive(path: string): Database | "busy" | Error {
  let database: Database | undefined;
  try {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isFile() === false) return new Error("it is not a file");
    database = new Database(path, { create: true });
    // Nothing is written, so no journal on disk is needed.
    database.run("PRAGMA journal_mode = MEMORY");
    database.run("BEGIN EXCLUSIVE");
    chmodSync(path, 0o600);
    return database;
  } catch (error) {
    database?.close();
    if (isBusy(error)) return "busy";
    return error instanceof Error ? error : new Error(String(error));
  }
}

function toHeldLock(database: Database): HeldLock {
  held.add(database);
  return {
    release: () => {
      if (held.delete(database)) database.close();
    },
  };
}

/**
 * Moves aside anything at the path that is not a lock file, so that no process can hold it. Leaves other users' files in place.
 * @returns whether the path is free now
 */
function moveNonLockAside(path: string): boolean {
  try {
    const there = lstatSync(path);
    if (process.getuid !== undefined && there.uid !== process.getuid()) return false;
    moveAside(path);
    return true;
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}

function unusable(path: string, cause: Error): AppError {
  return new AppError(
    "state_unusable",
    `The lock file ${path} cannot be used: ${cause.message}.`,
    "Check that the state folder belongs to the user that runs this server and that its disk is not full.",
    cause,
  );
}

import { closeSync, constants, fstatSync, lstatSync, openSync } from "node:fs";
import { SAFE_OPEN } from "#platform/files/read-file.ts";
import { EWOULDBLOCK, flock, HAS_FLOCK } from "./libc.ts";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

/** Number of attempts to take the lock while other processes check it. */
const MAX_ATTEMPTS = 1000;

/**
 * Takes the exclusive lock of a file, creating the file if missing. The kernel keeps the lock while any process has the returned
 * descriptor, or one inherited from it, open, so the death of its holders releases it.
 * @returns the open file; false if another process holds the lock; undefined if locks are not supported
 */
export function tryFlock(path: string): number | false | undefined {
  return lockOpened(openRegular(path, constants.O_RDWR | constants.O_CREAT));
}

/** Takes the exclusive lock of a folder, which leaves nothing behind in it. @returns as {@link tryFlock} */
export function tryFlockFolder(path: string): number | false | undefined {
  if (!HAS_FLOCK) return undefined;
  try {
    return lockOpened(openSync(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0)));
  } catch {
    return undefined; // not readable
  }
}

function lockOpened(file: number | undefined): number | false | undefined {
  if (file === undefined) return undefined;
  const outcome = lockRepeatedly(file);
  if (outcome === 0) return file;
  closeSync(file);
  return outcome === EWOULDBLOCK ? false : undefined;
}

/**
 * Returns whether a process holds the lock of a file, in any PID namespace or container of this kernel.
 * @returns undefined if unknown, for example if the file is missing
 */
export function isFlocked(path: string): boolean | undefined {
  const file = openRegular(path, constants.O_RDONLY);
  if (file === undefined) return undefined;
  const outcome = flock(file, LOCK_SH | LOCK_NB);
  closeSync(file);
  return outcome === 0 || outcome === EWOULDBLOCK ? outcome === EWOULDBLOCK : undefined;
}

/** Creates a lock file if it is missing. */
export function makeLockFile(path: string): void {
  const file = openRegular(path, constants.O_RDWR | constants.O_CREAT);
  if (file !== undefined) closeSync(file);
}

/** Takes a lock in several attempts: {@link isFlocked} holds it shared for an instant. */
function lockRepeatedly(file: number): number {
  for (let attempt = 1; ; attempt++) {
    const outcome = flock(file, LOCK_EX | LOCK_NB);
    if (outcome !== EWOULDBLOCK || attempt === MAX_ATTEMPTS) return outcome;
    if (flock(file, LOCK_SH | LOCK_NB) !== 0) return EWOULDBLOCK;
    flock(file, LOCK_UN);
    Bun.sleepSync(Math.random() * 2);
  }
}

function openRegular(path: string, flags: number): number | undefined {
  if (!HAS_FLOCK) return undefined;
  try {
    // Check before opening: opening a device may already have an effect.
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) return undefined;
    const file = openSync(path, flags | SAFE_OPEN | (constants.O_NOFOLLOW ?? 0), 0o600);
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
    return undefined;
  } catch {
    return undefined; // missing, or not readable
  }
}

import { closeSync, constants, fstatSync, lstatSync, openSync } from "node:fs";
import { flock } from "./libc.ts";
import { SAFE_OPEN } from "#platform/files/read-file.ts";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;
/** EWOULDBLOCK, whose number is not the same everywhere. */
const HELD = process.platform === "linux" ? 11 : 35;

/** How often the lock is tried for while others look at it. */
const TRIES = 1000;

/**
 * Takes the exclusive lock of a file, making the file where there is none. The kernel keeps the lock for as long as any
 * process has the returned descriptor, or one inherited from it, open: whoever dies lets go.
 * @returns the open file; false where somebody else holds the lock, undefined where locks cannot be had
 */
export function tryFlock(path: string): number | false | undefined {
  const file = openRegular(path, constants.O_RDWR | constants.O_CREAT);
  if (file === undefined) return undefined;
  const outcome = lockRepeatedly(file);
  if (outcome === 0) return file;
  closeSync(file);
  return outcome === HELD ? false : undefined;
}

/**
 * Tells whether somebody holds the lock of a file, whichever PID namespace or container of this kernel they are in.
 * @returns undefined where that cannot be known, as where the file is missing
 */
export function isFlocked(path: string): boolean | undefined {
  const file = openRegular(path, constants.O_RDONLY);
  if (file === undefined) return undefined;
  const outcome = flock(file, LOCK_SH | LOCK_NB);
  closeSync(file);
  return outcome === 0 || outcome === HELD ? outcome === HELD : undefined;
}

/** Makes the file of a lock, where there is none: that it is free then says that nobody holds it. */
export function makeLockFile(path: string): void {
  const file = openRegular(path, constants.O_RDWR | constants.O_CREAT);
  if (file !== undefined) closeSync(file);
}

/** Those who only look hold the lock shared, for an instant: they are waited for. */
function lockRepeatedly(file: number): number {
  for (let attempt = 1; ; attempt++) {
    const outcome = flock(file, LOCK_EX | LOCK_NB);
    if (outcome !== HELD || attempt === TRIES) return outcome;
    if (flock(file, LOCK_SH | LOCK_NB) !== 0) return HELD;
    flock(file, LOCK_UN);
    Bun.sleepSync(Math.random() * 2);
  }
}

function openRegular(path: string, flags: number): number | undefined {
  if (process.platform === "win32") return undefined;
  try {
    // Looked at before it is opened: to open a device may already do something.
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) return undefined;
    const file = openSync(path, flags | SAFE_OPEN | (constants.O_NOFOLLOW ?? 0), 0o600);
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
    return undefined;
  } catch {
    return undefined; // there is none, or it cannot be opened
  }
}

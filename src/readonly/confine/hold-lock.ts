import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { openLibc } from "./libc-calls.ts";
import { ownArchitecture, ownCall } from "./syscalls.ts";
import { IS_LINUX } from "#platform/system.ts";

const LOCK_EX_NB = 6;
const F_SETFD = 2;
const MAX_TRIES = 10;

/**
 * Takes a file's lock (flock) for this process and the program that replaces it: the kernel releases it when that has ended.
 * The file is opened for reading only, so that no process that inherits it can write to it.
 * @returns false if somebody else holds it; true also if such locks are not supported
 */
export function holdLock(path: string): boolean {
  const architecture = ownArchitecture();
  if (!IS_LINUX || architecture === undefined) return true;
  const { syscall } = openLibc();
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    closeSync(openSync(path, "a", 0o600));
    const file = openSync(path, "r");
    if (syscall(ownCall("flock", architecture), file, LOCK_EX_NB) !== 0) {
      closeSync(file);
      return false;
    }
    // Codex removes the file when it releases the lock: a lock on a removed file excludes nobody.
    if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(file).ino) {
      syscall(ownCall("fcntl", architecture), file, F_SETFD, 0);
      return true;
    }
    closeSync(file);
  }
  return false;
}

import { dlopen, FFIType, ptr } from "bun:ffi";
import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { AppError } from "#base/errors.ts";
import { LIBC } from "#platform/libc.ts";
import { IS_LINUX } from "#base/system.ts";
import { openLibc } from "./libc-calls.ts";
import { ownArchitecture, ownCall } from "./syscalls.ts";

const LOCK_EX_NB = 6;
const F_SETFD = 2;
/** Number of attempts to lock the file that is at the path. */
const MAX_ATTEMPTS = 10;

/**
 * Takes a file's lock (flock) for this process and the program that replaces it: the kernel releases it when that has ended.
 * The file is opened for reading only, so that no process that inherits it can write to it.
 * @returns false if another process holds it; true also if such locks are not supported
 */
export function holdLock(path: string): boolean {
  const architecture = ownArchitecture();
  if (!IS_LINUX || architecture === undefined) return true;
  const { syscall } = openLibc();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    closeSync(openSync(path, "a", 0o600));
    const file = openSync(path, "r");
    if (syscall(ownCall("flock", architecture), file, LOCK_EX_NB) !== 0) {
      closeSync(file);
      return false;
    }
    // Codex removes the file when it releases the lock: a lock on a removed file excludes no other process.
    if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(file).ino) {
      syscall(ownCall("fcntl", architecture), file, F_SETFD, 0);
      return true;
    }
    closeSync(file);
  }
  return false;
}

/** Numbers of SIGPIPE and SIGXFSZ: our runtime ignores them, and ignored signals stay ignored in the next program. */
const IGNORED_SIGNALS = [13, 25];
const SIG_DFL = 0;

/**
 * Replaces this process by another program with the same pid, environment and open files; returns only on failure.
 * @throws AppError `start_failed`
 */
export function becomeProgram(program: string, args: readonly string[]): never {
  const libc = dlopen(LIBC, {
    execv: { args: [FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
    signal: { args: [FFIType.i32, FFIType.u64], returns: FFIType.u64 },
  }).symbols;
  const words = [program, ...args].map((word) => Buffer.from(`${word}\0`));
  const argv = BigUint64Array.from([...words.map((word) => BigInt(ptr(word))), 0n]);
  for (const signal of IGNORED_SIGNALS) libc.signal(signal, SIG_DFL);
  const [path = Buffer.from("\0")] = words;
  libc.execv(ptr(path), ptr(argv));
  throw new AppError(
    "start_failed",
    `The program ${program} could not be executed.`,
    "Check its permissions, and that it is built for this machine.",
  );
}

import { dlopen, FFIType } from "bun:ffi";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { errnoOf } from "./errors.ts";
import { LIBC } from "./libc.ts";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

/** placeholder until the merge */
export function isFlocked(path: string): boolean | undefined {
  if (process.platform === "win32") return undefined;
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? false : undefined;
  }
  try {
    if (!fstatSync(file).isFile()) return undefined;
    return flock(file, LOCK_SH | LOCK_NB) !== 0;
  } finally {
    closeSync(file);
  }
}

export function tryFlock(file: number): boolean {
  return flock(file, LOCK_EX | LOCK_NB) === 0;
}

function flock(file: number, operation: number): number {
  return dlopen(LIBC, { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } }).symbols.flock(
    file,
    operation,
  );
}

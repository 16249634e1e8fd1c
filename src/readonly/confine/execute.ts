import { dlopen, FFIType, ptr } from "bun:ffi";
import { AppError } from "#base/errors.ts";
import { LIBC } from "#platform/libc.ts";

/** Numbers of SIGPIPE and SIGXFSZ: our runtime ignores them, and ignored signals stay ignored in the next program. */
const IGNORED_SIGNALS = [13, 25];
const SIG_DFL = 0;

/**
 * Replaces this process by another program, with the same pid, environment and open files: nothing of this program remains.
 * Returns only on failure.
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
    "Look at its permissions, and whether it is made for this machine.",
  );
}

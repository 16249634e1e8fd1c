import { dlopen, FFIType } from "bun:ffi";
import { LIBC } from "#platform/libc.ts";

const PR_SET_NO_NEW_PRIVS = 38;

/** The libc's `syscall` and `prctl`: omitted arguments are 0. */
export interface LibcCalls {
  syscall: (number: number, ...args: readonly number[]) => number;
  prctl: (option: number, ...args: readonly number[]) => number;
}

/** Opens the libc for calls that the runtime does not offer. */
export function openLibc(): LibcCalls {
  const word = FFIType.u64;
  const { symbols } = dlopen(LIBC, {
    syscall: { args: [FFIType.i64, word, word, word, word, word], returns: FFIType.i64 },
    prctl: { args: [FFIType.i32, word, word, word, word], returns: FFIType.i32 },
  });
  return {
    syscall: (number, a = 0, b = 0, c = 0, d = 0, e = 0) => Number(symbols.syscall(number, a, b, c, d, e)),
    prctl: (option, a = 0, b = 0, c = 0, d = 0) => symbols.prctl(option, a, b, c, d),
  };
}

/** Prevents this thread, and all that it executes, from gaining privileges by an exec. @returns whether that succeeded */
export function setNoNewPrivileges({ prctl }: LibcCalls): boolean {
  return prctl(PR_SET_NO_NEW_PRIVS, 1) === 0;
}

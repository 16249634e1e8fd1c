import { dlopen, FFIType, ptr, read } from "bun:ffi";
import { IS_LINUX, IS_MACOS, IS_WINDOWS } from "#base/system.ts";

/** File name of the libc for `dlopen`; on Linux it works for glibc and musl, whose loader accepts any `libc.`. */
export const LIBC = IS_MACOS ? "libSystem.B.dylib" : "libc.so.6";

const WORD = FFIType.u64;

/** System call numbers, which are the same on all architectures (since Linux 5.1). */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

/** Opens the libc for functions that exist only on Linux. */
const linux = once(
  () =>
    dlopen(LIBC, {
      prctl: { args: [FFIType.i32, WORD, WORD, WORD, WORD], returns: FFIType.i32 },
      syscall: { args: [FFIType.i64, WORD, WORD, WORD, WORD, WORD], returns: FFIType.i64 },
      waitpid: { args: [FFIType.i32, FFIType.ptr, FFIType.i32], returns: FFIType.i32 },
    }).symbols,
);

/**
 * Opens the libc for `flock`, which is not variadic, unlike `fcntl`: variadic functions need another calling convention on Apple's
 * processors.
 */
const locks = once(() => dlopen(LIBC, { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } }).symbols);

/** Name of the libc function that returns the address of this thread's errno. */
const ERRNO_FUNCTION = IS_MACOS ? "__error" : "__errno_location";
const errnoAddress = once(
  () => dlopen(LIBC, { [ERRNO_FUNCTION]: { args: [], returns: FFIType.ptr } }).symbols[ERRNO_FUNCTION],
);

/** Whether {@link flock} can be called on this system. */
export const HAS_FLOCK = !IS_WINDOWS;

/** Error number that {@link flock} returns if another process holds the lock. */
export const EWOULDBLOCK = IS_LINUX ? 11 : 35;

/**
 * Calls flock(2).
 * @returns 0, or the error number
 */
export function flock(file: number, operation: number): number {
  const errnoOfThisThread = errnoAddress();
  if (locks().flock(file, operation) === 0) return 0;
  const address = errnoOfThisThread?.();
  return typeof address === "number" ? read.i32(address) : -1;
}

/**
 * Creates a named pipe that only this user can open.
 * @throws Error if it cannot be created
 */
export function makeFifo(path: string): void {
  const { mkfifo } = dlopen(LIBC, { mkfifo: { args: [FFIType.ptr, FFIType.u32], returns: FFIType.i32 } }).symbols;
  if (mkfifo(ptr(Buffer.from(`${path}\0`)), 0o600) !== 0) throw new Error(`The pipe ${path} cannot be created.`);
}

/** Id of the clock that stops while the machine sleeps: CLOCK_MONOTONIC on Linux, CLOCK_UPTIME_RAW on macOS. */
const RUNNING_CLOCK_ID = IS_MACOS ? 8 : 1;

const clock = once(() => {
  const { clock_gettime } = dlopen(LIBC, {
    clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  }).symbols;
  return { clock_gettime, time: new BigInt64Array(2) };
});

/** Returns the milliseconds for which the machine has run since its boot, without sleep; undefined on Windows. */
export function readRunningClockMs(): number | undefined {
  if (IS_WINDOWS) return undefined;
  const { clock_gettime, time } = clock();
  clock_gettime(RUNNING_CLOCK_ID, ptr(time));
  return Number(time[0] ?? 0n) * 1000 + Number(time[1] ?? 0n) / 1e6;
}

/** Makes this process the parent of all its descendants that become orphans (prctl(2), PR_SET_CHILD_SUBREAPER). */
export function setChildSubreaper(): boolean {
  return linux().prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) === 0;
}

/** Collects the exit status of a child that has ended. */
export function reapChild(pid: number): void {
  linux().waitpid(pid, ptr(new Int32Array(1)), WNOHANG);
}

/** Opens a process, so that the reference stays valid when its pid is reused; undefined if not supported. */
export function openPidfd(pid: number): number | undefined {
  const file = Number(linux().syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0, 0));
  return file < 0 ? undefined : file;
}

/**
 * Sends a signal to an opened process.
 * @returns whether it was permitted and the process existed
 */
export function signalPidfd(file: number, signal: number): boolean {
  return Number(linux().syscall(SYS_PIDFD_SEND_SIGNAL, file, signal, 0, 0, 0)) === 0;
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

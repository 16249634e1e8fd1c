import { ptr } from "bun:ffi";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { errnoOf } from "#base/errors.ts";
import { IS_LINUX } from "#base/system.ts";
import { type LibcCalls, openLibc } from "./libc-calls.ts";

/** Newest Landlock ABI that this program uses (Linux 6.15). */
const NEWEST_ABI = 7;

// System calls have had the same number on all architectures since Linux 5.1.
const SYS_LANDLOCK_CREATE_RULESET = 444;
const SYS_LANDLOCK_ADD_RULE = 445;
const SYS_LANDLOCK_RESTRICT_SELF = 446;
const CREATE_RULESET_VERSION = 1;
const RULE_PATH_BENEATH = 1;
/** Flag of `open` that refers to a file without opening it, which is enough for a rule. */
const O_PATH = 0x200000;
const O_CLOEXEC = 0x80000;

// <linux/landlock.h>: the rights to change something. Reading and executing are not restricted.
const WRITE_FILE = 1n << 1n;
const REMOVE_DIR = 1n << 4n;
const REMOVE_FILE = 1n << 5n;
const MAKE_DIR = 1n << 7n;
const MAKE_REG = 1n << 8n;
const MAKE_SYM = 1n << 12n;
const REMOVE_AND_MAKE = 0x1ff0n; // from REMOVE_DIR (bit 4) to MAKE_SYM (bit 12), MAKE_CHAR and MAKE_BLOCK included
const REFER = 1n << 13n; // ABI 2
const TRUNCATE = 1n << 14n; // ABI 3
const IOCTL_DEV = 1n << 15n; // ABI 5
const SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3n; // ABI 6

/** Character devices that store nothing, by name and device number: `major << 8 | minor`. */
export const HARMLESS_DEVICES: ReadonlyMap<string, number> = new Map([
  ["/dev/null", 0x103],
  ["/dev/zero", 0x105],
  ["/dev/full", 0x107],
  ["/dev/random", 0x108],
  ["/dev/urandom", 0x109],
  ["/dev/tty", 0x500],
]);

/** Rights in a folder of the run: files, folders and links; no devices, sockets or named pipes. */
const IN_A_FOLDER = WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER;
/** Rights on a device. */
const ON_A_DEVICE = WRITE_FILE | TRUNCATE | IOCTL_DEV;

/** Landlock restrictions in force; `abi` is the Landlock ABI that was requested. */
export type RestrictionsInForce = { enforcement: "landlock"; abi: number } | { enforcement: "none"; reason: string };

/** Returns the newest Landlock ABI of this kernel (1 or higher); 0 if it has none, or the container forbids it. */
export function landlockAbi(): number {
  return IS_LINUX ? Math.max(0, askAbi(openLibc())) : 0;
}

function askAbi({ syscall }: LibcCalls): number {
  return syscall(SYS_LANDLOCK_CREATE_RULESET, 0, 0, CREATE_RULESET_VERSION);
}

/**
 * Prevents this thread, and all that it executes from now on, from changing anything outside of the given files and folders;
 * also from sending signals to outside processes and from connecting to abstract sockets, if the kernel supports that. The
 * restriction is permanent. If the kernel has no Landlock, or refuses it, nothing is restricted.
 * Source: Documentation/userspace-api/landlock.rst
 * @param writable folders, and devices of {@link HARMLESS_DEVICES}; missing paths, links and all others are skipped
 */
export function restrictWrites(libc: LibcCalls, writable: readonly string[]): RestrictionsInForce {
  const { syscall } = libc;
  const abi = Math.min(askAbi(libc), NEWEST_ABI);
  if (abi < 1) return { enforcement: "none", reason: "this kernel has no Landlock, or the container forbids it" };
  const handled = handledAccess(abi);
  const attributes = BigUint64Array.of(handled, 0n, abi >= 6 ? SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS : 0n);
  const ruleset = syscall(SYS_LANDLOCK_CREATE_RULESET, ptr(attributes), attributesSize(abi), 0);
  if (ruleset < 0) return { enforcement: "none", reason: "Landlock rejected the ruleset" };
  try {
    for (const path of writable) {
      const rule = pathRule(path, handled);
      if (rule === undefined) continue;
      const isAdded = syscall(SYS_LANDLOCK_ADD_RULE, ruleset, RULE_PATH_BENEATH, ptr(rule.attributes), 0) === 0;
      closeSync(rule.file);
      if (!isAdded) return { enforcement: "none", reason: `Landlock rejected the rule for ${path}` };
    }
    if (syscall(SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0) !== 0) {
      return { enforcement: "none", reason: "Landlock did not restrict the process" };
    }
    return { enforcement: "landlock", abi };
  } finally {
    closeSync(ruleset);
  }
}

function handledAccess(abi: number): bigint {
  let handled = WRITE_FILE | REMOVE_AND_MAKE;
  if (abi >= 2) handled |= REFER;
  if (abi >= 3) handled |= TRUNCATE;
  if (abi >= 5) handled |= IOCTL_DEV;
  return handled;
}

/** Returns the size of `struct landlock_ruleset_attr` in bytes, which has grown: fs, then net (ABI 4), then scopes (ABI 6). */
function attributesSize(abi: number): number {
  if (abi >= 6) return 24;
  return abi >= 4 ? 16 : 8;
}

/** Returns `struct landlock_path_beneath_attr` (packed: 64 bits of rights, 32 of a file descriptor) for one path. */
function pathRule(path: string, handled: bigint): { attributes: Uint8Array; file: number } | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | O_PATH | O_CLOEXEC);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  const rights = handled & rightsOf(path, file);
  if (rights === 0n) {
    closeSync(file);
    return undefined;
  }
  const attributes = new Uint8Array(12);
  const view = new DataView(attributes.buffer);
  view.setBigUint64(0, rights, true);
  view.setInt32(8, file, true);
  return { attributes, file };
}

function rightsOf(path: string, file: number): bigint {
  const stat = fstatSync(file);
  if (stat.isDirectory()) return IN_A_FOLDER;
  return stat.isCharacterDevice() && stat.rdev === HARMLESS_DEVICES.get(path) ? ON_A_DEVICE : 0n;
}

import { ptr } from "bun:ffi";
import { IS_LINUX } from "#base/system.ts";
import { restrictWrites, type RestrictionsInForce } from "./landlock.ts";
import { openLibc, setNoNewPrivileges, type LibcCalls } from "./libc-calls.ts";
import { filterSystemCalls } from "./seccomp.ts";
import { ownArchitecture, ownCall } from "./syscalls.ts";

/** All restrictions in force for a run. */
export type Restriction = RestrictionsInForce & {
  /** Whether system calls that Landlock does not cover are filtered. */
  seccomp: boolean;
  /** Whether only the capabilities for reading are left. */
  capabilities_dropped: boolean;
};

/**
 * Restricts this thread, and all that it executes from now on, to reading: with Landlock, with a filter for what Landlock does
 * not check, and by dropping capabilities. Whatever the kernel does not support is skipped and reported in the result.
 */
export function restrictToReading(writable: readonly string[]): Restriction {
  if (!IS_LINUX) {
    const reason = "only Linux has Landlock";
    return { enforcement: "none", reason, seccomp: false, capabilities_dropped: false };
  }
  const libc = openLibc();
  if (!setNoNewPrivileges(libc)) {
    const reason = "the kernel does not support no_new_privs";
    return { enforcement: "none", reason, seccomp: false, capabilities_dropped: false };
  }
  const enforcement = restrictWrites(libc, writable);
  const capabilities_dropped = dropCapabilities(libc);
  // Last, because it refuses system calls that the other two need.
  return { ...enforcement, capabilities_dropped, seccomp: filterSystemCalls(libc) };
}

const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const LINUX_CAPABILITY_VERSION_3 = 0x20080522;
/** Number of capabilities that the kernel's interface can hold; 41 are defined so far. */
const MAX_CAPABILITIES = 64;

/** Bits of CAP_DAC_OVERRIDE (1) and CAP_DAC_READ_SEARCH (2): with them root reads files of other owners. Landlock restricts both. */
const KEPT_BITS = 0b110;

/**
 * Drops all capabilities of this thread except those needed for reading, permanently: no program that it executes gets one
 * back, since no new privileges can be gained.
 * @returns whether only those are left; false if the kernel cannot be asked
 */
function dropCapabilities({ syscall, prctl }: LibcCalls): boolean {
  const architecture = ownArchitecture();
  if (architecture === undefined) return false;
  const header = Uint32Array.of(LINUX_CAPABILITY_VERSION_3, 0);
  const get = (): Uint32Array | undefined => {
    // Effective, permitted, inheritable; each for the lower 32 capabilities, then for the upper 32.
    const sets = new Uint32Array(6);
    return syscall(ownCall("capget", architecture), ptr(header), ptr(sets)) === 0 ? sets : undefined;
  };
  const before = get();
  if (before === undefined) return false;
  // Without CAP_SETPCAP this fails, which is harmless: an exec without new privileges gains nothing from the bounding set.
  for (let capability = 0; capability < MAX_CAPABILITIES; capability++) {
    if ((KEPT_BITS & (capability < 32 ? 1 << capability : 0)) === 0) prctl(PR_CAPBSET_DROP, capability);
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  const [effective = 0, permitted = 0] = before;
  const kept = Uint32Array.of(effective & KEPT_BITS, permitted & KEPT_BITS, 0, 0, 0, 0);
  if (syscall(ownCall("capset", architecture), ptr(header), ptr(kept)) !== 0) return false;
  return get()?.every((bits, index) => bits === kept[index]) === true;
}

import { ptr } from "bun:ffi";
import type { LibcCalls } from "./libc-calls.ts";
import { ownArchitecture, ownCall } from "./syscalls.ts";

const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const LINUX_CAPABILITY_VERSION_3 = 0x20080522;
/** The kernel has 41 of them so far, and room for 64. */
const MAX_CAPABILITIES = 64;

/** CAP_DAC_OVERRIDE (1) and CAP_DAC_READ_SEARCH (2): by them root reads files of other owners. Landlock restrains both. */
const KEPT_BITS = 0b110;

/**
 * Gives up all capabilities of this thread but those that reading needs, for good: nothing that it executes gets one
 * back, since no new privileges can be had.
 * @returns whether none but those are left; false where the kernel cannot be asked
 */
export function dropCapabilities({ syscall, prctl }: LibcCalls): boolean {
  const architecture = ownArchitecture();
  if (architecture === undefined) return false;
  const header = Uint32Array.of(LINUX_CAPABILITY_VERSION_3, 0);
  const get = (): Uint32Array | undefined => {
    // Effective, permitted, inheritable, each for the lower 32 and then for the upper 32 capabilities.
    const sets = new Uint32Array(6);
    return syscall(ownCall("capget", architecture), ptr(header), ptr(sets)) === 0 ? sets : undefined;
  };
  const before = get();
  if (before === undefined) return false;
  // Without CAP_SETPCAP this fails, and nothing is lost: an exec without new privileges gains nothing from the bounds.
  for (let capability = 0; capability < MAX_CAPABILITIES; capability++) {
    if ((KEPT_BITS & (capability < 32 ? 1 << capability : 0)) === 0) prctl(PR_CAPBSET_DROP, capability);
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  const [effective = 0, permitted = 0] = before;
  const kept = Uint32Array.of(effective & KEPT_BITS, permitted & KEPT_BITS, 0, 0, 0, 0);
  if (syscall(ownCall("capset", architecture), ptr(header), ptr(kept)) !== 0) return false;
  return get()?.every((bits, index) => bits === kept[index]) === true;
}

import { dropCapabilities } from "./capabilities.ts";
import { restrictWrites } from "./landlock.ts";
import { openLibc, setNoNewPrivileges } from "./libc-calls.ts";
import type { Restriction } from "./restriction.ts";
import { filterSystemCalls } from "./seccomp.ts";
import { IS_LINUX } from "#platform/system.ts";

/**
 * Restricts this thread, and all that it executes from now on, to reading: with Landlock, with a filter for what Landlock does
 * not check, and by dropping capabilities. Whatever the kernel does not support is skipped and reported in the result.
 */
export function restrictToReading(writable: readonly string[]): Restriction {
  if (!IS_LINUX) {
    const reason = "Landlock is there on Linux only";
    return { enforcement: "none", reason, seccomp: false, capabilities_dropped: false };
  }
  const libc = openLibc();
  if (!setNoNewPrivileges(libc)) {
    const reason = "the kernel does not let a process give up new privileges";
    return { enforcement: "none", reason, seccomp: false, capabilities_dropped: false };
  }
  const enforcement = restrictWrites(libc, writable);
  const capabilities_dropped = dropCapabilities(libc);
  // Last, because it refuses system calls that the other two need.
  return { ...enforcement, capabilities_dropped, seccomp: filterSystemCalls(libc) };
}

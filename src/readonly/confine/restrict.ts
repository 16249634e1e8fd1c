import { dropCapabilities } from "./capabilities.ts";
import { restrictWrites } from "./landlock.ts";
import { openLibc, setNoNewPrivileges } from "./libc-calls.ts";
import type { Restriction } from "./restriction.ts";
import { filterSystemCalls } from "./seccomp.ts";

/**
 * Restricts this thread, and all that it executes from now on, to reading: by Landlock, by a filter for what Landlock
 * does not look at, and by giving up capabilities. What the kernel does not have is left out, and said.
 */
export function restrictToReading(writable: readonly string[]): Restriction {
  if (process.platform !== "linux") {
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
  // Last: it refuses some of what the other two need.
  return { ...enforcement, capabilities_dropped, seccomp: filterSystemCalls(libc) };
}

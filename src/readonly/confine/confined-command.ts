import * as v from "valibot";
import { tryReadText } from "#platform/files/read-file.ts";
import { selfCommand } from "#platform/self-command.ts";
import { HARMLESS_DEVICES } from "./landlock.ts";
import type { Restriction } from "./restrict.ts";

/** Folders that a read-only run can write to. */
export interface RunFolders {
  /** This run's own CODEX_HOME, not the user's. */
  codexHome: string;
  /** Folder for temporary files of this run alone. */
  temporary: string;
}

/**
 * Returns the paths that a read-only run can write to. Of `/dev`, only a fixed list: `/dev/stdout` and `/dev/fd` lead to the
 * run's own log, `/dev/pts` to the terminals of others, `/dev/shm` to their memory, and a disk bypasses any file system.
 */
export function writablePaths({ codexHome, temporary }: RunFolders): string[] {
  return [codexHome, temporary, ...HARMLESS_DEVICES.keys()];
}

/** A program to run confined. */
export interface ConfinedProgram {
  program: string;
  args: readonly string[];
  folders: RunFolders;
  /** File that the restrictions in force are written to; {@link readRestriction} reads it. */
  report: string;
  /** File that is locked as long as the program runs. */
  lock?: string;
}

/** Returns the command that confines itself and then executes the program: our own `confine`. */
export function confinedCommand({ program, args, folders, report, lock }: ConfinedProgram): [string, ...string[]] {
  const writable = writablePaths(folders).map((path) => `--write=${path}`);
  const options = [`--report=${report}`, ...(lock === undefined ? [] : [`--lock=${lock}`]), ...writable];
  return [...selfCommand(), "confine", ...options, "--", program, ...args];
}

// Reports of earlier versions lack the last two.
const more = { seccomp: v.optional(v.boolean(), false), capabilities_dropped: v.optional(v.boolean(), false) };

const RestrictionSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.variant("enforcement", [
    v.object({ enforcement: v.literal("landlock"), abi: v.number(), ...more }),
    v.object({ enforcement: v.literal("none"), reason: v.string(), ...more }),
  ]),
);

/** Returns the restrictions that were in force; none if no report states them. */
export function readRestriction(report: string): Restriction {
  const parsed = v.safeParse(RestrictionSchema, tryReadText(report));
  if (parsed.success) return parsed.output;
  const reason = "the run ended before it was confined";
  return { enforcement: "none", reason, seccomp: false, capabilities_dropped: false };
}

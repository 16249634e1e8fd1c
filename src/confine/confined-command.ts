import * as v from "valibot";
import { readOptionalText } from "#lib/read-file.ts";
import { selfCommand } from "#lib/self-command.ts";
import type { Restriction } from "./landlock.ts";
import { type RunFolders, writablePaths } from "./writable.ts";

/** A program that is to run confined. */
export interface ConfinedProgram {
  program: string;
  args: readonly string[];
  folders: RunFolders;
  /** Where it is noted what the kernel was made to refuse: read it with {@link readRestriction}. */
  report: string;
}

/** The command that confines itself and then becomes the program: our own `confine`. */
export function confinedCommand({ program, args, folders, report }: ConfinedProgram): [string, ...string[]] {
  const writable = writablePaths(folders).map((path) => `--write=${path}`);
  return [...selfCommand(), "confine", `--report=${report}`, ...writable, "--", program, ...args];
}

const RestrictionSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.variant("enforcement", [
    v.object({ enforcement: v.literal("landlock"), abi: v.number() }),
    v.object({ enforcement: v.literal("none"), reason: v.string() }),
  ]),
);

/** What the kernel was made to refuse; nothing, where there is no report that says so. */
export function readRestriction(report: string): Restriction {
  const parsed = v.safeParse(RestrictionSchema, readOptionalText(report));
  return parsed.success ? parsed.output : { enforcement: "none", reason: "the run ended before it was confined" };
}

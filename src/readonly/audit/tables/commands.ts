import type { Judge } from "#readonly/audit/finding.ts";
import { ARCHIVE_COMMANDS } from "./archives.ts";
import { BUILTINS } from "./builtins.ts";
import { FILE_COMMANDS } from "./files.ts";
import { FILTER_COMMANDS } from "./filters.ts";
import { judgeGit } from "./git.ts";
import { INTERPRETERS } from "./interpreters.ts";
import { NETWORK_COMMANDS } from "./network.ts";
import { PACKAGE_COMMANDS } from "./packages.ts";
import { READERS } from "./readers.ts";
import { TOOLCHAIN_COMMANDS } from "./toolchain.ts";
import { WRAPPERS } from "./wrappers.ts";

const JUDGES: ReadonlyMap<string, Judge> = new Map(
  Object.entries({
    ...READERS,
    ...ARCHIVE_COMMANDS,
    ...BUILTINS,
    ...FILE_COMMANDS,
    ...FILTER_COMMANDS,
    ...INTERPRETERS,
    ...NETWORK_COMMANDS,
    ...PACKAGE_COMMANDS,
    ...TOOLCHAIN_COMMANDS,
    ...WRAPPERS,
    git: judgeGit,
  }),
);

/** Names of the commands that the tables know. */
export const KNOWN_COMMANDS: readonly string[] = [...JUDGES.keys()];

/** Returns the judge of a command by its name; undefined if no table has it. */
export function judgeOf(name: string): Judge | undefined {
  return JUDGES.get(name);
}

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";

const SUFFIX = ".config.toml";

/**
 * Checks that Codex has a profile (`$CODEX_HOME/<name>.config.toml`), since Codex ignores unknown ones.
 * @throws AppError `unknown_profile`, naming the existing profiles
 */
export function checkProfile(codexHome: string, name: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name) && pathExists(join(codexHome, name + SUFFIX))) return;
  const known = listProfiles(codexHome);
  throw new AppError(
    "unknown_profile",
    `Codex has no profile "${name}": there is no ${name}${SUFFIX} in ${codexHome}.`,
    known.length > 0 ? `Profiles there: ${known.join(", ")}.` : "Make that file, or leave the profile out.",
  );
}

function listProfiles(codexHome: string): string[] {
  try {
    const names = readdirSync(codexHome).filter((name) => name.endsWith(SUFFIX));
    return names.map((name) => name.slice(0, -SUFFIX.length)).toSorted();
  } catch {
    return [];
  }
}

import { dirname, join } from "node:path";
import * as v from "valibot";
import { readOptionalText } from "#platform/files/read-file.ts";

/** Larger ones are not Codex's: its own documentation of all settings has a tenth of that. */
export const MAX_CONFIG_BYTES = 512 * 1024;

/** Returns the user's files that Codex reads, the later ones before the earlier in force. */
export function userConfigFiles(codexHome: string, profile: string | undefined): string[] {
  const names = ["config.toml", ...(profile === undefined ? [] : [`${profile}.config.toml`])];
  return names.map((name) => join(codexHome, name));
}

/** Returns where a project may have a file of its own: at each folder from the root down to where Codex runs. */
export function projectConfigFiles(folder: string): string[] {
  const files: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    files.unshift(join(at, ".codex", "config.toml"));
    if (dirname(at) === at) return files;
  }
}

/** Returns what is wanted of one of Codex's files; undefined where it says something else, or is no TOML: Codex will say what is wrong. */
export function readConfigFile<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
): v.InferOutput<Schema> | undefined {
  try {
    return v.parse(schema, Bun.TOML.parse(readOptionalText(path, { maxBytes: MAX_CONFIG_BYTES }) ?? ""));
  } catch {
    return undefined;
  }
}

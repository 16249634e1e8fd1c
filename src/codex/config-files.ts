import { dirname, join } from "node:path";
import * as v from "valibot";
import { readOptionalText } from "#platform/files/read-file.ts";

/** Maximum size of a Codex configuration file, in bytes: ten times Codex's own documentation of all settings. */
export const MAX_CONFIG_BYTES = 512 * 1024;

/** Lists the user's configuration files that Codex reads; the later ones take precedence. */
export function userConfigFiles(codexHome: string, profile: string | undefined): string[] {
  const names = ["config.toml", ...(profile === undefined ? [] : [`${profile}.config.toml`])];
  return names.map((name) => join(codexHome, name));
}

/** Lists the paths where a project may have a configuration file: in each folder from the root down to Codex's working folder. */
export function projectConfigFiles(folder: string): string[] {
  const files: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    files.unshift(join(at, ".codex", "config.toml"));
    if (dirname(at) === at) return files;
  }
}

/** Reads the wanted settings from one of Codex's files; undefined if it does not match, or is not TOML: Codex itself reports the error. */
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

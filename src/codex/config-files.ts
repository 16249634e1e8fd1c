import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import { statIfAny } from "#base/paths.ts";
import { readOptionalText, kindOf } from "#platform/files/read-file.ts";

/** Suffix of the file of a profile. */
const PROFILE_SUFFIX = ".config.toml";
/** Maximum size of a Codex configuration file, in bytes: ten times Codex's own documentation of all settings. */
const MAX_CONFIG_BYTES = 512 * 1024;

/** Folder of the configuration for all users of the machine. */
export const SYSTEM_CONFIG_FOLDER = "/etc/codex";

/** Lists the user's configuration files that Codex reads; the later ones take precedence. */
export function userConfigFiles(codexHome: string, profile: string | undefined): string[] {
  const names = ["config.toml", ...(profile === undefined ? [] : [profile + PROFILE_SUFFIX])];
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

/** First Codex version with a file for each profile; before, profiles were tables of `config.toml`. */
const PROFILE_FILES_VERSION = "0.134.0";

/**
 * Checks that Codex has a profile, since Codex ignores unknown ones: `$CODEX_HOME/<name>.config.toml`, or in earlier versions
 * `[profiles.<name>]` in `config.toml`.
 * @param version of Codex; if undefined, either counts
 * @throws AppError `unknown_profile`, naming the existing profiles
 */
export function checkProfile(codexHome: string, name: string, version: string | undefined): void {
  const hasFiles = version === undefined ? undefined : Bun.semver.order(version, PROFILE_FILES_VERSION) >= 0;
  const files = hasFiles === false ? [] : listProfileFiles(codexHome);
  const tables = hasFiles === true ? [] : listProfileTables(codexHome);
  const known = [...files, ...tables].toSorted();
  if (known.includes(name)) return;
  const wanted = hasFiles === false ? `no [profiles.${name}] in config.toml of` : `no ${name}${PROFILE_SUFFIX} in`;
  throw new AppError(
    "unknown_profile",
    `Codex has no profile "${name}": there is ${wanted} ${codexHome}.`,
    known.length > 0 ? `Use one of these profiles: ${known.join(", ")}.` : "Create that profile, or omit profile.",
  );
}

function listProfileTables(codexHome: string): string[] {
  const schema = v.looseObject({ profiles: v.optional(v.record(v.string(), v.unknown()), {}) });
  return Object.keys(readConfigFile(join(codexHome, "config.toml"), schema)?.profiles ?? {});
}

function listProfileFiles(codexHome: string): string[] {
  try {
    const names = readdirSync(codexHome).filter((name) => name.endsWith(PROFILE_SUFFIX));
    return names.map((name) => name.slice(0, -PROFILE_SUFFIX.length));
  } catch {
    return [];
  }
}

/** Instruction files that Codex reads at each level. */
const INSTRUCTION_FILES = ["AGENTS.md", "AGENTS.override.md"];
/** Files that Codex reads in a folder `.codex`; the user's own folder contains pipes and sockets, too. */
const SETTINGS_FILES = ["config.toml", "hooks.json"];

/**
 * Checks the project files that Codex reads at its start: a pipe or a device would block it forever or make it use up all memory.
 * @param folder working folder of Codex
 * @throws AppError `repository_unusable` naming the file
 */
export function checkProjectFiles(folder: string): void {
  for (const config of projectConfigFiles(folder)) {
    const [own, level] = [dirname(config), dirname(dirname(config))];
    for (const name of INSTRUCTION_FILES) checkKind(join(level, name));
    for (const name of SETTINGS_FILES) checkKind(join(own, name));
    const size = statIfAny(config)?.size ?? 0;
    if (size > MAX_CONFIG_BYTES) throw unusable(config, `has ${size} bytes, more than ${MAX_CONFIG_BYTES}`);
  }
}

function checkKind(path: string): void {
  const stat = statIfAny(path);
  if (stat === undefined || stat.isFile() || stat.isDirectory()) return;
  throw unusable(path, `is ${kindOf(stat)}, not a file`);
}

function unusable(path: string, predicate: string): AppError {
  const hint = `Check where it comes from, and remove it (rm '${path}').`;
  return new AppError("repository_unusable", `${path} ${predicate}, and Codex would read it.`, hint);
}

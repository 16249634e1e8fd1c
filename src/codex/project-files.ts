import { dirname, join } from "node:path";
import { AppError } from "#base/errors.ts";
import { statIfAny } from "#base/paths.ts";
import { kindOf } from "#platform/files/read-file.ts";
import { MAX_CONFIG_BYTES, projectConfigFiles } from "./config-files.ts";

/** Instruction files that Codex reads at each level. */
const INSTRUCTIONS = ["AGENTS.md", "AGENTS.override.md"];
/** Files that Codex reads in a folder `.codex`; the user's own folder contains pipes and sockets, too. */
const SETTINGS = ["config.toml", "hooks.json"];

/**
 * Checks the project files that Codex reads at its start: a pipe or a device would block it forever or make it use up all memory.
 * @param folder working folder of Codex
 * @throws AppError `repository_unusable` naming the file
 */
export function checkProjectFiles(folder: string): void {
  for (const config of projectConfigFiles(folder)) {
    const [own, level] = [dirname(config), dirname(dirname(config))];
    for (const name of INSTRUCTIONS) checkKind(join(level, name));
    for (const name of SETTINGS) checkKind(join(own, name));
    const size = statIfAny(config)?.size ?? 0;
    if (size > MAX_CONFIG_BYTES) throw unusable(config, `has ${size} bytes, more than ${MAX_CONFIG_BYTES}`);
  }
}

function checkKind(path: string): void {
  const stat = statIfAny(path);
  if (stat === undefined || stat.isFile() || stat.isDirectory()) return;
  throw unusable(path, `is ${kindOf(stat)}, not a file`);
}

function unusable(path: string, what: string): AppError {
  const hint = `Look at who made it, and remove it (rm '${path}').`;
  return new AppError("repository_unusable", `${path} ${what}, and Codex would read it.`, hint);
}

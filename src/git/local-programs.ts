import { join } from "node:path";
import { AppError } from "#base/errors.ts";
import { quoteForShell } from "#base/text.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import { findGitFolders } from "./git-folders.ts";
import { tryGit } from "./git.ts";
import { type GitEnvironment, type GitLimits, WITHOUT_NETWORK } from "./run-git.ts";

/** Pattern of settings that name programs which git runs even while it only reads files. */
const PROGRAMS = String.raw`^(filter\..*\.(clean|smudge|process|required)|diff\..*\.(textconv|command))$`;

/**
 * Maximum number of such settings and total size of their names in bytes: ordinary repositories have fewer, and they must fit
 * into an environment.
 */
const MAX_SETTINGS = 500;
const MAX_NAMES_BYTES = 64 * 1024;

/** Flags of commands that only read: changes within submodules are left to these repositories. */
export const READ_ONLY_FLAGS = ["--ignore-submodules=dirty"];

/**
 * Returns variables with which a git command runs no program that the repository's own configuration names. Programs of the
 * user's own configuration, such as git-lfs, stay enabled.
 * @throws AppError `repository_unusable` if there are too many such settings
 */
export async function withoutLocalPrograms(folder: string, limits: GitLimits = {}): Promise<GitEnvironment> {
  if (!mayNamePrograms(folder)) return WITHOUT_NETWORK;
  const args = ["config", "--show-scope", "--null", "--get-regexp", PROGRAMS];
  const { exitCode, stdout } = await tryGit(folder, args, {}, limits);
  if (exitCode !== 0) return WITHOUT_NETWORK;
  const trusted = new Map<string, string>();
  const local = new Set<string>();
  const fields = stdout.split("\0");
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [scope, setting = ""] = [fields[index], fields[index + 1]];
    const lineEnd = setting.indexOf("\n");
    const key = lineEnd < 0 ? setting : setting.slice(0, lineEnd);
    if (scope === "local" || scope === "worktree") local.add(key);
    else trusted.set(key, lineEnd < 0 ? "" : setting.slice(lineEnd + 1));
  }
  if (local.size > MAX_SETTINGS || [...local].join("").length > MAX_NAMES_BYTES) throw tooMany(folder);
  return { ...WITHOUT_NETWORK, ...toConfigVariables([...local].map((key) => [key, trusted.get(key) ?? ""])) };
}

/** Pattern of configuration sections that name programs, or include files that may. */
const SECTIONS = /\[\s*(?:filter|diff|include)/i;

/** Returns whether git has to be asked: the configuration files of most repositories show that they name no programs. */
function mayNamePrograms(folder: string): boolean {
  const found = findGitFolders(folder);
  if (found === undefined) return true;
  const files = [found.commonDir, found.gitDir].flatMap((at) => [join(at, "config"), join(at, "config.worktree")]);
  return [...new Set(files)].some((file) => {
    const outcome = readFileBounded(file);
    return "bytes" in outcome ? SECTIONS.test(outcome.bytes.toString("latin1")) : outcome.problem !== "missing";
  });
}

/** Returns settings as variables, after those that the user has set as variables. */
export function toConfigVariables(settings: readonly [key: string, value: string][]): GitEnvironment {
  const before = Number(process.env["GIT_CONFIG_COUNT"] ?? 0) || 0;
  const variables: GitEnvironment = { GIT_CONFIG_COUNT: String(before + settings.length) };
  for (const [index, [key, value]] of settings.entries()) {
    variables[`GIT_CONFIG_KEY_${before + index}`] = key;
    variables[`GIT_CONFIG_VALUE_${before + index}`] = value;
  }
  return variables;
}

function tooMany(folder: string): AppError {
  return new AppError(
    "repository_unusable",
    `The repository at ${folder} configures too many filters.`,
    `Check its configuration (git -C ${quoteForShell(folder)} config --local --list).`,
  );
}

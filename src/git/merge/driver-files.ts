import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { listNames } from "#base/paths.ts";
import { tryGit } from "#git/git.ts";
import { toConfigVariables } from "#git/local-programs.ts";
import { type GitEnvironment, GIT_FILES_DEADLINE_MS } from "#git/run-git.ts";

/** Returns the configured merge drivers, by the names of their settings. */
export async function readDrivers(repository: string): Promise<ReadonlyMap<string, string>> {
  const args = ["config", "--null", "--get-regexp", String.raw`^merge\..*\.driver$`];
  const { stdout } = await tryGit(repository, args);
  const settings = new Map<string, string>();
  for (const entry of stdout.split("\0")) {
    const lineEnd = entry.indexOf("\n");
    if (lineEnd > 0) settings.set(entry.slice(0, lineEnd), entry.slice(lineEnd + 1));
  }
  return settings;
}

/** Returns variables with which git runs the same drivers, but their output is kept out of git's own. */
export function redirectDrivers(drivers: ReadonlyMap<string, string>): GitEnvironment {
  if (drivers.size === 0) return {};
  return toConfigVariables([...drivers].map(([key, command]) => [key, `exec 1>&2; ${command}`]));
}

/** Returns the names of drivers, as attributes have them. */
export function driverNames(drivers: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set([...drivers.keys()].map((key) => key.slice("merge.".length, -".driver".length)));
}

/** Returns whether attributes name one of the drivers. */
export function usesDriver(attributes: string, drivers: ReadonlyMap<string, string>): boolean {
  const names = driverNames(drivers);
  return [...attributes.matchAll(/(?<=[\s]merge=)\S+/g)].some(([name]) => names.has(name));
}

/**
 * Checks out all files of a commit, since drivers may be, or need, files of the repository. Untracked entries at the top of the
 * user's own working tree, such as installed packages, are linked.
 * @param environment variables that name the repository, the working tree, and an index of its own
 */
export async function checkOutForDrivers(
  tree: string,
  commit: string,
  checkout: string | undefined,
  environment: GitEnvironment,
): Promise<void> {
  // Large files are not downloaded for this.
  const look = { ...environment, GIT_LFS_SKIP_SMUDGE: "1" };
  const args = ["read-tree", "--reset", "-u", commit];
  await tryGit(tree, args, look, { deadlineMs: GIT_FILES_DEADLINE_MS });
  if (checkout === undefined) return;
  const there = new Set([...listNames(tree), ".git"]);
  for (const name of listNames(checkout)) {
    try {
      if (!there.has(name)) symlinkSync(join(checkout, name), join(tree, name));
    } catch {
      // The driver runs without it.
    }
  }
}

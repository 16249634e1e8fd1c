import { git } from "./git.ts";

/** Returns the installed git's version, e.g. `2.39.5`. @throws AppError `git_missing` */
export async function gitVersion(): Promise<string> {
  const said = await git("/", ["--version"]);
  return /\d+(?:\.\d+)+/.exec(said)?.[0] ?? said.trim();
}

/** Returns whether `git worktree list` supports `-z` (since 2.36). */
export function hasWorktreeListing(version: string): boolean {
  return isAtLeast(version, "2.36.0");
}

/** Returns whether `git merge-tree` writes trees (since 2.38). */
export function hasTreeMerge(version: string): boolean {
  return isAtLeast(version, "2.38.0");
}

function isAtLeast(version: string, least: string): boolean {
  return Bun.semver.satisfies(version.split(".").slice(0, 3).join("."), `>=${least}`);
}

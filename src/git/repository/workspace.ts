import { realpathSync } from "node:fs";
import { findGitFolders } from "#git/git-folders.ts";

/**
 * Returns the workspace that the topics of a folder's tasks belong to: the common git folder of its repository (shared by all
 * its worktrees), or the folder's real path outside git. Only reads files, without starting git.
 */
export function workspaceOf(cwd: string): string {
  let real: string;
  try {
    real = realpathSync(cwd);
  } catch {
    return cwd; // deleted meanwhile
  }
  try {
    return findGitFolders(real)?.commonDir ?? real;
  } catch {
    return real; // `.git` is not a repository
  }
}

import { realpathSync } from "node:fs";
import { findGitFolders } from "#git/git-folders.ts";

/**
 * Whose topic a task of this folder is: the common git folder of the repository around it (one for
 * all its worktrees), or the folder's real path outside git. Reads files only, no git is started.
 */
export function workspaceOf(cwd: string): string {
  let real: string;
  try {
    real = realpathSync(cwd);
  } catch {
    return cwd; // deleted since
  }
  try {
    return findGitFolders(real)?.commonDir ?? real;
  } catch {
    return real; // something that is no repository is called `.git`
  }
}

import { realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readOptionalText } from "#lib/read-file.ts";

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
  for (let folder = real; ; folder = dirname(folder)) {
    const common = commonGitFolder(join(folder, ".git"));
    if (common !== undefined) return common;
    if (folder === dirname(folder)) return real;
  }
}

function commonGitFolder(entry: string): string | undefined {
  const stat = statSync(entry, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isDirectory()) return entry;
  try {
    const [, gitFolder] = /^gitdir: (.*?)\n?$/s.exec(readOptionalText(entry) ?? "") ?? [];
    if (gitFolder === undefined) return undefined;
    const own = resolve(dirname(entry), gitFolder);
    const common = readOptionalText(join(own, "commondir"))?.replace(/\n$/, "");
    return common === undefined ? own : resolve(own, common);
  } catch {
    return undefined;
  }
}

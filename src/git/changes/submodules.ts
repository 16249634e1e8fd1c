import { join } from "node:path";
import { listNames, pathExists } from "#base/paths.ts";
import { gitBytes } from "#git/git.ts";
import type { GitLimits } from "#git/run-git.ts";
import { splitNul, toText } from "#git/byte-names.ts";
import { isClean, inspectWorktree } from "./status.ts";

/** Mode of a submodule, in an index or a tree. */
export const GITLINK = "160000";

/**
 * Returns lines in the format of `git status --short` for changes within a worktree's submodules that no commit of the worktree
 * can contain: `_m` for changed files, `_?` for new ones (`_` is a space), and `??` for files in the folder of a submodule that
 * is not checked out.
 * @throws AppError as `git` does
 */
export async function readSubmoduleLines(worktree: string, limits: GitLimits): Promise<string[]> {
  if (!pathExists(join(worktree, ".gitmodules"))) return [];
  const listed = splitNul(await gitBytes(worktree, ["ls-files", "--stage", "-z"], limits));
  const links = listed.filter((line) => line.startsWith(`${GITLINK} `));
  const paths = links.map((line) => toText(line.slice(line.indexOf("\t") + 1)));
  return (await Promise.all(paths.map((path) => describe(worktree, path, limits)))).flat();
}

async function describe(worktree: string, path: string, limits: GitLimits): Promise<string[]> {
  const folder = join(worktree, path);
  if (!pathExists(join(folder, ".git"))) return listNames(folder).length === 0 ? [] : [`?? ${path}/`];
  // A submodule is a repository of its own: the programs that it names are not run either.
  const { status } = await inspectWorktree(folder, limits);
  if (isClean(status)) return [];
  return [` ${status.lines.length > status.untracked.length ? "m" : "?"} ${path}`];
}

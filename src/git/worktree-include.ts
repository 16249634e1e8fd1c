import { constants, copyFileSync, lstatSync, mkdirSync, readlinkSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathExists } from "#lib/paths.ts";
import { git } from "./git.ts";

/** Names, in git's own syntax for ignored files, which of them come along into a worktree. */
const INCLUDE_FILE = ".worktreeinclude";

/**
 * Copies those ignored files of a working tree into a worktree that its `.worktreeinclude` names. What is there already
 * stays; where the file system can, copies share their blocks.
 * @returns how many were copied
 * @throws AppError `git_failed`
 */
export async function copyIncluded(toplevel: string, worktree: string): Promise<number> {
  if (!pathExists(join(toplevel, INCLUDE_FILE))) return 0;
  const list = async (...which: string[]) =>
    (await git(toplevel, ["ls-files", "--others", "--ignored", "-z", ...which])).split("\0").filter(Boolean);
  const [named, ignored] = await Promise.all([
    list(`--exclude-from=${join(toplevel, INCLUDE_FILE)}`),
    list("--exclude-standard"),
  ]);
  const isIgnored = new Set(ignored);
  const wanted = named.filter((path) => isIgnored.has(path));
  return wanted.filter((path) => copy(join(toplevel, path), join(worktree, path))).length;
}

function copy(from: string, to: string): boolean {
  const stat = lstatSync(from, { throwIfNoEntry: false });
  if (stat === undefined || lstatSync(to, { throwIfNoEntry: false }) !== undefined) return false;
  if (!stat.isFile() && !stat.isSymbolicLink()) return false;
  mkdirSync(dirname(to), { recursive: true });
  if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  return true;
}

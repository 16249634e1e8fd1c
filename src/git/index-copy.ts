import { constants } from "node:fs";
import { copyFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "#lib/errors.ts";
import { statIfAny } from "#lib/paths.ts";
import { withTemporaryFolder } from "#lib/temporary.ts";
import { git, withoutLastNewline } from "./git.ts";
import { findGitFolders } from "./git-folders.ts";

/** Git writes an index anew beside the old one, with more entries maybe. */
const COPIES = 3;
const MIN_ROOM_BYTES = 1024 * 1024;

/** Does something with an index that is a copy of the worktree's own. */
export async function withIndexCopy<T>(
  worktree: string,
  work: (environment: { GIT_INDEX_FILE: string }) => Promise<T>,
): Promise<T> {
  const gitDir = await gitFolderOf(worktree);
  const index = join(gitDir, "index");
  const roomBytes = (statIfAny(index)?.size ?? 0) * COPIES + MIN_ROOM_BYTES;
  const fill = async (folder: string) => copyIfThere(index, join(folder, "index"));
  return withTemporaryFolder({ fallback: gitDir, fill, roomBytes }, async (folder) =>
    work({ GIT_INDEX_FILE: join(folder, "index") }),
  );
}

/** Returns a worktree's own folder within git's, without starting git where its files tell. @throws AppError as `git` does */
export async function gitFolderOf(worktree: string): Promise<string> {
  const found = findGitFolders(worktree)?.gitDir;
  return found ?? withoutLastNewline(await git(worktree, ["rev-parse", "--absolute-git-dir"]));
}

/** With its time, as git reads it: files that changed in the moment that the index was written are looked at closer. */
async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    const { atime, mtimeMs } = await stat(from);
    await utimes(to, atime, Math.floor(mtimeMs / 1000));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

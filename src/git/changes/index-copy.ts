import { constants } from "node:fs";
import { copyFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "#base/errors.ts";
import { statIfAny } from "#base/paths.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";
import { gitFolderOf } from "#git/worktree/worktree-link.ts";

/** Required space as a multiple of the index's size, plus a minimum in bytes: git writes a new, perhaps larger index beside the old one. */
const COPIES = 3;
const MIN_ROOM_BYTES = 1024 * 1024;

/** Runs a function with a copy of the worktree's own index. */
export async function withIndexCopy<T>(
  worktree: string,
  work: (environment: { GIT_INDEX_FILE: string }) => Promise<T>,
): Promise<T> {
  const gitDir = await gitFolderOf(worktree);
  const index = join(gitDir, "index");
  const neededBytes = (statIfAny(index)?.size ?? 0) * COPIES + MIN_ROOM_BYTES;
  const fill = async (folder: string) => copyIfThere(index, join(folder, "index"));
  return withTemporaryFolder({ fallback: gitDir, fill, neededBytes }, async (folder) =>
    work({ GIT_INDEX_FILE: join(folder, "index") }),
  );
}

/** Copies an index with its modification time, as git uses it: files that changed at that very time are compared by content. */
async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    const { atime, mtimeMs } = await stat(from);
    await utimes(to, atime, Math.floor(mtimeMs / 1000));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

import { constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { copyFile, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errnoOf } from "#lib/errors.ts";
import { statIfAny } from "#lib/paths.ts";
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
  const { folder, copy } = await copyIndex(gitDir);
  try {
    return await work({ GIT_INDEX_FILE: copy });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns a worktree's own folder within git's, without starting git where its files tell. @throws AppError as `git` does */
export async function gitFolderOf(worktree: string): Promise<string> {
  const found = findGitFolders(worktree)?.gitDir;
  return found ?? withoutLastNewline(await git(worktree, ["rev-parse", "--absolute-git-dir"]));
}

/** Copies the index to the first place that can be written to; those that seem to have room for it come first. */
async function copyIndex(gitDir: string): Promise<{ folder: string; copy: string }> {
  const index = join(gitDir, "index");
  const room = (statIfAny(index)?.size ?? 0) * COPIES + MIN_ROOM_BYTES;
  let firstError: unknown;
  const places = placesFor(gitDir).toSorted((a, b) => Number(hasRoom(b, room)) - Number(hasRoom(a, room)));
  for (const place of places) {
    let folder: string | undefined;
    try {
      folder = mkdtempSync(join(place, "codexmcp-index-"));
      const copy = join(folder, "index");
      await copyIfThere(index, copy);
      return { folder, copy };
    } catch (error) {
      firstError ??= error;
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    }
  }
  throw firstError;
}

/** Where temporary files go, or, where that is missing or full, elsewhere. */
function placesFor(gitDir: string): string[] {
  const usual = process.platform === "win32" ? [] : ["/tmp", "/var/tmp"];
  return [...new Set([tmpdir(), gitDir, ...usual])];
}

function hasRoom(folder: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= bytes;
  } catch {
    return false;
  }
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

import { lstatSync, realpathSync, rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "#base/errors.ts";
import { realPath } from "#base/paths.ts";
import { type ByteName, nameOf, splitNul, toBytes } from "#git/byte-names.ts";
import { gitBytes, tryGit } from "#git/git.ts";
import { GIT_FILES_DEADLINE_MS, runGit } from "#git/run-git.ts";

/** Pattern of git's messages for a failure while it writes files: by then it has checked that none of the user's is in the way. */
const FAILED_WHILE_WRITING =
  /unable to (?:create file|write file|unlink old|create symlink|stat just-written|write new index|write index|read sha1 file)|cannot create directory at|(?:smudge|external) filter .* failed/;
const REFUSED_BEFORE_WRITING = /would be overwritten|would lose untracked/;

/** Returns whether git failed while it wrote the files of a working tree, some of which it had already changed. */
export function failedWhileWriting(stderr: string): boolean {
  return FAILED_WHILE_WRITING.test(stderr) && !REFUSED_BEFORE_WRITING.test(stderr);
}

/**
 * Restores the files of a working tree that a failed merge has written. The index is still the one from before.
 * @returns whether all of them were restored
 * @throws AppError `git_failed`
 */
export async function undoAdvance(checkout: string, from: string, to: string): Promise<boolean> {
  const differences = await gitBytes(checkout, ["diff-tree", "-r", "-z", "--no-renames", "--name-status", from, to]);
  // Each as a letter, then the path.
  const paths = splitNul(differences).filter((_, index) => index % 2 === 1);
  const indexed = new Set(splitNul(await gitBytes(checkout, ["ls-files", "-z"])));
  const { known = [], added = [] } = Object.groupBy(paths, (path) => (indexed.has(path) ? "known" : "added"));
  const removed = added.map((path) => remove(checkout, path));
  const restored = await runGit(checkout, ["checkout-index", "--force", "--quiet", "-z", "--stdin"], {
    input: toBytes(known.map((path) => `${path}\0`).join("")),
    deadlineMs: GIT_FILES_DEADLINE_MS,
  });
  await tryGit(checkout, ["update-index", "-q", "--refresh"]);
  return restored.exitCode === 0 && removed.every(Boolean);
}

/** Removes a new file, and the folders that were made for it. */
function remove(checkout: string, path: ByteName): boolean {
  const top = realPath(checkout);
  const place = (name: ByteName) => toBytes(`${nameOf(top)}${name === "." ? "" : `/${name}`}`);
  try {
    // Git does not write through links, so nothing of it is behind one.
    if (!realpathSync(place(dirname(path)), "buffer").equals(place(dirname(path)))) return true;
    const stat = lstatSync(place(path), { throwIfNoEntry: false });
    // A submodule is an empty folder here.
    if (stat?.isDirectory() === true) rmdirSync(place(path));
    else if (stat !== undefined) rmSync(place(path));
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
  try {
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) rmdirSync(place(folder));
  } catch {
    // The folder has other contents.
  }
  return true;
}

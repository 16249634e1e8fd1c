import { realpathSync, type Stats } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base/errors.ts";
import { lstatIfAny, statIfAny } from "#base/paths.ts";
import { kindOf, tryReadText } from "#platform/files/read-file.ts";
import { findGitFolders, notAFileError } from "./git-folders.ts";

const MIB = 1024 * 1024;

/** Files of a git folder that nearly every command reads, following links, and their maximum sizes in bytes. */
const GIT_FOLDER_FILES: [name: string, maxBytes: number][] = [
  ["HEAD", MIB],
  ["config", 16 * MIB],
  ["config.worktree", 16 * MIB],
  ["commondir", MIB],
  ["gitdir", MIB],
  ["index", 4096 * MIB],
  ["packed-refs", 4096 * MIB],
  ["shallow", 64 * MIB],
  ["info/attributes", 16 * MIB],
  ["info/exclude", 16 * MIB],
  ["info/grafts", 64 * MIB],
  ["info/sparse-checkout", 64 * MIB],
  ["objects/info/alternates", 16 * MIB],
  ["MERGE_HEAD", MIB],
];

/** Files at the top of a working tree; git does not follow links at these names. */
const TOP_FILES = [".gitattributes", ".gitignore", ".gitmodules"];
/** Maximum size of a file at the top in bytes: git's limit for attributes. */
const MAX_TOP_BYTES = 100 * MIB;

/**
 * Checks the files that git would read first in a folder, before git is started: a pipe, a device or an absurdly large file
 * would block it, or make it use all memory.
 * @throws AppError `repository_unusable` naming the file
 */
export function checkGitFiles(folder: string): void {
  const found = findGitFolders(folder);
  if (found === undefined) return;
  for (const gitFolder of new Set([found.gitDir, found.commonDir])) {
    for (const [name, maxBytes] of GIT_FOLDER_FILES) check(join(gitFolder, name), maxBytes, statIfAny);
  }
  const branch = readHeadRef(found.gitDir);
  if (branch !== undefined) check(join(found.commonDir, branch), MIB, statIfAny);
  if (found.top === undefined) return;
  for (const name of TOP_FILES) check(join(found.top, name), MAX_TOP_BYTES, lstatUnlessLink);
}

/** Returns the ref that is checked out; undefined if HEAD names none within git's folder. */
function readHeadRef(gitDir: string): string | undefined {
  const head = tryReadText(join(gitDir, "HEAD"), { maxBytes: MIB }) ?? "";
  const ref = /^ref: (refs\/.*?)\s*$/.exec(head)?.[1];
  return ref?.split("/").includes("..") === true ? undefined : ref;
}

function check(path: string, maxBytes: number, look: (path: string) => Stats | undefined): void {
  const stat = look(path);
  if (stat === undefined || (stat.isFile() && stat.size <= maxBytes)) return;
  if (stat.isFile()) throw tooLarge(path, maxBytes);
  // Git reports folders itself; a link to /dev/null is a way to say "none".
  if (stat.isDirectory() || (stat.isCharacterDevice() && isNullDevice(path))) return;
  throw notAFileError(path, kindOf(stat));
}

function lstatUnlessLink(path: string): Stats | undefined {
  const stat = lstatIfAny(path);
  return stat?.isSymbolicLink() === true ? undefined : stat;
}

function isNullDevice(path: string): boolean {
  try {
    return realpathSync(path) === "/dev/null";
  } catch {
    return false;
  }
}

function tooLarge(path: string, maxBytes: number): AppError {
  return new AppError(
    "repository_unusable",
    `${path} is larger than ${Math.round(maxBytes / MIB)} MiB, which is too large for this file.`,
    "Check its contents, then move it away.",
  );
}

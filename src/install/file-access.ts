import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { AppError, errnoOf } from "#base/errors.ts";
import { listNames, lstatIfAny, realPath, statIfAny } from "#base/paths.ts";
import { makePrivateFolder, writePrivateFile } from "#platform/files/files.ts";
import { tryFlockFolder } from "#platform/flock.ts";
import { readFileBounded, tryReadText } from "#platform/files/read-file.ts";

/** File of an MCP client. */
export interface ClientFile {
  /** Path with links resolved, so that a link stays one. */
  path: string;
  /** Content; undefined if there is no file. */
  text: string | undefined;
}

/** Limit of a client's file in bytes; Claude Code's has megabytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads a client's file.
 * @throws AppError `client_file_unreadable` with the cause
 */
export function readClientFile(path: string): ClientFile {
  const target = resolveLinks(path);
  const outcome = readFileBounded(target, { maxBytes: MAX_BYTES });
  if ("bytes" in outcome) return { path: target, text: decode(outcome.bytes, target) };
  if (outcome.problem === "missing") return { path: target, text: undefined };
  throw unreadable(path, outcome.message.slice(target.length + 1));
}

/** Returns the path that links lead to, even if there is no file. */
function resolveLinks(path: string): string {
  let target = path;
  for (let count = 0; count < MAX_LINKS; count++) {
    if (lstatIfAny(target)?.isSymbolicLink() !== true) return realPath(target);
    target = resolve(dirname(target), readlinkSync(target));
  }
  throw unreadable(path, "is a loop of links.");
}

/** Limit of links on a path, as in Linux. */
const MAX_LINKS = 40;

function decode(bytes: Buffer, path: string): string {
  const text = bytes.toString("utf8");
  if (Buffer.from(text).equals(bytes)) return text;
  throw unreadable(path, "is not UTF-8 text.");
}

function unreadable(path: string, predicate: string): AppError {
  const hint = "Fix the file or its permissions, then run the command again; nothing was changed.";
  return new AppError("client_file_unreadable", `The client's file ${path} ${predicate}`, hint);
}

/** Returns the contents of a file's backups, the newest first. */
export function listBackups({ path }: ClientFile): string[] {
  const names = listNames(dirname(path)).filter(
    (name) => name.startsWith(`${basename(path)}.`) && name.endsWith(".bak"),
  );
  const newest = names.toSorted().toReversed().slice(0, MAX_BACKUPS);
  return newest.flatMap((name) => tryReadText(join(dirname(path), name), { maxBytes: MAX_BYTES }) ?? []);
}

/** Limit of backups that are read. */
const MAX_BACKUPS = 20;

/**
 * Replaces a client's file in one step, keeping its permissions and its owner, and a copy of it.
 * @param text undefined deletes the file
 * @returns path of the copy; undefined if there was no file
 * @throws AppError `client_file_unwritable`
 */
export function replaceClientFile(file: ClientFile, text: string | undefined): string | undefined {
  const folder = dirname(file.path);
  try {
    if (file.text === undefined) makePrivateFolder(folder);
  } catch (error) {
    throw failedWrite(file.path, error);
  }
  // Two of this program's commands would otherwise both find the file unchanged, and the later one lose the change of the other.
  const lock = tryFlockFolder(folder);
  if (lock === false) throw unwritable(file.path, "is being changed by another command", "Run the command again.");
  try {
    return replaceLocked(file, text);
  } finally {
    if (lock !== undefined) closeSync(lock);
  }
}

function replaceLocked({ path, text: before }: ClientFile, text: string | undefined): string | undefined {
  if (readClientFile(path).text !== before) {
    throw unwritable(path, "was changed by another program in the meantime", "Run the command again.");
  }
  const stat = statIfAny(path);
  if (stat !== undefined && (stat.mode & 0o222) === 0) {
    throw unwritable(path, "is read-only", "Allow writing to it (chmod u+w), then run the command again.");
  }
  let backup: string | undefined;
  try {
    if (stat !== undefined) backup = backUp(path);
    if (text === undefined) rmSync(path, { force: true });
    else publish(path, text, stat);
    return backup;
  } catch (error) {
    if (backup !== undefined) rmSync(backup, { force: true });
    throw failedWrite(path, error);
  }
}

function failedWrite(path: string, error: unknown): AppError {
  const code = errnoOf(error) ?? String(error);
  const hint = `Check the permissions of ${dirname(path)} and the space on its disk; nothing was changed.`;
  return unwritable(path, `cannot be written: ${CAUSES[code] ?? code}`, hint, error);
}

const CAUSES: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "its file system is read-only",
  ENOSPC: "no space is left on its disk",
  ENOTDIR: "a part of its path is not a folder",
  EEXIST: "a part of its path is not a folder",
};

/** Replaces a file by renaming another one, which has the permissions and the owner of the old one. */
function publish(path: string, text: string, old: Stats | undefined): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writePrivateFile(temporary, text);
    if (old !== undefined) {
      const { uid, gid } = statSync(temporary);
      if (uid !== old.uid || gid !== old.gid) chownSync(temporary, old.uid, old.gid);
      chmodSync(temporary, old.mode & 0o7777);
    }
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Copies a file beside itself, under a name that is free. */
function backUp(path: string): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\..*/g, "");
  for (let count = 1; ; count++) {
    const backup = `${path}.${stamp}${count === 1 ? "" : `-${count}`}.bak`;
    try {
      copyFileSync(path, backup, constants.COPYFILE_EXCL);
      return backup;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  }
}

function unwritable(path: string, predicate: string, hint: string, cause?: unknown): AppError {
  return new AppError("client_file_unwritable", `The client's file ${path} ${predicate}.`, hint, cause);
}

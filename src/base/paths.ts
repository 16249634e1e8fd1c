import { accessSync, constants, lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError, errnoOf } from "./errors.ts";

/** Replaces the `~` of `~` and `~/…` with the user's home folder; returns other paths unchanged. */
export function expandHome(path: string, home: string = homedir()): string {
  if (path === "~") return home;
  return path.startsWith("~/") || path.startsWith(`~${sep}`) ? join(home, path.slice(2)) : path;
}

/**
 * Reads a path that a caller gives: also as the URI of a file, with spaces around it, or below `~`. It may be relative.
 * @throws AppError `invalid_cwd` for the URI of another machine
 */
export function readPath(text: string): string {
  const trimmed = text.trim();
  if (trimmed.startsWith("file://")) return pathOfUri(trimmed);
  return expandHome(pathExists(expandHome(text)) ? text : trimmed);
}

function pathOfUri(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch (error) {
    throw new AppError("invalid_cwd", `cwd ${uri} is not a folder of this machine.`, "Pass an absolute path.", error);
  }
}

/** Returns whether a file, folder or device exists at the path (a dangling link does not count). */
export function pathExists(path: string): boolean {
  return statIfAny(path) !== undefined;
}

/** Returns the stat of a path, following links; undefined if it does not exist or cannot be examined (a loop of links, a name too long). */
export function statIfAny(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Returns the stat of a path without following a link; undefined as for {@link statIfAny}. */
export function lstatIfAny(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Returns whether two paths lead to the same file or folder. */
export function isSameFile(a: string, b: string): boolean {
  const [one, other] = [statIfAny(a), statIfAny(b)];
  return one !== undefined && one.ino !== 0 && one.ino === other?.ino && one.dev === other.dev;
}

/** Lists the names in a folder; empty if the folder does not exist or cannot be read. */
export function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Returns a path with links resolved; the path itself if it does not exist. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Resolves the links of a path that need not exist yet: those in its existing folders. */
export function realPathOfMissing(path: string): string {
  const above = dirname(path);
  if (above === path || lstatIfAny(path) !== undefined) return realPath(path);
  return join(realPathOfMissing(above), basename(path));
}

/** Returns whether this process may create files in an existing folder: neither permissions nor a read-only disk prevent it. */
export function canWriteInto(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Returns whether a path is a folder or lies below it; both must be absolute. */
export function isWithin(path: string, folder: string): boolean {
  const below = relative(folder, path);
  // An absolute result means another drive on Windows.
  return below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below);
}

/**
 * Returns the real path of a workspace given by a user.
 * @throws AppError `invalid_cwd` if the path is relative, missing, a file, or unreadable.
 */
export function resolveWorkspace(cwd: string): string {
  const path = expandHome(cwd);
  if (!isAbsolute(path)) {
    throw new AppError(
      "invalid_cwd",
      `cwd ${cwd} is not an absolute path.`,
      "Pass the absolute path of the workspace.",
    );
  }
  if (path.includes("\0")) {
    throw new AppError("invalid_cwd", "cwd contains a NUL character.", "Pass the absolute path of the workspace.");
  }
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    const reason = errnoOf(error) === "ENOENT" ? "does not exist" : "cannot be read";
    throw new AppError("invalid_cwd", `cwd ${path} ${reason}.`, "Pass the absolute path of an existing folder.", error);
  }
  throw new AppError("invalid_cwd", `cwd ${path} is not a folder.`, "Pass the folder, not a file in it.");
}

/** Returns a path with `~` for the home folder. */
export function shortenHome(path: string): string {
  const home = homedir();
  return path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

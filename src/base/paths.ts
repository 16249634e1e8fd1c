import { accessSync, constants, lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { AppError, errnoOf } from "./errors.ts";

/** Returns `~` and `~/…` with the user's home folder put in; other paths as they are. */
export function expandHome(path: string, home: string = homedir()): string {
  if (path === "~") return home;
  return path.startsWith("~/") || path.startsWith(`~${sep}`) ? join(home, path.slice(2)) : path;
}

/** Whether a file, folder or device stands at the path (a dangling link does not count). */
export function pathExists(path: string): boolean {
  return statIfAny(path) !== undefined;
}

/** Returns what stands at a path, links followed; undefined for nothing, and for what cannot be looked at: a loop of links, a name too long. */
export function statIfAny(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Returns what stands at a path, a link itself for one; undefined as for {@link statIfAny}. */
export function lstatIfAny(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Whether two paths lead to one file or folder. */
export function isSameFile(a: string, b: string): boolean {
  const [one, other] = [statIfAny(a), statIfAny(b)];
  return one !== undefined && one.ino !== 0 && one.ino === other?.ino && one.dev === other.dev;
}

/** Lists the names in a folder; none where there is no folder, or it cannot be read. */
export function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Returns a path without links; the path itself where nothing stands there. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Returns a path that need not be there as it will be without links: those of the folders that are there are followed. */
export function realPathToBe(path: string): string {
  const above = dirname(path);
  if (above === path || lstatIfAny(path) !== undefined) return realPath(path);
  return join(realPathToBe(above), basename(path));
}

/** Whether this process may make files in a folder that is there: neither rights nor a read-only disk forbid it. */
export function canWriteInto(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a path is a folder or lies below it; both absolute. */
export function isWithin(path: string, folder: string): boolean {
  const below = relative(folder, path);
  // Absolute: on another disk of Windows.
  return below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below);
}

/**
 * Returns the real path of a workspace given by a user.
 * @throws AppError `invalid_cwd` for a relative path, a missing one, a file, or an unreadable one.
 */
export function resolveWorkspace(cwd: string): string {
  const path = expandHome(cwd);
  if (!isAbsolute(path)) {
    throw new AppError("invalid_cwd", `cwd is not an absolute path: ${cwd}`, "Give the full path of the workspace.");
  }
  if (path.includes("\0")) {
    throw new AppError("invalid_cwd", "cwd contains a NUL character.", "Give the full path of the workspace.");
  }
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    const reason = errnoOf(error) === "ENOENT" ? "does not exist" : "cannot be read";
    throw new AppError("invalid_cwd", `cwd ${reason}: ${path}`, "Give the full path of an existing folder.", error);
  }
  throw new AppError("invalid_cwd", `cwd is not a folder: ${path}`, "Give the folder, not a file in it.");
}

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toFailure } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { listNames } from "#base/paths.ts";
import { readLockState, tryHold } from "#store/locks/held-lock.ts";

/** Folder for the temporary files of one board. */
export interface BoardFolder {
  path: string;
  remove: () => void;
}

/** Beginning of the names of the folders. */
const PREFIX = "codexmcp-board-";

/** File whose lock the folder's process holds. */
const LOCK = "owner.lock";

/** Age from which a folder without a lock counts as abandoned, in milliseconds: the lock is taken right after the folder was created. */
const MAX_UNLOCKED_MS = 60_000;

/**
 * Makes a folder for temporary files, in the system's or, if that cannot be written, in the state folder; removes those of processes that
 * were killed.
 * @throws the system's error
 */
export function makeBoardFolder(home: string): BoardFolder {
  const locations = [...new Set([tmpdir(), home])];
  for (const location of locations) sweepBoardFolders(location);
  let firstError: unknown;
  for (const location of locations) {
    try {
      return makeFolder(location);
    } catch (error) {
      firstError ??= error;
    }
  }
  throw firstError;
}

function makeFolder(location: string): BoardFolder {
  const path = mkdtempSync(join(location, PREFIX));
  try {
    const lock = tryHold(join(path, LOCK));
    return {
      path,
      remove: () => {
        lock?.release();
        rmSync(path, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

function sweepBoardFolders(location: string): void {
  for (const name of listNames(location)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(location, name);
    try {
      if (isAbandoned(path)) rmSync(path, { recursive: true, force: true });
    } catch (error) {
      logger("app").debug`${path} cannot be removed: ${toFailure(error).message}`;
    }
  }
}

/** Returns whether a folder is this user's, and the process that has made it is gone. */
function isAbandoned(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true || (process.getuid !== undefined && stat.uid !== process.getuid())) return false;
  const state = readLockState(join(path, LOCK));
  return state === "free" || (state === "missing" && Date.now() - stat.mtimeMs > MAX_UNLOCKED_MS);
}

import { mkdtempSync, statfsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IS_WINDOWS } from "#base/system.ts";

/** Requirements for a temporary folder. */
interface TemporaryFolder {
  /** Folder to use if the system's temporary folders are not writable. */
  fallback: string;
  /** Fills the folder with the required content; if it fails, the next location is tried. */
  fill?: (folder: string) => Promise<void>;
  /** Free space in bytes; locations that have it are preferred. */
  neededBytes?: number;
}

/**
 * Calls a function with a temporary folder, which only this user can enter and which is removed afterwards.
 * @throws the system's error if none can be created
 */
export async function withTemporaryFolder<T>(
  request: TemporaryFolder,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await makeTemporaryFolder(request);
  try {
    return await work(folder);
  } finally {
    await remove(folder);
  }
}

async function makeTemporaryFolder({ fallback, fill, neededBytes = 0 }: TemporaryFolder): Promise<string> {
  const usual = IS_WINDOWS ? [] : ["/tmp", "/var/tmp"];
  const locations = [...new Set([tmpdir(), fallback, ...usual])];
  const hasSpace = (location: string) => Number(hasFreeBytes(location, neededBytes));
  let firstError: unknown;
  for (const location of locations.toSorted((a, b) => hasSpace(b) - hasSpace(a))) {
    let folder: string | undefined;
    try {
      folder = mkdtempSync(join(location, "codexmcp-"));
      await fill?.(folder);
      return folder;
    } catch (error) {
      firstError ??= error;
      if (folder !== undefined) await remove(folder);
    }
  }
  throw firstError;
}

async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => {});
}

function hasFreeBytes(folder: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= bytes;
  } catch {
    return false;
  }
}

import { mkdtempSync, statfsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Requirements of a temporary folder. */
interface TemporaryFolder {
  /** Where it is made if nothing can be written to the system's places for such. */
  fallback: string;
  /** Puts into it what has to be there; where that fails, the next place is tried. */
  fill?: (folder: string) => Promise<void>;
  /** Places that have so much room come first. */
  roomBytes?: number;
}

/**
 * Does something with a temporary folder, which only this user can look into and which is removed afterwards.
 * @throws the system's error where none can be made
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

async function makeTemporaryFolder({ fallback, fill, roomBytes = 0 }: TemporaryFolder): Promise<string> {
  const usual = process.platform === "win32" ? [] : ["/tmp", "/var/tmp"];
  const places = [...new Set([tmpdir(), fallback, ...usual])];
  let firstError: unknown;
  for (const place of places.toSorted((a, b) => Number(hasRoom(b, roomBytes)) - Number(hasRoom(a, roomBytes)))) {
    let folder: string | undefined;
    try {
      folder = mkdtempSync(join(place, "codexmcp-"));
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

function hasRoom(folder: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= bytes;
  } catch {
    return false;
  }
}

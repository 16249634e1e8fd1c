import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { Turns } from "./turns.ts";

/** Makes a folder that only its owner can enter (0700), with its parents; an existing one is left as it is. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Writes a file that only its owner can read (0600), also where a wider one stood before. */
export function writePrivateFile(path: string, content: string): void {
  writeFileSync(path, content, { mode: 0o600 });
  chmodSync(path, 0o600);
}

/** A file prepared beside its place: {@link PendingFile.publish} puts it there in one step (rename). */
export interface PendingFile {
  publish(): void;
  discard(): void;
}

/** Writes `content` beside `path` under a name of this process; readers of `path` never see a part of it. */
export function prepareFile(path: string, content: string): PendingFile {
  const temporary = `${path}.${process.pid}.tmp`;
  writePrivateFile(temporary, content);
  return {
    publish: () => renameSync(temporary, path),
    discard: () => rmSync(temporary, { force: true }),
  };
}

/** The size of a folder, as far as it was looked at. */
export interface FolderSize {
  bytes: number;
  /** There is more: it is too large, too deep or takes too long to look at. */
  isMore: boolean;
}

/** Files and folders that are looked at, and for how long. */
const MAX_ENTRIES = 300_000;
const MAX_MS = 10_000;

/**
 * Adds up the bytes of a file, or of all files below a folder, without holding up the event loop; 0 where there is nothing.
 * Links are not followed. Names may hold any bytes, and trees be of any depth.
 */
export async function measureFolder(path: string | Buffer, maxEntries = MAX_ENTRIES): Promise<FolderSize> {
  const size: FolderSize = { bytes: 0, isMore: false };
  const turns = new Turns();
  const deadline = performance.now() + MAX_MS;
  const folders: Buffer[] = [];
  let entries = 0;
  const look = (entry: Buffer) => {
    try {
      const stat = lstatSync(entry, { throwIfNoEntry: false });
      if (stat?.isDirectory() === true) folders.push(entry);
      else size.bytes += stat?.size ?? 0;
    } catch {
      size.isMore = true; // a path that is longer than the system takes, or a folder that may not be entered
    }
  };
  look(typeof path === "string" ? Buffer.from(path) : path);
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const names = await readdir(folder, { encoding: "buffer" }).catch(() => undefined);
    if (names === undefined) size.isMore = true;
    for (const name of names ?? []) {
      if (++entries > maxEntries || performance.now() > deadline) return { ...size, isMore: true };
      look(Buffer.concat([folder, SLASH, name]));
      await turns.pause();
    }
  }
  return size;
}

const SLASH = Buffer.from("/");

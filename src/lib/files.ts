import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { errnoOf } from "./errors.ts";
import { Turns } from "./turns.ts";

/** Makes a folder that only its owner can enter (0700), with its parents; an existing one is left as it is. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Makes a folder of ours usable: made where there is none, entered again where it was closed, cleared of what is no folder. */
export function repairPrivateFolder(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (
    there !== undefined &&
    !there.isDirectory() &&
    statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true
  ) {
    putAside(path);
  } else if (there?.isDirectory() === true && (there.mode & 0o700) !== 0o700 && there.uid === process.getuid?.()) {
    chmodSync(path, 0o700);
  }
  makePrivateFolder(path);
}

/** Never waits for the reader of a pipe that stands in the file's place, and follows no link. */
const SAFE_WRITE =
  constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_TRUNC |
  (constants.O_NONBLOCK ?? 0) |
  (constants.O_NOFOLLOW ?? 0);

/** Writes a file that only its owner can read (0600), also where a wider one, or something else, stood before. */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  const file = openForWriting(path);
  try {
    fchmodSync(file, 0o600);
    writeFileSync(file, content);
  } finally {
    closeSync(file);
  }
}

function openForWriting(path: string): number {
  for (let isSecond = false; ; isSecond = true) {
    try {
      const file = openSync(path, SAFE_WRITE, 0o600);
      if (fstatSync(file).isFile()) return file;
      closeSync(file);
      if (isSecond) throw new Error(`${path} is no file`);
    } catch (error) {
      const code = errnoOf(error);
      if (isSecond || (code !== "ENXIO" && code !== "EISDIR" && code !== "ELOOP" && code !== "EEXIST")) throw error;
    }
    putAside(path);
  }
}

/** Takes what stands in the place of something of ours out of its way, without deleting it. */
export function putAside(path: string): void {
  renameSync(path, `${path}.damaged-${Date.now()}`);
}

/** A file prepared beside its place: {@link PendingFile.publish} puts it there in one step (rename). */
export interface PendingFile {
  publish(): void;
  discard(): void;
}

/** Writes `content` beside `path` under a name of this process; readers of `path` never see a part of it. */
export function prepareFile(path: string, content: string | Uint8Array): PendingFile {
  const temporary = `${path}.${process.pid}.tmp`;
  writePrivateFile(temporary, content);
  return {
    publish: () => {
      // A folder that stands there would not give way.
      if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) putAside(path);
      renameSync(temporary, path);
    },
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

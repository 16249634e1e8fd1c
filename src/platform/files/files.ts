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
import { errnoOf } from "#base/errors.ts";

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

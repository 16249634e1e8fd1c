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

/** Creates a folder that only its owner can enter (0700), with its parents; leaves an existing one unchanged. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Makes one of our folders usable: creates it if missing, restores its permissions, and moves aside anything that is not a folder. */
export function repairPrivateFolder(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory() && statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    moveAside(path);
  } else if (stat?.isDirectory() === true && (stat.mode & 0o700) !== 0o700 && stat.uid === process.getuid?.()) {
    chmodSync(path, 0o700);
  }
  makePrivateFolder(path);
}

/** Flags for opening a file for writing that never wait for the reader of a pipe, and never follow a link. */
const SAFE_WRITE =
  constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_TRUNC |
  (constants.O_NONBLOCK ?? 0) |
  (constants.O_NOFOLLOW ?? 0);

/** Writes a file that only its owner can read (0600), replacing a file with wider permissions, or anything else, at the path. */
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
      if (isSecond) throw new Error(`${path} is not a regular file`);
    } catch (error) {
      const code = errnoOf(error);
      if (isSecond || (code !== "ENXIO" && code !== "EISDIR" && code !== "ELOOP" && code !== "EEXIST")) throw error;
    }
    moveAside(path);
  }
}

/** Renames whatever occupies one of our paths, without deleting it. */
export function moveAside(path: string): void {
  renameSync(path, `${path}.damaged-${Date.now()}`);
}

/** File prepared beside its final path: {@link PendingFile.publish} puts it there in one step (rename). */
export interface PendingFile {
  publish(): void;
  discard(): void;
}

/** Writes `content` beside `path`, under a name unique to this process; readers of `path` never see a partial file. */
export function prepareFile(path: string, content: string | Uint8Array): PendingFile {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writePrivateFile(temporary, content);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return {
    publish: () => {
      // rename() cannot replace a folder.
      if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) moveAside(path);
      renameSync(temporary, path);
    },
    discard: () => rmSync(temporary, { force: true }),
  };
}

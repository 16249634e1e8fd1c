import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Makes a folder that only its owner can enter (0700), with its parents; an existing one is left as it is. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Writes a file that only its owner can read (0600), also where a wider one stood before. */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  writeFileSync(path, content, { mode: 0o600 });
  chmodSync(path, 0o600);
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
    publish: () => renameSync(temporary, path),
    discard: () => rmSync(temporary, { force: true }),
  };
}

/** Bytes of a file, or of all files below a folder; 0 where there is nothing. Links are not followed. */
export function folderBytes(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + folderBytes(join(path, name)), 0);
}

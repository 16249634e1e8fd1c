import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { errnoOf } from "#base/errors.ts";
import { Turns } from "#base/concurrency.ts";
import { type ByteName, nameOf, toBytes, toName } from "#git/byte-names.ts";
import { describeUnreadable } from "./unreadable.ts";

/** A file or link below a folder. */
export interface FoundFile {
  kind: "file" | "link";
  /** Permission bits. */
  mode: number;
  bytes: number;
  /** Text that changes with the content, the identity or the permissions of the file. */
  signature: string;
}

/** Everything below a folder. */
export interface FoundFiles {
  /** Files and links by path relative to the folder. */
  files: Map<ByteName, FoundFile>;
  emptyFolders: ByteName[];
  /** Permission bits of all folders. */
  folderModes: Map<ByteName, number>;
  /** Folders, except the top one, that are git repositories of their own. */
  repositories: ByteName[];
}

/**
 * Walks everything below a folder, without following links or blocking the event loop. The top's own `.git` is left out; pipes
 * and sockets have no content to save, and are skipped.
 * @param isLeftOut whether to skip a path, with everything below it
 * @throws AppError `worktree_unusable` for a tree that is too deep to name its paths, or may not be entered
 */
export async function walkFiles(
  top: string,
  isLeftOut: (path: ByteName) => boolean = () => false,
): Promise<FoundFiles> {
  const found: FoundFiles = { files: new Map(), emptyFolders: [], folderModes: new Map(), repositories: [] };
  const root = nameOf(top);
  const turns = new Turns();
  const folders: ByteName[] = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const below: ByteName[] = [];
    const entries = listFolder(`${root}/${folder}`);
    if (entries.length === 0 && folder !== "") found.emptyFolders.push(folder.slice(0, -1));
    for (const name of entries) {
      if (name === ".git") {
        if (folder !== "") found.repositories.push(folder.slice(0, -1));
        continue;
      }
      const path = folder + name;
      if (isLeftOut(path)) continue;
      const stat = statIfThere(`${root}/${path}`);
      if (stat?.isDirectory() === true) {
        below.push(`${path}/`);
        found.folderModes.set(path, Number(stat.mode) & 0o7777);
      }
      if (stat?.isFile() === true || stat?.isSymbolicLink() === true) found.files.set(path, describe(stat));
      await turns.pause();
    }
    folders.push(...below.toReversed());
  }
  return found;
}

function describe(stat: BigIntStats): FoundFile {
  const { mtimeNs, ctimeNs, size, ino, mode } = stat;
  return {
    kind: stat.isFile() ? "file" : "link",
    mode: Number(mode) & 0o7777,
    bytes: Number(size),
    signature: `${mtimeNs} ${ctimeNs} ${size} ${ino} ${mode}`,
  };
}

function listFolder(folder: ByteName): ByteName[] {
  try {
    return readdirSync(toBytes(folder), { encoding: "buffer" }).map(toName);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw describeUnreadable(toBytes(folder).toString().replace(/\/$/, ""), error);
  }
}

function statIfThere(path: ByteName): BigIntStats | undefined {
  try {
    return lstatSync(toBytes(path), { bigint: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw describeUnreadable(toBytes(path).toString(), error);
  }
}

import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { errnoOf } from "#base/errors.ts";
import { Turns } from "#base/turns.ts";
import { type ByteName, nameOf, toBytes, toName } from "#git/byte-names.ts";
import { describeUnreadable } from "./unreadable.ts";

/** Something below a folder that is no folder itself. */
export interface FoundFile {
  kind: "file" | "link";
  /** Permission bits. */
  mode: number;
  bytes: number;
  /** Changes where its content, its place or its permissions do. */
  signature: string;
}

/** All that is below a folder. */
export interface FoundFiles {
  /** By path relative to the folder. */
  files: Map<ByteName, FoundFile>;
  emptyFolders: ByteName[];
  /** Permission bits of all folders. */
  folderModes: Map<ByteName, number>;
  /** Folders, other than the top one, that are git repositories of their own. */
  repositories: ByteName[];
}

/**
 * Looks at all that is below a folder, without following links and without holding up the event loop. The top's own `.git`
 * is left out; pipes and sockets have no content to speak of.
 * @param isLeftOut whether a path is not looked at, with all below it
 * @throws AppError `worktree_unusable` for a tree that is too deep for its paths to be named, or may not be entered
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

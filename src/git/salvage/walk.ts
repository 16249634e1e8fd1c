import { lstatSync, readdirSync } from "node:fs";
import { errnoOf } from "#lib/errors.ts";
import { type ByteName, nameOf, toBytes, toName } from "./names.ts";

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
  /** Folders, other than the top one, that are git repositories of their own. */
  repositories: ByteName[];
}

/**
 * Looks at all that is below a folder, without following links. The top's own `.git` is left out; pipes and sockets
 * have no content to speak of.
 * @param isLeftOut tells of a path that it is not looked at, with all below it
 */
export function walkFiles(top: string, isLeftOut: (path: ByteName) => boolean = () => false): FoundFiles {
  const found: FoundFiles = { files: new Map(), emptyFolders: [], repositories: [] };
  const root = nameOf(top);
  const look = (folder: ByteName) => {
    const entries = readdirSync(toBytes(`${root}/${folder}`), { encoding: "buffer" });
    if (entries.length === 0 && folder !== "") found.emptyFolders.push(folder.slice(0, -1));
    for (const entry of entries) {
      const name = toName(entry);
      if (name === ".git") {
        if (folder !== "") found.repositories.push(folder.slice(0, -1));
        continue;
      }
      const path = folder + name;
      if (isLeftOut(path)) continue;
      lookAt(path);
    }
  };
  const lookAt = (path: ByteName) => {
    const stat = statIfThere(`${root}/${path}`);
    if (stat === undefined) return;
    if (stat.isDirectory()) return look(`${path}/`);
    if (!stat.isFile() && !stat.isSymbolicLink()) return;
    const { mtimeNs, ctimeNs, size, ino, mode } = stat;
    found.files.set(path, {
      kind: stat.isFile() ? "file" : "link",
      mode: Number(mode) & 0o7777,
      bytes: Number(size),
      signature: `${mtimeNs} ${ctimeNs} ${size} ${ino} ${mode}`,
    });
  };
  look("");
  return found;
}

function statIfThere(path: ByteName): ReturnType<typeof lstatBig> | undefined {
  try {
    return lstatBig(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function lstatBig(path: ByteName) {
  return lstatSync(toBytes(path), { bigint: true });
}

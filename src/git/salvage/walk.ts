import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { AppError, errnoOf } from "#base/errors.ts";
import { Turns } from "#base/concurrency.ts";
import { type ByteName, toByteName, toBytes, fromBytes } from "#git/byte-names.ts";
import { quoteForShell, shorten } from "#base/text.ts";
import { describeSystemCall } from "#git/system-failure.ts";

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
  const root = toByteName(top);
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
      const stat = statIfExists(`${root}/${path}`);
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
    return readdirSync(toBytes(folder), { encoding: "buffer" }).map(fromBytes);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw toUnreadableError(toBytes(folder).toString().replace(/\/$/, ""), error);
  }
}

function statIfExists(path: ByteName): BigIntStats | undefined {
  try {
    return lstatSync(toBytes(path), { bigint: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw toUnreadableError(toBytes(path).toString(), error);
  }
}

/** Error for a file that changed while it was being saved: the worktree has to be read again. */
export class ChangedMeanwhileError extends Error {
  override readonly name = "ChangedMeanwhileError";
}

/** Maximum length of a path in a message, in characters. */
const MAX_SHOWN_PATH = 200;

/** Codes of system call errors that show that an existing file was removed or replaced. */
const CHANGED_MEANWHILE = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "EINVAL", "ENXIO"]);

/**
 * Returns the error for a failed system call on a path of a worktree, which cannot be saved if it cannot be read; any other
 * error unchanged.
 */
function toUnreadableError(path: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (code === undefined || error instanceof AppError) return error;
  if (code === "ENAMETOOLONG") return tooDeep(path, error);
  return unreadableError(path, error);
}

/** Returns the error as {@link toUnreadableError} does, for a file that existed a moment ago. */
export function toSaveError(path: string, error: unknown): unknown {
  return CHANGED_MEANWHILE.has(errnoOf(error) ?? "")
    ? new ChangedMeanwhileError(path, { cause: error })
    : toUnreadableError(path, error);
}

/** Returns the error for a path that cannot be read, and so cannot be saved. @param path bytes that are not UTF-8 are U+FFFD */
export function unreadableError(path: string, cause?: unknown): AppError {
  const reason = cause === undefined ? "" : `: ${describeSystemCall(cause).reason}`;
  // A command is given only if it names the path exactly.
  const [chown, remove] = path.includes("\uFFFD")
    ? ["", ""]
    : [` (sudo chown -R "$(id -un)" ${quoteForShell(path)})`, ` (sudo rm -r ${quoteForShell(path)})`];
  return new AppError(
    "worktree_unusable",
    `${shorten(path, MAX_SHOWN_PATH)} cannot be read, so it cannot be saved${reason}. Nothing was changed.`,
    `Make it readable${chown} or remove it${remove}, then discard again.`,
    cause,
  );
}

function tooDeep(path: string, cause: unknown): AppError {
  return new AppError(
    "worktree_unusable",
    `The path ${shorten(path, MAX_SHOWN_PATH)} is too long to be saved. Nothing was changed.`,
    "Move or remove its deepest folders, then discard again.",
    cause,
  );
}

import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from "node:fs";
import { join } from "node:path";
import { hashContent } from "#base/digest.ts";
import { errnoOf } from "#base/errors.ts";
import { formatPlural } from "#base/text.ts";
import { type Entry, joinBelow, type Listing, type Snapshot } from "./snapshot.ts";

/** Limits of a snapshot. */
export interface SnapshotLimits {
  /** Timeout for the whole snapshot, in milliseconds. */
  totalMs: number;
  /** Time for reading content, in milliseconds; later files are recorded with their time stamps only. */
  contentMs: number;
  /** Returns whether to leave out a file or folder, by its absolute path. */
  isLeftOut: (path: string) => boolean;
  /** Returns whether to list the entries of a folder, by its path below the top. */
  isEntered: (folder: string) => boolean;
}

/** Maximum size of a file whose content is read, in bytes; larger files are recorded with their time stamps only. */
const MAX_CONTENT_BYTES = 4 * 1024 * 1024;
/** Flags to open a file that may have been replaced meanwhile: they neither follow a link nor wait for a pipe. */
const PLAIN_READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Maximum time for which the event loop is blocked, in milliseconds. */
const YIELD_INTERVAL_MS = 50;
/** Folders of generated files, often large, which are examined last. */
const LARGE_FOLDERS = /^(?:node_modules|\.venv|venv|target|dist|build|out|vendor|__pycache__|\.cache|\.next|\.tox)$/;
/** Folders of file systems that are not on a disk. */
const KERNEL_FOLDERS: ReadonlySet<string> = new Set(["/proc", "/sys", "/dev", "/run"]);

/** Takes a snapshot of everything below a folder, within limits; links are not followed. The result lists what could not be examined. */
export async function takeSnapshot(top: string, limits: SnapshotLimits): Promise<Snapshot> {
  const started = performance.now();
  let lastYield = started;
  const soon = [""];
  const later: string[] = [];
  const snapshot: Snapshot = { folders: new Map(), entries: 0, notCovered: [] };
  let unreadable = 0;
  for (;;) {
    const folder = soon.shift() ?? later.shift();
    if (folder === undefined) break;
    const elapsed = performance.now() - started;
    if (elapsed > limits.totalMs) {
      const left = soon.length + later.length + 1;
      snapshot.notCovered.push(
        `${formatPlural(left, "folder")} and everything below, because the time limit of ${limits.totalMs} ms was reached`,
      );
      break;
    }
    if (performance.now() - lastYield > YIELD_INTERVAL_MS) {
      await Bun.sleep(0);
      lastYield = performance.now();
    }
    const listing = listFolder(top, folder, limits, elapsed < limits.contentMs);
    if (listing === undefined) {
      unreadable++;
      continue;
    }
    snapshot.folders.set(folder, listing);
    snapshot.entries += listing.size;
    for (const [name, { kind }] of listing) {
      const below = joinBelow(folder, name);
      if (kind === "folder" && limits.isEntered(below)) (LARGE_FOLDERS.test(name) ? later : soon).push(below);
    }
  }
  if (unreadable > 0) snapshot.notCovered.push(`${formatPlural(unreadable, "folder")} that cannot be read`);
  return snapshot;
}

function listFolder(top: string, folder: string, limits: SnapshotLimits, withContent: boolean): Listing | undefined {
  const path = join(top, folder);
  let names: string[];
  try {
    names = readdirSync(path).toSorted();
  } catch {
    return undefined;
  }
  const listing: Listing = new Map();
  for (const name of names) {
    const below = join(path, name);
    if (limits.isLeftOut(below) || KERNEL_FOLDERS.has(below)) continue;
    const entry = readEntry(below, withContent);
    if (entry !== undefined) listing.set(name, entry);
  }
  return listing;
}

function readEntry(path: string, withContent: boolean): Entry | undefined {
  let stats: Stats;
  try {
    stats = lstatSync(path);
  } catch (error) {
    // Removed after the folder was listed.
    if (errnoOf(error) === "ENOENT") return undefined;
    return { kind: "other", mode: 0, size: 0, modified: 0, changed: 0, inode: 0 };
  }
  const { size, mtimeMs: modified, ctimeMs: changed, ino: inode } = stats;
  const entry: Entry = { kind: kindOf(stats), mode: stats.mode & 0o7777, size, modified, changed, inode };
  // The content of a link is its target, which is cheap to read.
  const content = withContent || entry.kind === "link" ? readContent(path, entry) : undefined;
  return content === undefined ? entry : { ...entry, content };
}

function kindOf(stats: Stats): Entry["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}

const buffer = Buffer.allocUnsafe(MAX_CONTENT_BYTES);

/** Returns a digest of a file's content or a link's target; undefined if there is none, or it is too large, or cannot be read. */
export function readContent(path: string, { kind, size }: Pick<Entry, "kind" | "size">): string | undefined {
  try {
    if (kind === "link") return readlinkSync(path);
    if (kind !== "file" || size > MAX_CONTENT_BYTES) return undefined;
    const file = openSync(path, PLAIN_READ);
    try {
      const bytes = readSync(file, buffer, 0, MAX_CONTENT_BYTES, 0);
      return hashContent(buffer.subarray(0, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

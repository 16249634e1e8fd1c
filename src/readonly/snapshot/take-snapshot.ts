import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from "node:fs";
import { join } from "node:path";
import { digestOf } from "#base/digest.ts";
import { errnoOf } from "#base/errors.ts";
import { type Entry, joinBelow, type Listing, type Snapshot } from "./snapshot.ts";

/** What bounds a snapshot. */
export interface SnapshotLimits {
  /** For the whole. */
  totalMs: number;
  /** Content is read this long; what comes after it is known by its time stamps. */
  contentMs: number;
  /** Whether a file or folder is left out, by its absolute path. */
  isLeftOut: (path: string) => boolean;
  /** Whether the entries of a folder are looked at, by its path below the top. */
  isEntered: (folder: string) => boolean;
}

/** Larger files are known by their time stamps. */
const MAX_CONTENT_BYTES = 4 * 1024 * 1024;
/** Something else may have come into the file's place: a link is not followed, a pipe not waited for. */
const PLAIN_READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** How long the event loop may stand still. */
const BREATH_MS = 50;
/** Made of something else, and often large: they are looked at last. */
const LATER = /^(?:node_modules|\.venv|venv|target|dist|build|out|vendor|__pycache__|\.cache|\.next|\.tox)$/;
/** Not files on a disk. */
const KERNEL_FOLDERS: ReadonlySet<string> = new Set(["/proc", "/sys", "/dev", "/run"]);

/** Looks at everything below a folder, within limits; links are not followed. What it could not look at, it says. */
export async function takeSnapshot(top: string, limits: SnapshotLimits): Promise<Snapshot> {
  const started = performance.now();
  let lastBreath = started;
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
      snapshot.notCovered.push(`${left} folders and what is below them, for lack of time (${limits.totalMs} ms)`);
      break;
    }
    if (performance.now() - lastBreath > BREATH_MS) {
      await Bun.sleep(0);
      lastBreath = performance.now();
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
      if (kind === "folder" && limits.isEntered(below)) (LATER.test(name) ? later : soon).push(below);
    }
  }
  if (unreadable > 0) snapshot.notCovered.push(`${unreadable} folders that cannot be read`);
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
    const entry = look(below, withContent);
    if (entry !== undefined) listing.set(name, entry);
  }
  return listing;
}

function look(path: string, withContent: boolean): Entry | undefined {
  let stats: Stats;
  try {
    stats = lstatSync(path);
  } catch (error) {
    // It went away between the listing and now.
    if (errnoOf(error) === "ENOENT") return undefined;
    return { kind: "other", mode: 0, size: 0, modified: 0, changed: 0, inode: 0 };
  }
  const { size, mtimeMs: modified, ctimeMs: changed, ino: inode } = stats;
  const entry: Entry = { kind: kindOf(stats), mode: stats.mode & 0o7777, size, modified, changed, inode };
  // A link's target is its content, and cheap.
  const content = withContent || entry.kind === "link" ? readContent(path, entry) : undefined;
  return content === undefined ? entry : { ...entry, content };
}

function kindOf(stats: Stats): Entry["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}

const buffer = Buffer.allocUnsafe(MAX_CONTENT_BYTES);

/** A digest of a file's content or a link's target; undefined for what has none, is too large, or cannot be read. */
export function readContent(path: string, { kind, size }: Pick<Entry, "kind" | "size">): string | undefined {
  try {
    if (kind === "link") return readlinkSync(path);
    if (kind !== "file" || size > MAX_CONTENT_BYTES) return undefined;
    const file = openSync(path, PLAIN_READ);
    try {
      const bytes = readSync(file, buffer, 0, MAX_CONTENT_BYTES, 0);
      return digestOf(buffer.subarray(0, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

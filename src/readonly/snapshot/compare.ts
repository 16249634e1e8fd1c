import { join } from "node:path";
import { type Entry, joinBelow, type Listing, type Snapshot } from "./snapshot.ts";
import { readContent } from "./take-snapshot.ts";

/** A difference in the workspace. */
export interface Difference {
  /** Path relative to the top; a folder's ends with `/`. */
  path: string;
  change: "added" | "removed" | "content" | "permissions" | "kind" | "time stamps";
}

/**
 * Returns the differences between two snapshots of a folder, as far as both cover it. Files are compared by their time stamps;
 * if these differ, by content, if the earlier snapshot has it.
 */
export function compareSnapshots(top: string, before: Snapshot, after: Snapshot): Difference[] {
  const differences: Difference[] = [];
  for (const [folder, listing] of before.folders) {
    const now = after.folders.get(folder);
    if (now !== undefined) differences.push(...compareListings(top, folder, listing, now));
  }
  return differences;
}

function* compareListings(top: string, folder: string, before: Listing, after: Listing): Generator<Difference> {
  for (const [name, entry] of before) {
    const now = after.get(name);
    const path = joinBelow(folder, name);
    const change = now === undefined ? "removed" : compareEntries(join(top, path), entry, now);
    if (change !== undefined) yield { path: displayPath(path, entry), change };
  }
  for (const [name, entry] of after) {
    if (!before.has(name)) yield { path: displayPath(joinBelow(folder, name), entry), change: "added" };
  }
}

function displayPath(path: string, { kind }: Entry): string {
  return kind === "folder" ? `${path}/` : path;
}

function compareEntries(path: string, before: Entry, after: Entry): Difference["change"] | undefined {
  if (before.kind !== after.kind) return "kind";
  if (before.mode !== after.mode) return "permissions";
  if (before.kind === "folder" || before.kind === "other") return undefined;
  if (before.kind === "link") return before.content === after.content ? undefined : "content";
  const { size, modified, changed, inode } = before;
  if (size === after.size && modified === after.modified && changed === after.changed && inode === after.inode) {
    return undefined;
  }
  if (size !== after.size) return "content";
  if (before.content === undefined) return "time stamps";
  return readContent(path, after) === before.content ? undefined : "content";
}

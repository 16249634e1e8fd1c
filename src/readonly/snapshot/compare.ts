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
  for (const [folder, was] of before.folders) {
    const is = after.folders.get(folder);
    if (is !== undefined) differences.push(...compareListings(top, folder, was, is));
  }
  return differences;
}

function* compareListings(top: string, folder: string, was: Listing, is: Listing): Generator<Difference> {
  for (const [name, entry] of was) {
    const now = is.get(name);
    const path = joinBelow(folder, name);
    const change = now === undefined ? "removed" : compareEntries(join(top, path), entry, now);
    if (change !== undefined) yield { path: shown(path, entry), change };
  }
  for (const [name, entry] of is) {
    if (!was.has(name)) yield { path: shown(joinBelow(folder, name), entry), change: "added" };
  }
}

function shown(path: string, { kind }: Entry): string {
  return kind === "folder" ? `${path}/` : path;
}

function compareEntries(path: string, was: Entry, is: Entry): Difference["change"] | undefined {
  if (was.kind !== is.kind) return "kind";
  if (was.mode !== is.mode) return "permissions";
  if (was.kind === "folder" || was.kind === "other") return undefined;
  if (was.kind === "link") return was.content === is.content ? undefined : "content";
  const { size, modified, changed, inode } = was;
  if (size === is.size && modified === is.modified && changed === is.changed && inode === is.inode) return undefined;
  if (size !== is.size) return "content";
  if (was.content === undefined) return "time stamps";
  return readContent(path, is) === was.content ? undefined : "content";
}

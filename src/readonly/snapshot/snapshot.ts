/** An entry of a folder. Times are in milliseconds, with fractions. */
export interface Entry {
  kind: "file" | "folder" | "link" | "other";
  /** Permission bits. */
  mode: number;
  size: number;
  modified: number;
  /** Time of the last change of content or attributes; no program can set it back. */
  changed: number;
  inode: number;
  /** Digest of a file's content, or a link's target; absent if it was not read. */
  content?: string;
}

/** Entries of a folder by name, in the order of their names. */
export type Listing = Map<string, Entry>;

/** State of a workspace at one moment. A folder is included with all its entries, or not at all. */
export interface Snapshot {
  /** Listings by path relative to the top, which is "". */
  folders: Map<string, Listing>;
  /** Number of entries in all folders. */
  entries: number;
  /** Descriptions of the parts that were not examined; empty if there are none. */
  notCovered: string[];
}

/** Returns the path of an entry below the top. */
export function joinBelow(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

type Row = [name: string, ...fields: (string | number)[]];

/** Formats a snapshot as text: the uncovered parts in the first line, then a line per folder. */
export function* formatSnapshot(snapshot: Snapshot): Generator<string> {
  yield `${JSON.stringify({ entries: snapshot.entries, notCovered: snapshot.notCovered })}\n`;
  for (const [folder, listing] of snapshot.folders) {
    yield `${JSON.stringify([folder, [...listing].map(([name, entry]) => toRow(name, entry))])}\n`;
  }
}

/** Parses the text of a snapshot, as made by {@link formatSnapshot}. @throws SyntaxError if it is truncated */
export function parseSnapshot(text: string): Snapshot {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it
  const { entries, notCovered } = JSON.parse(head) as Omit<Snapshot, "folders">;
  const folders = new Map<string, Listing>();
  for (const line of lines) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it
    const [folder, rows] = JSON.parse(line) as [string, Row[]];
    folders.set(folder, new Map(rows.map(toEntry)));
  }
  return { folders, entries, notCovered };
}

function toRow(name: string, { kind, mode, size, modified, changed, inode, content }: Entry): Row {
  const row: Row = [name, kind, mode, size, modified, changed, inode];
  return content === undefined ? row : [...row, content];
}

function toEntry(row: Row): [string, Entry] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- toRow() made it
  const [name, kind, mode, size, modified, changed, inode, content] = row as [
    string,
    Entry["kind"],
    number,
    number,
    number,
    number,
    number,
    string?,
  ];
  const entry = { kind, mode, size, modified, changed, inode };
  return [name, content === undefined ? entry : { ...entry, content }];
}

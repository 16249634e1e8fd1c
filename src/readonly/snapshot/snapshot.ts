/** What stands under one name of a folder. Times in milliseconds, with fractions. */
export interface Entry {
  kind: "file" | "folder" | "link" | "other";
  /** Permission bits. */
  mode: number;
  size: number;
  modified: number;
  /** When content or attributes last changed; no program can set it back. */
  changed: number;
  inode: number;
  /** A digest of a file's content, or a link's target; absent where it was not read. */
  content?: string;
}

/** A folder's entries by name; the names are in order. */
export type Listing = Map<string, Entry>;

/** What a workspace held at one moment. A folder is in it with all its entries, or not at all. */
export interface Snapshot {
  /** By path relative to the top, which is "". */
  folders: Map<string, Listing>;
  /** How many entries there are in them. */
  entries: number;
  /** What was not looked at, in words; empty where everything was. */
  notCovered: string[];
}

/** A path below the top. */
export function joinBelow(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

type Row = [name: string, ...fields: (string | number)[]];

/** A snapshot as text: what was not covered in the first line, then a line per folder. */
export function* formatSnapshot(snapshot: Snapshot): Generator<string> {
  yield `${JSON.stringify({ entries: snapshot.entries, notCovered: snapshot.notCovered })}\n`;
  for (const [folder, listing] of snapshot.folders) {
    yield `${JSON.stringify([folder, [...listing].map(([name, entry]) => toRow(name, entry))])}\n`;
  }
}

/** The snapshot of a text that {@link formatSnapshot} made. @throws SyntaxError for a torn one */
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

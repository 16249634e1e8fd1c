import type { ChangedPath } from "#board/api/changes.ts";

/** Rows of a patch that are not those that were expected. */
export type PatchShape = { unified: number; split: number } | { failure: string };

/** Row that is inserted after a row of a patch: a comment, or the form for one. */
export interface InsertedRow {
  id: string;
  /** Position of the row of the patch, or -1 for the file's header. */
  after: number;
}

/** File in the list, with its rows. */
export interface FileBlock {
  file: ChangedPath;
  isFolded: boolean;
  /** Position of its header in the list. */
  start: number;
  /** Number of rows of its patch. */
  rows: number;
  /** Text in place of the rows, or after them. */
  note: BlockNote | undefined;
  inserted: readonly InsertedRow[];
  /** Number of all its rows in the list. */
  count: number;
  /** Beginning of the keys of its rows. */
  key: number;
}

/** Reason for which a file has a row with a note. */
export type BlockNote = "binary" | "empty" | "failed" | "cut";

/** Row of the list. */
export type DiffRow =
  | { kind: "file"; block: FileBlock }
  | { kind: "line"; block: FileBlock; row: number }
  | { kind: "note"; block: FileBlock; note: BlockNote }
  | { kind: "inserted"; block: FileBlock; id: string };

/** Content that a list of rows is made of. */
export interface RowSource {
  files: readonly ChangedPath[];
  isSplit: boolean;
  isFolded: (file: ChangedPath) => boolean;
  /** Returns the rows of a patch that was read, if they are not those that were expected. */
  shapeOf: (file: ChangedPath) => PatchShape | undefined;
  /** Largest number of bytes of a file's patch that are read. */
  limitOf: (file: ChangedPath) => number;
  insertedOf: (file: ChangedPath) => readonly InsertedRow[];
  keyOf: (file: ChangedPath) => number;
}

/** Distance between the keys of two files: more than the rows that one can have. */
export const KEYS_PER_FILE = 2 ** 24;

/** Rows of all files in one list. The rows of files whose patches were not read are known by their number. */
export class RowModel {
  readonly blocks: readonly FileBlock[];
  readonly count: number;
  readonly isSplit: boolean;
  #last: FileBlock | undefined;

  constructor(source: RowSource) {
    let start = 0;
    this.isSplit = source.isSplit;
    this.blocks = source.files.map((file) => {
      const block = toBlock(file, source, start);
      start += block.count;
      return block;
    });
    this.count = start;
  }

  /** Returns the file that a row of the list belongs to. */
  blockAt(index: number): FileBlock | undefined {
    // Rows are mostly asked for in their order.
    const known = this.#last;
    if (known !== undefined && known.start <= index && index < known.start + known.count) return known;
    let [low, high] = [0, this.blocks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.blocks[middle]?.start ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    this.#last = this.blocks[low];
    return this.#last;
  }

  /** Returns a row of the list. */
  at(index: number): DiffRow | undefined {
    const block = this.blockAt(index);
    if (block === undefined) return undefined;
    let place = index - block.start - 1;
    if (place < 0) return { kind: "file", block };
    for (const { id, after } of block.inserted) {
      if (place === after + 1) return { kind: "inserted", block, id };
      if (place <= after) break;
      place--;
    }
    if (place >= block.rows) return { kind: "note", block, note: block.note ?? "empty" };
    return { kind: "line", block, row: place };
  }

  /** Returns the position in the list of a row of a file's patch; -1 is its header. */
  indexOf(block: FileBlock, row: number): number {
    return block.start + 1 + row + block.inserted.filter(({ after }) => after < row).length;
  }

  /** Returns the kind of a row of the list. */
  kindAt(index: number): DiffRow["kind"] {
    const block = this.blockAt(index);
    if (block === undefined || block.inserted.length > 0) return this.at(index)?.kind ?? "line";
    const place = index - block.start;
    if (place === 0) return "file";
    return place <= block.rows ? "line" : "note";
  }

  /** Returns what identifies a row while others are added before it. */
  keyAt(index: number): string | number {
    const plain = this.blockAt(index);
    // Most rows are of files without comments; a list asks for the keys of all rows.
    if (plain !== undefined && plain.inserted.length === 0) return plain.key + index - plain.start;
    const row = this.at(index);
    if (row === undefined) return index;
    const { key } = row.block;
    if (row.kind === "file") return key;
    if (row.kind === "inserted") return row.id;
    return key + 1 + (row.kind === "line" ? row.row : row.block.rows);
  }
}

function toBlock(file: ChangedPath, source: RowSource, start: number): FileBlock {
  const isFolded = source.isFolded(file);
  const rows = isFolded || file.is_binary ? 0 : countRows(file, source);
  const note = isFolded ? undefined : noteOf(file, source, rows);
  const inserted = isFolded ? [] : source.insertedOf(file);
  const count = 1 + rows + inserted.length + (note === undefined ? 0 : 1);
  return { file, isFolded, start, rows, note, inserted, count, key: source.keyOf(file) };
}

function countRows(file: ChangedPath, { isSplit, limitOf, shapeOf }: RowSource): number {
  const shape = shapeOf(file);
  const layout = isSplit ? "split" : "unified";
  if (shape !== undefined) return "failure" in shape ? 0 : shape[layout];
  const all = file.rows?.[layout] ?? file.insertions + file.deletions;
  const limit = limitOf(file);
  return file.length <= limit ? all : Math.ceil((all * limit) / file.length);
}

function noteOf(file: ChangedPath, { limitOf, shapeOf }: RowSource, rows: number): BlockNote | undefined {
  if (file.is_binary) return "binary";
  const shape = shapeOf(file);
  if (shape !== undefined && "failure" in shape) return "failed";
  if (file.length > limitOf(file)) return "cut";
  return rows === 0 ? "empty" : undefined;
}

import type { Side } from "../comments/line-comment.ts";
import { computed, signal } from "@preact/signals";
import type { ChangedPath, DiffOverview } from "#board/api/changes.ts";
import type { VirtualListHandle } from "#board/page/parts/virtual-list.tsx";
import type { CommentStore } from "../comments/comment-store.ts";
import { inTreeOrder } from "../tree/file-tree.ts";
import { findRow, lineOf, type PatchLine, type SplitRow } from "./parse-patch.ts";
import { PatchLoader } from "./patch-loader.ts";
import { type DiffRow, type FileBlock, type InsertedRow, KEYS_PER_FILE, RowModel } from "./row-model.ts";

/** Changed lines above which a file is folded at first, and bytes of its patch. */
const MAX_OPEN_LINES = 500;
const MAX_OPEN_BYTES = 100 * 1024;
/** Rows of all files above which further files are folded at first: browsers have a greatest height. */
const MAX_OPEN_ROWS = 200_000;
/** Number of rows before and after the visible ones whose patches are read. */
const NEAR_ROWS = 80;
/** Height of a file's header, which covers the upper edge, in pixels. */
export const HEADER_HEIGHT = 36;

/** Id of the row with the form for a comment. */
export const DRAFT_ROW = "draft";

/** State of a view of a patch: its rows, what is folded, and where it is scrolled to. */
export class PatchState {
  readonly overview;
  readonly loader = new PatchLoader();
  readonly isSplit = signal(false);
  readonly list: { current: VirtualListHandle | null } = { current: null };
  /** Files that the user has folded or opened. */
  readonly #folds = signal<ReadonlyMap<string, boolean>>(new Map());
  /** Row that has the keyboard. */
  readonly cursor = signal<{ path: string; row: number } | undefined>(undefined);
  /** File whose rows are at the upper edge, if its header is above the edge. */
  readonly covering = signal<string | undefined>(undefined);
  /** File at the upper edge. */
  readonly current = signal<string | undefined>(undefined);
  readonly #keys = new Map<string, { digest: string | undefined; key: number }>();
  #nextKey = 0;
  readonly #comments: CommentStore | undefined;
  /** Rows that are visible. */
  #seen = { first: 0, last: 0 };

  constructor(overview: DiffOverview, comments: CommentStore | undefined) {
    this.overview = signal(overview);
    this.#comments = comments;
  }

  readonly files = computed(() => inTreeOrder(this.overview.value.files));

  /** Files that are folded unless the user opens them. */
  readonly #large = computed(() => {
    let rows = 0;
    const large = this.files.value.filter((file) => {
      const { insertions, deletions, length } = file;
      const isLarge = insertions + deletions > MAX_OPEN_LINES || length > MAX_OPEN_BYTES || rows > MAX_OPEN_ROWS;
      if (!isLarge) rows += file.rows?.unified ?? insertions + deletions;
      return isLarge;
    });
    return new Set(large.map(({ path }) => path));
  });

  /** Rows with comments by file, as text: equal ones do not lead to a new list. */
  readonly #inserted = computed(() => {
    const rows: Record<string, InsertedRow[]> = {};
    const add = (path: string, id: string, side: Side, line: number) => {
      const file = this.files.value.find((each) => each.path === path);
      const patch = file === undefined ? undefined : this.loader.get(file)?.patch;
      const after = patch === undefined ? -1 : findRow(patch, this.isSplit.value, side, line);
      (rows[path] ??= []).push({ id, after });
    };
    const draft = this.#comments?.draft.value;
    for (const { id, path, side, last } of this.#comments?.comments.value ?? []) {
      if (id !== draft?.edits) add(path, id, side, last);
    }
    if (draft !== undefined) add(draft.path, DRAFT_ROW, draft.side, draft.last);
    for (const each of Object.values(rows)) each.sort((a, b) => a.after - b.after);
    return JSON.stringify(rows);
  });

  readonly model = computed(() => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written above
    const inserted = JSON.parse(this.#inserted.value) as Record<string, InsertedRow[]>;
    return new RowModel({
      files: this.files.value,
      isSplit: this.isSplit.value,
      isFolded: (file) => this.isFolded(file.path),
      shapeOf: (file) => this.loader.shapeOf(file),
      limitOf: (file) => this.loader.limitOf(file),
      insertedOf: ({ path }) => (Object.hasOwn(inserted, path) ? (inserted[path] ?? []) : []),
      keyOf: (file) => this.#keyOf(file),
    });
  });

  /** Returns whether a file's rows are hidden. */
  isFolded(path: string): boolean {
    return this.#folds.value.get(path) ?? this.#large.value.has(path);
  }

  /** Hides or shows a file's rows. */
  fold(path: string, isFolded = !this.isFolded(path)): void {
    this.#folds.value = new Map(this.#folds.value).set(path, isFolded);
  }

  /** Returns the content of a row, if it was read. */
  contentOf(row: DiffRow | undefined): PatchLine | SplitRow | undefined {
    if (row?.kind !== "line") return undefined;
    const patch = this.loader.get(row.block.file)?.patch;
    return this.isSplit.value ? patch?.split[row.row] : patch?.unified[row.row];
  }

  /** Reads the patches of the files near these rows, and of those with comments. */
  see(first: number, last: number): void {
    this.#seen = { first, last };
    const { blocks, count } = this.model.value;
    const [from, to] = [first - NEAR_ROWS, Math.min(count - 1, last + NEAR_ROWS)];
    const isVisible = (block: FileBlock) => block.start <= to && block.start + block.count > from;
    const near = blocks.filter((block) => block.rows > 0 && (isVisible(block) || block.inserted.length > 0));
    const middle = (first + last) / 2;
    const distance = ({ start, count: rows }: FileBlock) => Math.max(start - middle, middle - start - rows, 0);
    this.loader.want(near.toSorted((a, b) => distance(a) - distance(b)).map(({ file }) => file));
  }

  /** Reads what is visible after a change of the list: its rows may be as many as before, and have another content. */
  seeAgain(): void {
    this.see(this.#seen.first, this.#seen.last);
  }

  /** Finds out which file is at the upper edge. */
  watchTop(): void {
    const top = this.list.current?.atTop();
    const block = top === undefined ? undefined : this.model.value.blockAt(top.index);
    this.current.value = block?.file.path;
    const isCovering = block !== undefined && top !== undefined && (top.index > block.start || top.hidden > 0);
    this.covering.value = isCovering ? block.file.path : undefined;
  }

  /** Scrolls to a file, and opens it. */
  show(path: string): void {
    this.fold(path, false);
    const block = this.model.value.blocks.find(({ file }) => file.path === path);
    if (block === undefined) return;
    // The list gets the rows of an opened file first.
    queueMicrotask(() => requestAnimationFrame(() => this.list.current?.place(block.start, 0)));
  }

  /** Returns the position after a change of the list of what was at a position. */
  mapIndex(before: RowModel, index: number): number {
    const [row, now] = [before.at(index), this.model.value];
    const block = now.blocks.find(({ file }) => file.path === row?.block.file.path);
    if (row === undefined || block === undefined) return Math.min(index, now.count - 1);
    if (row.kind === "file") return block.start;
    if (row.kind === "inserted") {
      const place = block.inserted.find(({ id }) => id === row.id)?.after;
      return place === undefined ? block.start : now.indexOf(block, place) + 1;
    }
    if (row.kind === "note") return block.start + block.count - 1;
    const same = before.isSplit === now.isSplit ? row.row : this.#convertRow(block, row.row, before.isSplit);
    return same < block.rows ? now.indexOf(block, same) : block.start;
  }

  /** Returns the row with the same line in the other layout. */
  #convertRow(block: FileBlock, row: number, wasSplit: boolean): number {
    const patch = this.loader.get(block.file)?.patch;
    const content = wasSplit ? patch?.split[row] : patch?.unified[row];
    for (const side of ["new", "old"] as const) {
      const number = lineOf(content, side)?.[side];
      if (patch !== undefined && number !== undefined) return findRow(patch, !wasSplit, side, number);
    }
    return 0;
  }

  /** Returns the beginning of the keys of a file's rows: another one if its content is another one, because heights are kept by keys. */
  #keyOf({ path, digest }: ChangedPath): number {
    let known = this.#keys.get(path);
    if (known?.digest !== digest || known === undefined) {
      known = { digest, key: this.#nextKey };
      this.#nextKey += 2 * KEYS_PER_FILE;
      this.#keys.set(path, known);
    }
    return known.key + (this.isSplit.value ? KEYS_PER_FILE : 0);
  }
}

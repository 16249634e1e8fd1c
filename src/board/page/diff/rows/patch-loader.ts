import { signal } from "@preact/signals";
import type { ChangedPath, PatchQuery } from "#board/api/changes.ts";
import { RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { highlightPatch } from "./highlight.ts";
import { type ParsedPatch, parsePatch } from "./parse-patch.ts";
import type { PatchShape } from "./row-model.ts";

/** Reads a part of a patch. */
export type ReadPatch = (query: PatchQuery) => Promise<string>;

/** Patch of a file as far as it was read, or the reason why it was not. */
export interface LoadedPatch {
  patch?: ParsedPatch;
  failure?: string;
  /** Whether only the beginning was read. */
  isCut: boolean;
  bytes: number;
}

/** Part of a file's patch that is read at first, and with each further step, in bytes. */
export const STEP_BYTES = 1024 * 1024;
/** Patches that are kept, in bytes; their rows take several times as much. */
const MAX_KEPT_BYTES = 6 * 1024 * 1024;
/** Number of patches that are read at the same time. */
const MAX_READS = 4;

/** Reads the patches of files when they come near the view, and forgets those that were seen longest ago. */
export class PatchLoader {
  /** Changes when a patch has arrived or has got its colours. */
  readonly #version = signal(0);
  /** Unexpected shapes of patches, by the names of their contents. */
  readonly #shapes = new Map<string, PatchShape>();
  /** Changes when the shape of a patch turns out to be another one than expected. */
  readonly #shapeCount = signal(0);
  /** Length of the longest line that was read, in columns. */
  readonly columns = signal(0);
  /** Patches by the names of their contents, those that were last seen at the end. */
  readonly #loaded = new Map<string, LoadedPatch>();
  readonly #reading = new Set<string>();
  readonly #limits = new Map<string, number>();
  #wanted: readonly ChangedPath[] = [];
  #key = "";
  #read: ReadPatch = async () => "";
  #onStale: (() => Promise<void>) | undefined;

  /** Uses another patch from now on. @param onStale called if it is no longer kept */
  use(key: string, read: ReadPatch, onStale: (() => Promise<void>) | undefined): void {
    this.#key = key;
    this.#read = read;
    this.#onStale = onStale;
  }

  /** Returns the patch of a file, if it was read; who asks while drawing is drawn again when that changes. */
  get(file: ChangedPath): LoadedPatch | undefined {
    return this.#version.value < 0 ? undefined : this.#loaded.get(this.#nameOf(file));
  }

  /** Returns the shape of a file's patch, if it is not as expected; like {@link get}. */
  shapeOf(file: ChangedPath): PatchShape | undefined {
    return this.#shapeCount.value === 0 ? undefined : this.#shapes.get(this.#nameOf(file));
  }

  /** Returns the number of bytes of a file's patch that are read. */
  limitOf({ path }: ChangedPath): number {
    return this.#limits.get(path) ?? STEP_BYTES;
  }

  /** Reads more of a file's patch, or again what could not be read. */
  extend(file: ChangedPath): void {
    const name = this.#nameOf(file);
    if (this.get(file)?.failure === undefined) this.#limits.set(file.path, this.limitOf(file) + STEP_BYTES);
    this.#loaded.delete(name);
    this.#shapes.delete(name);
    this.#shapeCount.value++;
    this.want([file, ...this.#wanted]);
  }

  /** Reads the patches of these files, and no others that were wanted before. */
  want(files: readonly ChangedPath[]): void {
    this.#wanted = files;
    for (const file of files) {
      const name = this.#nameOf(file);
      const known = this.#loaded.get(name);
      if (known === undefined) continue;
      this.#loaded.delete(name);
      this.#loaded.set(name, known);
    }
    this.#next();
  }

  #nameOf({ path, digest }: ChangedPath): string {
    return `${path}\n${digest ?? this.#key}`;
  }

  #next(): void {
    for (const file of this.#wanted) {
      if (this.#reading.size >= MAX_READS) return;
      const name = this.#nameOf(file);
      if (!this.#loaded.has(name) && !this.#reading.has(name)) void this.#load(file, name);
    }
  }

  async #load(file: ChangedPath, name: string): Promise<void> {
    this.#reading.add(name);
    const bytes = Math.min(file.length, this.limitOf(file));
    const isCut = bytes < file.length;
    try {
      const text = await this.#readFresh({ key: this.#key, offset: file.offset, length: bytes });
      const patch = parsePatch(isCut ? text.slice(0, text.lastIndexOf("\n") + 1) : text);
      this.#keep(name, { patch, isCut, bytes });
      this.columns.value = Math.max(this.columns.value, patch.columns);
      const { length: unified } = patch.unified;
      const { length: split } = patch.split;
      if (file.rows?.unified !== unified || file.rows.split !== split) this.#setShape(name, { unified, split });
      highlightPatch(file.path, patch, () => this.#version.value++);
    } catch (error) {
      const failure = toRequestError(error).message;
      this.#keep(name, { failure, isCut, bytes: 0 });
      this.#setShape(name, { failure });
    } finally {
      this.#reading.delete(name);
      this.#version.value++;
      this.#next();
    }
  }

  /** Reads a part of the patch; if the server no longer has it, once more after it was made again. */
  async #readFresh(query: PatchQuery): Promise<string> {
    try {
      return await this.#read(query);
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== "nothing_to_read") throw error;
      await this.#onStale?.();
      return this.#read(query);
    }
  }

  #setShape(name: string, shape: PatchShape): void {
    this.#shapes.set(name, shape);
    this.#shapeCount.value++;
  }

  #keep(name: string, loaded: LoadedPatch): void {
    this.#loaded.set(name, loaded);
    const wanted = new Set(this.#wanted.map((file) => this.#nameOf(file)));
    let kept = this.#loaded.values().reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [each, { bytes }] of this.#loaded) {
      if (kept <= MAX_KEPT_BYTES) return;
      if (wanted.has(each)) continue;
      this.#loaded.delete(each);
      kept -= bytes;
    }
  }
}

import { lstat, readdir } from "node:fs/promises";
import { errnoOf } from "#base/errors.ts";

/** The size of a folder, as far as it was looked at. */
export interface FolderSize {
  bytes: number;
  /** There is more: it is too large to be counted in time, or a part of it cannot be read. */
  isMore: boolean;
  /** The first path that cannot be read. */
  unreadable?: Buffer;
}

/** Bounds of one look. */
export interface SizeLimits {
  /** Files and folders that are looked at. Default {@link MAX_ENTRIES}. */
  maxEntries?: number;
  /** When it ends, as `performance.now()` counts. Default: after {@link MAX_MS}. */
  deadline?: number;
  /** What may be done after the deadline. Looks may share one. */
  grace?: SizeGrace;
}

/** Makes the result of a small look independent of how busy the machine is. */
export interface SizeGrace {
  /** Files and folders that may still be looked at; counted down. */
  entries: number;
  deadline: number;
}

const MAX_ENTRIES = 300_000;
const MAX_MS = 10_000;

/** Files that are looked at side by side. */
const BATCH = 128;

/**
 * Adds up the bytes of a file, or of all files below a folder; 0 where there is nothing. The event loop is not held up, not even
 * by a disk that does not answer, and what goes away meanwhile is not counted. Links are not followed. Names may hold any bytes,
 * and trees be of any depth.
 */
export async function measureFolder(path: string | Buffer, limits: SizeLimits = {}): Promise<FolderSize> {
  const { maxEntries = MAX_ENTRIES, deadline = performance.now() + MAX_MS, grace } = limits;
  const walk = new Walk(maxEntries, deadline, grace);
  const left = Math.max(deadline, grace?.deadline ?? 0) - performance.now();
  let timer: Timer | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, Math.max(0, left))));
  const isDone = await Promise.race([walk.run(Buffer.from(path)), timeout.then(() => false)]);
  clearTimeout(timer);
  walk.isOver = true;
  const { bytes, isMore, unreadable } = walk;
  return { bytes, isMore: isMore || !isDone, ...(unreadable !== undefined && { unreadable }) };
}

class Walk {
  bytes = 0;
  isMore = false;
  unreadable: Buffer | undefined;
  /** Nobody waits for it any more. */
  isOver = false;
  #entriesLeft: number;
  readonly #deadline: number;
  readonly #grace: SizeGrace | undefined;
  readonly #folders: Buffer[] = [];

  constructor(maxEntries: number, deadline: number, grace: SizeGrace | undefined) {
    this.#entriesLeft = maxEntries;
    this.#deadline = deadline;
    this.#grace = grace;
  }

  /** @returns whether all was looked at */
  async run(top: Buffer): Promise<boolean> {
    await this.#look(top);
    for (let folder = this.#folders.pop(); folder !== undefined; folder = this.#folders.pop()) {
      for (const batch of batchesOf(await this.#list(folder))) {
        if (this.#mustEnd(batch.length)) return false;
        await Promise.all(batch.map((name) => this.#look(Buffer.concat([folder, SLASH, name]))));
      }
    }
    return true;
  }

  #mustEnd(entries: number): boolean {
    if (this.isOver || this.#entriesLeft <= 0) return true;
    this.#entriesLeft -= entries;
    if (performance.now() < this.#deadline) return false;
    if (this.#grace === undefined || this.#grace.entries <= 0) return true;
    this.#grace.entries -= entries;
    return false;
  }

  async #look(entry: Buffer): Promise<void> {
    try {
      const stat = await lstat(entry);
      if (stat.isDirectory()) this.#folders.push(entry);
      else if (!this.isOver) this.bytes += stat.size;
    } catch (error) {
      this.#skip(entry, error);
    }
  }

  async #list(folder: Buffer): Promise<Buffer[]> {
    try {
      return await readdir(folder, { encoding: "buffer" });
    } catch (error) {
      this.#skip(folder, error);
      return [];
    }
  }

  #skip(path: Buffer, error: unknown): void {
    const code = errnoOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return;
    this.isMore = true;
    this.unreadable ??= path;
  }
}

function* batchesOf(names: readonly Buffer[]): Generator<Buffer[]> {
  for (let start = 0; start < names.length; start += BATCH) yield names.slice(start, start + BATCH);
}

const SLASH = Buffer.from("/");

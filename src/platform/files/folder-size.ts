import { lstat, readdir } from "node:fs/promises";
import { errnoOf } from "#base/errors.ts";

/** Size of a folder, as far as it was measured. */
export interface FolderSize {
  bytes: number;
  /** Whether the size is incomplete: the folder is too large to be measured in time, or a part of it cannot be read. */
  isMore: boolean;
  /** First path that cannot be read. */
  unreadable?: Buffer;
}

/** Limits of one measurement. */
export interface SizeLimits {
  /** Maximum number of files and folders examined. Default {@link MAX_ENTRIES}. */
  maxEntries?: number;
  /** End of the measurement, in the time of `performance.now()`. Default: after {@link TIMEOUT_MS}. */
  deadline?: number;
  /** Allowance for work after the deadline. Measurements may share one. */
  grace?: SizeGrace;
}

/** Allowance that makes the result of a small measurement independent of the machine's load. */
export interface SizeGrace {
  /** Number of files and folders that may still be examined; counted down. */
  entries: number;
  deadline: number;
}

/** Default limit of the files and folders that are examined. */
const MAX_ENTRIES = 300_000;
/** Default time limit, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Number of files examined in parallel. */
const BATCH_SIZE = 128;

/**
 * Adds up the bytes of a file, or of all files below a folder; 0 if there is nothing. It does not block the event loop, even if a disk does
 * not respond, and ignores files deleted meanwhile. Links are not followed. Names may contain any bytes, and trees may have any depth.
 */
export async function measureFolder(path: string | Buffer, limits: SizeLimits = {}): Promise<FolderSize> {
  const { maxEntries = MAX_ENTRIES, deadline = performance.now() + TIMEOUT_MS, grace } = limits;
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
  /** Whether the result is no longer needed. */
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

  /**
   * Measures everything below a path.
   * @returns whether everything was examined
   */
  async run(top: Buffer): Promise<boolean> {
    await this.#measure(top);
    for (let folder = this.#folders.pop(); folder !== undefined; folder = this.#folders.pop()) {
      for (const batch of batchesOf(await this.#list(folder))) {
        if (this.#mustEnd(batch.length)) return false;
        await Promise.all(batch.map((name) => this.#measure(Buffer.concat([folder, SLASH, name]))));
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

  async #measure(entry: Buffer): Promise<void> {
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
  for (let start = 0; start < names.length; start += BATCH_SIZE) yield names.slice(start, start + BATCH_SIZE);
}

const SLASH = Buffer.from("/");

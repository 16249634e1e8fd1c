import { join } from "node:path";
import { statIfAny } from "#base/paths.ts";
import type { Work } from "./read-works.ts";

/** Time limits of a comparison, in milliseconds. */
export interface TimeLimits {
  usualMs: number;
  /** Limit for small worktrees, which are compared completely even on a busy machine. */
  smallMs: number;
}

/** Limits of what counts as small: total bytes of indexes, and number of worktrees. */
const SMALL_INDEX_BYTES = 16 * 1024 * 1024;
const SMALL_WORKTREES = 20;

/** Deadline of a comparison, which depends on what there is to compare. */
export class CompareDeadline {
  readonly #controller = new AbortController();
  readonly #limits: TimeLimits;
  readonly #began = performance.now();
  #timer: Timer;

  constructor(limits: TimeLimits) {
    this.#limits = limits;
    this.#timer = setTimeout(() => this.#end(), Math.max(limits.usualMs, limits.smallMs));
  }

  /** Aborts at the deadline. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Sets the deadline for what is to be compared. */
  setWorks(works: readonly Work[]): void {
    const sizes = works.map(({ gitDir }) => (gitDir && statIfAny(join(gitDir, "index"))?.size) || 0);
    const isSmall = works.length <= SMALL_WORKTREES && sizes.reduce((sum, size) => sum + size, 0) <= SMALL_INDEX_BYTES;
    if (isSmall) return;
    clearTimeout(this.#timer);
    const leftMs = this.#limits.usualMs - (performance.now() - this.#began);
    this.#timer = setTimeout(() => this.#end(), Math.max(0, leftMs));
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    this.#controller.abort();
  }
}

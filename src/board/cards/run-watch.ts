import { dirname, basename } from "node:path";
import { type FolderWatch, watchFolder } from "#platform/files/watch-folder.ts";
import type { TaskRecord } from "#domain/record.ts";
import { logVersion } from "./task-facts.ts";

/** Shortest time between two reports about one task, in milliseconds. */
const REPORT_INTERVAL_MS = 250;

/** Interval at which a log is looked at without file events, in milliseconds. */
const POLL_MS = 5000;

/** Watch of the log of a task that has not ended: reports that it has grown, at once and then at a limited rate. */
export class RunWatch {
  readonly #task: TaskRecord;
  readonly #onGrowth: () => void;
  readonly #intervalMs: number;
  readonly #watch: FolderWatch;
  #version: string;
  #timer: Timer | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(task: TaskRecord, onGrowth: () => void, intervalMs = REPORT_INTERVAL_MS) {
    this.#task = task;
    this.#onGrowth = onGrowth;
    this.#intervalMs = intervalMs;
    this.#version = logVersion(task);
    const log = basename(task.log_file);
    this.#watch = watchFolder(
      dirname(task.log_file),
      (name) => name === log,
      () => this.#look(),
      POLL_MS,
    );
  }

  close(): void {
    this.#watch.close();
    clearTimeout(this.#timer);
  }

  #look(): void {
    if (this.#timer !== undefined) return;
    const waitMs = this.#reportedAt + this.#intervalMs - performance.now();
    if (waitMs <= 0) return this.#report();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#report();
    }, waitMs);
  }

  #report(): void {
    const version = logVersion(this.#task);
    if (version === this.#version) return;
    this.#version = version;
    this.#reportedAt = performance.now();
    this.#onGrowth();
  }
}

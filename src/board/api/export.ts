import type { DiffOverview } from "./changes.ts";
import type { LogEntry } from "./conversation.ts";
import type { TaskPageData } from "./task.ts";

/** Id of the element that has the data of an exported task. */
export const EXPORTED_ELEMENT = "exported";

/** Conversation of a run in an exported task. */
export interface ExportedLog {
  run: number;
  /** Entries, oldest first; those before the first are left out if `start` is not 0. */
  entries: LogEntry[];
  /** Offset in the log at which the first entry begins, and size of the log, in bytes. */
  start: number;
  size: number;
}

/** Whole text or output of an entry. */
export interface ExportedOutput {
  run: number;
  at: number;
  text: string;
}

/** Differences of an exported task. */
export interface ExportedDiff {
  overview: DiffOverview;
  /** Patches of files, by their offsets; those of large files are left out. */
  patches: { offset: number; text: string }[];
}

/** Task in a file of its own. */
export interface ExportedTask {
  /** Version of the program that wrote it. */
  program: string;
  exported_at: string;
  task: TaskPageData;
  logs: ExportedLog[];
  outputs: ExportedOutput[];
  diffs: ExportedDiff[];
  /** Parts that are left out, in sentences. */
  left_out: string[];
  /** Number of texts that were replaced because they look like secrets. */
  redacted: number;
}

/** Places of an exported task that look like secrets, as `GET /api/tasks/<id>/export-check` answers. */
export interface ExportCheck {
  /** Number of all of them. */
  secrets: number;
  /** Forms and places, the most frequent first. */
  found: { kind: string; place: string; masked: string; count: number }[];
}

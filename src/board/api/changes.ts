/** Commit with which the work is compared: the one that it began from, or its state at the end of the run before. */
export type DiffSince = "base" | "run";

/** File that differs. */
export interface ChangedPath {
  path: string;
  /** Path before a rename or copy. */
  from?: string;
  status: "added" | "modified" | "deleted" | "renamed" | "copied" | "type" | "unknown";
  insertions: number;
  deletions: number;
  is_binary: boolean;
  /** Part of the patch that is about the file, in bytes. */
  offset: number;
  length: number;
  /** Number of rows of its diff, in one column and in two: its hunks' headers and lines. */
  rows?: { unified: number; split: number };
  /** Modes as git writes them (`100644`), if the file is new or gone or its mode differs. */
  modes?: { old?: string; new?: string };
  /** Name of both contents: two patches with the same name are the same. */
  digest?: string;
}

/** Differences, without the patch itself. */
export interface DiffOverview {
  /** Name of the patch, with which its parts are requested; it changes with the work. */
  key: string;
  since: DiffSince;
  files: ChangedPath[];
  diff_stat: string;
  patch_bytes: number;
  /** Whether there is a run before, with whose end the work can be compared. */
  has_last_run: boolean;
  note?: string;
}

/** Request of the patch of some files. */
export interface PatchQuery {
  key: string;
  offset: number;
  length: number;
}

import { mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import { logger } from "#base/log.ts";
import { hashContent } from "#base/digest.ts";
import { listNames, statIfAny } from "#base/paths.ts";
import { makePrivateFolder, prepareFile, repairPrivateFolder } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { storePaths } from "./store-paths.ts";

/** Files that conflict, for people; none if the merge is clean. */
export interface KnownMerge {
  isClean: boolean;
  files: string[];
  /** Number of conflicting files if there are more than `files`. */
  total?: number | undefined;
}

/** State of a worktree's work when it was last examined. */
export interface KnownWork {
  /** Commit that was checked out. */
  head: string;
  /** Digest of the uncommitted work; undefined if there was none. */
  signature?: string | undefined;
  /** Whether the signature can be trusted: nothing had been changed just before. */
  isSettled: boolean;
  /** Commit of all the work. */
  commit: string;
  /** Time of the examination, in milliseconds. */
  at: number;
}

const CacheSchema = v.object({
  settings: v.string(),
  works: v.record(
    v.string(),
    v.object({
      head: v.string(),
      signature: v.optional(v.string()),
      isSettled: v.boolean(),
      commit: v.string(),
      at: v.number(),
    }),
  ),
  merges: v.record(
    v.string(),
    v.object({ isClean: v.boolean(), files: v.array(v.string()), total: v.optional(v.number()) }),
  ),
  slow: v.array(v.string()),
});

/** Bounds of one repository's file, which is read as a whole. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_MERGES = 4000;
const MAX_WORKS = 500;
const MAX_SLOW = 500;
/** Number of repositories whose files are kept. */
const MAX_REPOSITORIES = 100;
/** Age at which temporary objects are leftovers of a process that was killed, in milliseconds. */
const LEFTOVER_MS = 10 * 60 * 1000;

/** Known results of merges that were tried between a repository's worktrees. A lost or damaged one costs only time. */
export class CollisionCache {
  readonly #folder: string;
  readonly #file: string;
  readonly #settings: string;
  readonly #works: Map<string, KnownWork>;
  readonly #merges: Map<string, KnownMerge>;
  readonly #slow: Set<string>;
  #isChanged = false;

  /** @param settings what the results depend on beside the commits; those with other settings are not used */
  constructor(home: string, repository: string, settings: string) {
    this.#folder = storePaths(home).collisions;
    this.#file = join(this.#folder, `${hashContent(repository)}.json`);
    this.#settings = settings;
    const read = parseJsonAs(CacheSchema, tryReadText(this.#file, { maxBytes: MAX_FILE_BYTES }));
    const found = read?.settings === settings ? read : undefined;
    this.#works = new Map(Object.entries(found?.works ?? {}));
    this.#merges = new Map(Object.entries(found?.merges ?? {}));
    this.#slow = new Set(found?.slow);
  }

  workOf(worktree: string): KnownWork | undefined {
    return this.#works.get(worktree);
  }

  recordWork(worktree: string, work: KnownWork): void {
    this.#works.delete(worktree);
    this.#works.set(worktree, work);
    this.#isChanged = true;
  }

  mergeOf(key: string): KnownMerge | undefined {
    return this.#merges.get(key);
  }

  recordMerge(key: string, merge: KnownMerge): void {
    // The ones that were recorded or used last are kept.
    this.#merges.delete(key);
    this.#merges.set(key, merge);
    this.#slow.delete(key);
    this.#isChanged = true;
  }

  /** Returns the merges that could not be finished in time, so that others are tried first; the last attempt is the last. */
  get slow(): ReadonlySet<string> {
    return this.#slow;
  }

  recordSlow(key: string): void {
    this.#slow.delete(key);
    this.#slow.add(key);
    this.#isChanged = true;
  }

  /** Writes what has changed, if possible. */
  save(): void {
    if (!this.#isChanged) return;
    const last = <T>(items: Iterable<T>, atMost: number) => [...items].slice(-atMost);
    const content = {
      settings: this.#settings,
      works: Object.fromEntries(last(this.#works, MAX_WORKS)),
      merges: Object.fromEntries(last(this.#merges, MAX_MERGES)),
      slow: last(this.#slow, MAX_SLOW),
    };
    try {
      makePrivateFolder(this.#folder);
      const text = JSON.stringify(content);
      if (text.length < MAX_FILE_BYTES) prepareFile(this.#file, text).publish();
      this.#removeOld();
    } catch (error) {
      logger("app").debug`${this.#file} cannot be written: ${String(error)}`;
    }
  }

  #removeOld(): void {
    const files = listNames(this.#folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => ({ path: join(this.#folder, name), at: statIfAny(join(this.#folder, name))?.mtimeMs ?? 0 }))
      .toSorted((a, b) => b.at - a.at);
    for (const { path } of files.slice(MAX_REPOSITORIES)) rmSync(path, { force: true });
  }
}

/**
 * Calls a function with a folder for temporary objects in the state folder, which is removed afterwards, as are those of processes that were
 * killed.
 * @throws the system's error if it cannot be created
 */
export async function withCollisionFolder<T>(home: string, work: (folder: string) => Promise<T>): Promise<T> {
  const { collisions } = storePaths(home);
  repairPrivateFolder(collisions);
  for (const name of listNames(collisions).filter((each) => each.startsWith("objects-"))) {
    const path = join(collisions, name);
    const age = Date.now() - (statIfAny(path)?.mtimeMs ?? Date.now());
    if (age > LEFTOVER_MS) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
  const folder = mkdtempSync(join(collisions, "objects-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

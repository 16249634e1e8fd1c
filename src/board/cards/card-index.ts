import { logger } from "#base/log.ts";
import { elapsedSeconds, isEnded } from "#domain/record.ts";
import { type Failure, toFailure } from "#base/errors.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { listRowVersions, readIndexVersion, type RowVersion } from "#store/tasks/row-versions.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import type { AppContext } from "#tasks/context.ts";
import type { BoardChange, Card } from "#board/api/card.ts";
import { readTaskFacts } from "./task-facts.ts";
import { placeCard, toCard, type WorkFacts } from "./to-card.ts";

/** Largest number of ended tasks on the board. */
const MAX_ENDED = 1000;

/** Shortest time between two counts of a running task's tokens, in milliseconds: that takes reading more than its log. */
const COUNT_INTERVAL_MS = 2000;

interface Entry {
  version: string;
  worktree: string | undefined;
  hasChanges: boolean;
  card: Card;
  /** The card as it was last reported, without the time that passes. */
  reported: string;
  /** The task itself, as long as it has not ended. */
  unfinished: StoredTask | undefined;
  /** Time of `performance.now()` at which its tokens were counted. */
  countedAt: number;
}

/** Function that returns what is known about the work in a worktree. */
export type FindWork = (path: string, hasChanges: boolean) => WorkFacts;

/** Cards of the tasks in the index. Only changed rows are read again. */
export class CardIndex {
  readonly #context: AppContext;
  readonly #findWork: FindWork;
  readonly #entries = new Map<string, Entry>();
  /** Tasks that have last worked in a worktree: the last of all, and the last that has not failed. */
  readonly #latest = new Map<string, { last: string; result: string | undefined }>();
  /** Tasks that could not be read. */
  readonly faults = new Map<string, Failure>();
  #version: string | undefined;

  constructor(context: AppContext, findWork: FindWork) {
    this.#context = context;
    this.#findWork = findWork;
  }

  /** Returns the cards, with the time that has passed. */
  get cards(): Card[] {
    for (const { card, unfinished } of this.#entries.values()) {
      if (unfinished !== undefined) card.elapsed_seconds = elapsedSeconds(unfinished.record);
    }
    return [...this.#entries.values()].map(({ card }) => card);
  }

  /** Returns the number of cards. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the card of a task; undefined if it is not on the board. */
  cardOf(id: string): Card | undefined {
    return this.#entries.get(id)?.card;
  }

  /** Returns the tasks that have not ended. */
  get unfinished(): StoredTask[] {
    return [...this.#entries.values()].flatMap((entry) => entry.unfinished ?? []);
  }

  /** Returns the worktrees of the cards, and those in which tasks have not ended. */
  get worktrees(): { shown: Set<string>; running: Set<string> } {
    const shown = new Set<string>();
    const running = new Set<string>();
    for (const { worktree, unfinished } of this.#entries.values()) {
      if (worktree === undefined) continue;
      shown.add(worktree);
      if (unfinished !== undefined) running.add(worktree);
    }
    return { shown, running };
  }

  /** Reads the rows that have changed. @returns undefined if the index has not changed */
  update(): Omit<BoardChange, "now"> | undefined {
    const { store } = this.#context;
    const version = readIndexVersion(store);
    if (version === this.#version) return undefined;
    const rows = listRowVersions(store, MAX_ENDED);
    this.#version = version;
    this.#setLatest(rows);
    const ids = new Set(rows.map(({ task_id }) => task_id));
    const removed = [...this.#entries.keys()].filter((id) => !ids.has(id));
    for (const id of removed) this.#entries.delete(id);
    for (const id of this.faults.keys()) if (!ids.has(id)) this.faults.delete(id);
    for (const row of rows) {
      if (this.#entries.get(row.task_id)?.version === row.version || this.#tryReadRow(row)) continue;
      // A card of the time before the fault would be taken for the state of now.
      if (this.#entries.delete(row.task_id)) removed.push(row.task_id);
    }
    return { cards: this.#takeChanges(), removed };
  }

  /** Reads anew what some tasks that have not ended are doing. @returns cards that have changed */
  refresh(ids: Iterable<string>): Card[] {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry?.unfinished === undefined) continue;
      try {
        this.#refreshEntry(id, entry, entry.unfinished);
      } catch (error) {
        logger("app").debug`What ${id} is doing cannot be read: ${toFailure(error).message}`;
      }
    }
    return this.#takeChanges(ids);
  }

  /** Places the cards anew, after the facts about their work have changed or time has passed. @returns cards that have changed */
  place(): Card[] {
    return this.#takeChanges();
  }

  #refreshEntry(id: string, entry: Entry, stored: StoredTask): void {
    const isCounted = performance.now() - entry.countedAt < COUNT_INTERVAL_MS;
    if (!isCounted) entry.countedAt = performance.now();
    const facts = readTaskFacts(this.#context, stored, isCounted ? { tokens: entry.card.tokens } : undefined);
    entry.card = toCard(stored.record, facts, this.#workOf(id, entry));
  }

  /** Reads a task; a fault of one task does not prevent the others from being shown. */
  #tryReadRow(row: RowVersion): boolean {
    try {
      this.#readRow(row);
      this.faults.delete(row.task_id);
      return true;
    } catch (error) {
      this.faults.set(row.task_id, toFailure(error));
      return false;
    }
  }

  #readRow({ task_id, version }: RowVersion): void {
    const stored = findTask(this.#context.store, task_id);
    if (stored === undefined) return;
    const { record } = stored;
    const place = {
      worktree: record.worktree_dir,
      // Those of a task of an earlier version are not known.
      hasChanges: !isEnded(record) || record.diff_stat !== "" || (record.commits_ahead ?? 0) > 0,
    };
    const card = toCard(record, readTaskFacts(this.#context, stored), this.#workOf(task_id, place));
    const reported = this.#entries.get(task_id)?.reported ?? "";
    const unfinished = isEnded(record) ? undefined : stored;
    this.#entries.set(task_id, { version, ...place, card, reported, unfinished, countedAt: performance.now() });
  }

  #workOf(id: string, { worktree, hasChanges }: Pick<Entry, "worktree" | "hasChanges">): WorkFacts {
    if (worktree === undefined) return { work: "none" };
    const facts = this.#findWork(worktree, hasChanges);
    const { last, result } = this.#latest.get(worktree) ?? {};
    return id === last || id === result ? facts : { ...facts, is_superseded: true };
  }

  #setLatest(rows: readonly RowVersion[]): void {
    this.#latest.clear();
    for (const { task_id, worktree_dir, status } of rows.toSorted((a, b) => a.seq - b.seq)) {
      if (worktree_dir === null) continue;
      // What a failed task has left is not a result to be reviewed instead.
      const isResult = status !== "failed" && status !== "cancelled";
      const result = isResult ? task_id : this.#latest.get(worktree_dir)?.result;
      this.#latest.set(worktree_dir, { last: task_id, result });
    }
  }

  /** Returns the cards that differ from what was last reported, of some tasks or of all. */
  #takeChanges(ids: Iterable<string> = this.#entries.keys()): Card[] {
    const changed: Card[] = [];
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry === undefined) continue;
      entry.card = placeCard(entry.card, this.#workOf(id, entry));
      const now = textOf(entry.card);
      if (now === entry.reported) continue;
      entry.reported = now;
      changed.push(entry.card);
    }
    return changed;
  }
}

/** Returns what a card says, without the time that passes. */
function textOf(card: Card): string {
  return JSON.stringify({ ...card, elapsed_seconds: 0 });
}

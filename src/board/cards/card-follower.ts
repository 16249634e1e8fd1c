import { toFailure } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { type FolderWatch, watchFolder } from "#platform/files/watch-folder.ts";
import { countTasks } from "#store/tasks/list-tasks.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import type { AppContext } from "#tasks/context.ts";
import { listUnreadable } from "#tasks/list-tasks.ts";
import { reconcileAll } from "#tasks/end/reconcile.ts";
import type { BoardChange, BoardSnapshot } from "#board/api/card.ts";
import { CardIndex } from "./card-index.ts";
import { RunWatch } from "./run-watch.ts";
import { type WorkKnowledge, WorkFollower } from "./work-follower.ts";

/** State of the board without what never changes. */
export type CardState = Omit<BoardSnapshot, "info" | "now">;

/** Shortest time between two looks at the index, in milliseconds. */
const LOOK_INTERVAL_MS = 25;

/** Interval at which the states of unfinished tasks are checked, in milliseconds. */
const CHECK_INTERVAL_MS = 5000;

/** Number of checks after which the facts about all running tasks are read again: some of them depend on the time. */
const CHECKS_PER_REFRESH = 6;

/** Time without an event after which a task may be stuck, in milliseconds. */
const SILENCE_LIMIT_MS = 60_000;

/** Follows the tasks of the index for all event streams of a board. */
export class CardFollower {
  readonly #context: AppContext;
  readonly #onChange: (change: BoardChange) => void;
  readonly #index: CardIndex;
  readonly #work: WorkFollower;
  readonly #runs = new Map<string, { watch: RunWatch; run: number }>();
  #watch: FolderWatch | undefined;
  #checking: Timer | undefined;
  #looking: Timer | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #checks = 0;
  #isClosed = false;
  #isChecking = false;
  #rest: Pick<CardState, "left_out" | "unreadable"> = { left_out: 0, unreadable: [] };

  /** @param known knowledge of an earlier follower, to which this one adds its own */
  constructor(context: AppContext, known: WorkKnowledge, onChange: (change: BoardChange) => void) {
    this.#context = context;
    this.#onChange = onChange;
    this.#work = new WorkFollower(context, known, () => this.#report({ cards: this.#index.place(), removed: [] }));
    this.#index = new CardIndex(context, (path, hasChanges) => this.#work.factsOf(path, hasChanges));
  }

  /** Begins to follow. @throws the store's error */
  async start(): Promise<void> {
    const failed = await reconcileAll(this.#context);
    this.#index.update();
    await this.#work.findMissing(this.#index.worktrees.shown);
    if (this.#isClosed) return;
    this.#index.place();
    this.#rest = this.#readRest(failed);
    const { home } = this.#context.config;
    this.#watch = watchFolder(
      home,
      (name) => name.startsWith("codexmcp.db"),
      () => this.#look(),
    );
    this.#checking = setInterval(() => void this.#check(), CHECK_INTERVAL_MS);
    this.#followAll();
    // Changes since the first look.
    this.#look();
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.close();
    clearInterval(this.#checking);
    clearTimeout(this.#looking);
    for (const { watch } of this.#runs.values()) watch.close();
    this.#runs.clear();
    this.#work.close();
  }

  /** Returns the state that the changes reported from now on are based on. */
  get state(): CardState {
    return { cards: this.#index.cards, ...this.#rest };
  }

  /** Looks at the index now or, if that was just done, in a moment. */
  #look(): void {
    if (this.#looking !== undefined || this.#isClosed) return;
    const waitMs = this.#lookedAt + LOOK_INTERVAL_MS - performance.now();
    if (waitMs <= 0) return this.#update();
    this.#looking = setTimeout(() => {
      this.#looking = undefined;
      this.#update();
    }, waitMs);
  }

  #update(): void {
    this.#lookedAt = performance.now();
    try {
      const change = this.#index.update();
      if (change === undefined) return;
      this.#report(change);
      this.#followAll();
    } catch (error) {
      logger("app").warn`The tasks cannot be read: ${toFailure(error).message}`;
    }
  }

  /** Reports changes, if there are any. */
  #report(change: Omit<BoardChange, "now">): void {
    const isEmpty = change.cards.length === 0 && change.removed.length === 0;
    if (this.#isClosed || (isEmpty && change.unreadable === undefined && change.left_out === undefined)) return;
    this.#onChange({ ...change, now: new Date().toISOString() });
  }

  /** Follows the logs of the running tasks, and the worktrees of all. */
  #followAll(): void {
    // What was just reported may have ended the last stream.
    if (this.#isClosed) return;
    const running = new Map<string, StoredTask>();
    for (const task of this.#index.unfinished) {
      if (task.record.status === "running") running.set(task.record.task_id, task);
    }
    for (const [id, { watch, run }] of this.#runs) {
      if (running.get(id)?.record.run === run) continue;
      watch.close();
      this.#runs.delete(id);
    }
    for (const [id, { record }] of running) {
      if (this.#runs.has(id)) continue;
      const onGrowth = () => {
        this.#report({ cards: this.#index.refresh([id]), removed: [] });
        if (record.worktree_dir !== undefined) this.#work.noteActivity(record.workspace);
      };
      this.#runs.set(id, { watch: new RunWatch(record, onGrowth), run: record.run });
    }
    const { shown, running: busy } = this.#index.worktrees;
    this.#work.setWorktrees(shown, busy);
  }

  /** Checks the states of unfinished tasks: those whose processes have died write nothing. */
  async #check(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      const failed = await reconcileAll(this.#context);
      if (this.#isClosed) return;
      this.#look();
      const rest = this.#readRest(failed);
      const isSame = JSON.stringify(rest) === JSON.stringify(this.#rest);
      this.#rest = rest;
      this.#checks++;
      const all = this.#checks % CHECKS_PER_REFRESH === 0;
      const silent = this.#index.unfinished.filter(({ record }) => all || this.#isSilent(record.task_id));
      const cards = this.#index.refresh(silent.map(({ record }) => record.task_id));
      this.#report({ cards: [...cards, ...this.#index.place()], removed: [], ...(!isSame && rest) });
    } catch (error) {
      logger("app").warn`The tasks cannot be checked: ${toFailure(error).message}`;
    } finally {
      this.#isChecking = false;
    }
  }

  /** Returns whether a task has been silent for so long that its card should say so, and does not. */
  #isSilent(id: string): boolean {
    const card = this.#index.cardOf(id);
    if (card?.last_event_at === undefined || card.stalled !== undefined) return false;
    return Date.now() - Date.parse(card.last_event_at) > SILENCE_LIMIT_MS;
  }

  #readRest(failed: Awaited<ReturnType<typeof reconcileAll>>): Pick<CardState, "left_out" | "unreadable"> {
    const all = new Map([...failed, ...this.#index.faults]);
    const unreadable = listUnreadable(this.#context, all).map(({ task_id, problem, fix }) => ({
      task_id,
      problem,
      fix,
    }));
    const total = Object.values(countTasks(this.#context.store)).reduce((sum, count) => sum + count, 0);
    return { left_out: Math.max(0, total - this.#index.size - this.#index.faults.size), unreadable };
  }
}

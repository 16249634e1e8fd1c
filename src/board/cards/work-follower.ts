import { lstat } from "node:fs/promises";
import { waitUpTo } from "#base/concurrency.ts";
import { toFailure } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { listStoredWorktrees, type StoredWorktree } from "#store/worktree-base.ts";
import type { AppContext } from "#tasks/context.ts";
import { readWork } from "./read-work.ts";
import { RefWatch } from "./ref-watch.ts";
import type { WorkFacts } from "./to-card.ts";

/** Times in milliseconds: between two looks at one repository, while its tasks run, and after a failure. */
const MIN_INTERVAL_MS = 1000;
const RUNNING_INTERVAL_MS = 10_000;
const FAILURE_INTERVAL_MS = 60_000;

/** Time after which a look no longer keeps others from beginning, in milliseconds, and the longest time of a look. */
const SLOW_LOOK_MS = 4000;
const LOOK_TIMEOUT_MS = 60_000;

/** Largest number of looks at a time, all but one of which take longer than usual. */
const MAX_LOOKS = 4;

/** Time for which the first answer waits for the disks, in milliseconds. */
const DISK_MS = 100;

interface Repository {
  worktrees: readonly StoredWorktree[];
  running: ReadonlySet<string>;
  refs: RefWatch;
  refsKey: string;
  /** Time of `performance.now()` at which it is to be looked at; undefined if there is no reason to. */
  dueAt: number | undefined;
  notBefore: number;
  isBusy: boolean;
}

/** Knowledge about work that outlives its follower. */
export interface WorkKnowledge {
  facts: Map<string, WorkFacts>;
  /** Folder in which merges that were tried are recorded. */
  notes: string;
}

/** Follows what becomes of the work in worktrees, in the background: one repository after the other. */
export class WorkFollower {
  readonly #context: AppContext;
  readonly #notes: string;
  readonly #onFacts: (paths: ReadonlySet<string>) => void;
  readonly #stop = new AbortController();
  readonly #repositories = new Map<string, Repository>();
  readonly #facts: Map<string, WorkFacts>;
  /** Worktrees that do not exist, and those whose work was merged once. */
  #missing: ReadonlySet<string> = new Set();
  #merged: ReadonlySet<string> = new Set();
  #timer: Timer | undefined;
  #looks = 0;

  /**
   * @param known facts of an earlier follower, which are shown until there are new ones, and a folder for notes
   * @param onFacts called with the worktrees about which there are new facts
   */
  constructor(context: AppContext, known: WorkKnowledge, onFacts: (paths: ReadonlySet<string>) => void) {
    this.#context = context;
    this.#facts = known.facts;
    this.#notes = known.notes;
    this.#onFacts = onFacts;
  }

  /** Finds out which worktrees exist, for the time until git has been asked; it takes no longer than a moment. */
  async findMissing(paths: Iterable<string>): Promise<void> {
    const missing = new Set<string>();
    this.#missing = missing;
    const stored = listStoredWorktrees(this.#context.store);
    this.#merged = new Set(stored.flatMap(({ worktree_dir, merged }) => (merged === undefined ? [] : worktree_dir)));
    const looks = [...paths].map(async (path) => lstat(path).catch(() => missing.add(path)));
    await waitUpTo(DISK_MS, Promise.all(looks));
  }

  /** Returns what is known about the work in a worktree. @param hasChanges whether its task has left any */
  factsOf(path: string, hasChanges: boolean): WorkFacts {
    const known = this.#facts.get(path);
    if (known !== undefined) return known;
    if (!hasChanges) return { work: "none" };
    if (this.#merged.has(path)) return { work: "merged" };
    return { work: this.#missing.has(path) ? "gone" : "open" };
  }

  /**
   * Follows the worktrees of the board's tasks.
   * @param shown worktrees of tasks on the board
   * @param running those of them in which tasks are running
   */
  setWorktrees(shown: ReadonlySet<string>, running: ReadonlySet<string>): void {
    const stored = listStoredWorktrees(this.#context.store).filter(({ worktree_dir }) => shown.has(worktree_dir));
    const byRepository = Map.groupBy(stored, ({ workspace }) => workspace);
    for (const [name, { refs }] of this.#repositories) {
      if (byRepository.has(name)) continue;
      refs.close();
      this.#repositories.delete(name);
    }
    for (const path of this.#facts.keys()) if (!shown.has(path)) this.#facts.delete(path);
    for (const [name, worktrees] of byRepository) this.#setRepository(name, worktrees, running);
    this.#plan();
  }

  /** Notes that a task works in a worktree: its changes are measured now and then. */
  noteActivity(workspace: string): void {
    const repository = this.#repositories.get(workspace);
    if (repository === undefined || repository.dueAt !== undefined) return;
    this.#mark(repository, RUNNING_INTERVAL_MS);
    this.#plan();
  }

  close(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    for (const { refs } of this.#repositories.values()) refs.close();
    this.#repositories.clear();
  }

  #setRepository(name: string, worktrees: readonly StoredWorktree[], allRunning: ReadonlySet<string>): void {
    const running = new Set(worktrees.map(({ worktree_dir }) => worktree_dir).filter((path) => allRunning.has(path)));
    const known = this.#repositories.get(name);
    const branches = new Set(worktrees.flatMap(({ base_branch }) => base_branch ?? []));
    // Those that exist first: others may be restored, but not all of them can be watched.
    const isOver = ({ worktree_dir }: StoredWorktree) => this.#facts.get(worktree_dir)?.work === "gone";
    for (const { agent_branch } of worktrees.toSorted((a, b) => Number(isOver(a)) - Number(isOver(b)))) {
      branches.add(agent_branch);
    }
    const refsKey = [...branches].toSorted().join("\n");
    const onMove = () => this.#touch(name);
    if (known === undefined) {
      const refs = new RefWatch(name, [...branches], onMove);
      this.#repositories.set(name, { worktrees, running, refs, refsKey, dueAt: 0, notBefore: 0, isBusy: false });
      return;
    }
    const isSame = JSON.stringify([worktrees, [...running]]) === JSON.stringify([known.worktrees, [...known.running]]);
    if (refsKey !== known.refsKey) {
      known.refs.close();
      Object.assign(known, { refs: new RefWatch(name, [...branches], onMove), refsKey });
    }
    Object.assign(known, { worktrees, running });
    if (!isSame) this.#mark(known, 0);
  }

  #touch(name: string): void {
    const repository = this.#repositories.get(name);
    if (repository === undefined) return;
    this.#mark(repository, 0);
    this.#plan();
  }

  #mark(repository: Repository, afterMs: number): void {
    const at = performance.now() + afterMs;
    repository.dueAt = Math.max(repository.notBefore, Math.min(repository.dueAt ?? at, at));
  }

  /** Sets the timer for the next look. */
  #plan(): void {
    clearTimeout(this.#timer);
    if (this.#stop.signal.aborted || this.#looks > 0) return;
    const [next] = [...this.#repositories]
      .filter(([, { dueAt, isBusy }]) => dueAt !== undefined && !isBusy)
      .toSorted(([, a], [, b]) => (a.dueAt ?? 0) - (b.dueAt ?? 0));
    if (next === undefined) return;
    const [name, repository] = next;
    const waitMs = Math.max(0, (repository.dueAt ?? 0) - performance.now());
    this.#timer = setTimeout(() => void this.#look(name, repository), waitMs);
  }

  async #look(name: string, repository: Repository): Promise<void> {
    repository.dueAt = undefined;
    repository.isBusy = true;
    this.#looks++;
    const work = this.#read(name, repository).finally(() => {
      repository.isBusy = false;
    });
    await waitUpTo(SLOW_LOOK_MS, work);
    // A disk that does not respond must not delay the others, but there are not many such looks at a time.
    const slow = [...this.#repositories.values()].filter(({ isBusy }) => isBusy).length;
    if (slow >= MAX_LOOKS) await work;
    this.#looks--;
    this.#plan();
  }

  async #read(name: string, repository: Repository): Promise<void> {
    const began = performance.now();
    const { worktrees, running } = repository;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]);
    let restMs = MIN_INTERVAL_MS;
    try {
      await readWork(
        this.#context,
        { repository: name, worktrees, running, signal, notes: this.#notes },
        (facts, isAll) => this.#take(facts, isAll),
      );
    } catch (error) {
      logger("app").debug`The work in ${name} cannot be read: ${toFailure(error).message}`;
      restMs = FAILURE_INTERVAL_MS;
    }
    // Looking takes at most a small part of the time.
    const tookMs = performance.now() - began;
    repository.notBefore = performance.now() + Math.max(restMs, 4 * tookMs);
  }

  #take(facts: ReadonlyMap<string, WorkFacts>, isAll: boolean): void {
    if (this.#stop.signal.aborted) return;
    const changed = new Set<string>();
    for (const [path, each] of facts) {
      const known = this.#facts.get(path);
      // Conflicts that are being computed again are not taken back meanwhile.
      const next = !isAll && known?.work === each.work ? { ...pickConflicts(known), ...each } : each;
      if (JSON.stringify(known) === JSON.stringify(next)) continue;
      this.#facts.set(path, next);
      changed.add(path);
    }
    if (changed.size > 0) this.#onFacts(changed);
  }
}

/** Returns what is known beside the state. */
function pickConflicts({ merges_cleanly, conflicts_with, changes }: WorkFacts): Partial<WorkFacts> {
  return {
    ...(merges_cleanly !== undefined && { merges_cleanly }),
    ...(conflicts_with !== undefined && { conflicts_with }),
    ...(changes !== undefined && { changes }),
  };
}

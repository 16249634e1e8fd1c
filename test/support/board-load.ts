import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { workspaceOf } from "#git/git-folders.ts";
import { isEnded, type RunFacts, type RunningTask, type TaskRecord, type TaskRequest } from "#domain/record.ts";
import { endTask } from "#store/tasks/change-task.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { type HeldLock, tryHold } from "#store/locks/held-lock.ts";
import { openStore, type Store } from "#store/store.ts";
import { taskPaths } from "#store/store-paths.ts";
import { formatMeta } from "#store/tasks/meta-file.ts";
import { insertTask } from "#store/tasks/task-row.ts";
import { recordTokenUse } from "#store/token-use.ts";
import { recordMerge, recordWorktree } from "#store/worktree-base.ts";
import { endedNow, type LoadKind, makeRecord } from "./board-load-records.ts";
import { appendMessage, eventsOf, writeLog, writeLongLog } from "./board-log.ts";
import type { World } from "./world.ts";

/** What a {@link BoardLoad} has. */
export interface BoardLoadOptions {
  /** Number of tasks; 500 by default. */
  tasks?: number;
  /** Number of repositories with one commit; 4 by default. */
  repositories?: number;
  /** Number of real worktrees with open work, of as many tasks; 12 by default. */
  worktrees?: number;
  /** Size of the log of one ended task, in bytes; no such task by default. */
  longLogBytes?: number;
  /** Whether ended tasks have folders with their logs; true by default. */
  hasFiles?: boolean;
  /** Whether one task has a worktree whose diff has 5 MB and 2,000 files. */
  hasLargeDiff?: boolean;
}

/** Number of tasks of each kind; all others are `answered`, `merged`, `gone`, `failed` and `cancelled` in turn. */
const FEW: [LoadKind, number][] = [
  ["running", 8],
  ["queued", 5],
  ["waiting", 3],
  ["quota", 1],
];
const MANY: LoadKind[] = ["answered", "merged", "answered", "failed", "gone", "answered", "merged", "cancelled"];

/**
 * Many tasks of all states in a world, written straight into its store. Those that run or wait have no process: this one holds their
 * locks, so that no program ends them, until {@link close}.
 */
export class BoardLoad {
  /** Ids of the tasks by their kinds. */
  readonly ids: Record<LoadKind, string[]> = {
    running: [],
    queued: [],
    waiting: [],
    quota: [],
    review: [],
    answered: [],
    merged: [],
    gone: [],
    failed: [],
    cancelled: [],
  };
  readonly repositories: string[] = [];
  /** Task with the long log, and the one with the large diff. */
  longLog = "";
  largeDiff = "";
  readonly #world: World;
  readonly #store: Store;
  readonly #locks: HeldLock[] = [];
  readonly #commits = new Map<string, string>();
  readonly #now = Date.now();
  readonly #hasFiles: boolean;
  #count = 0;

  private constructor(world: World, hasFiles: boolean) {
    this.#hasFiles = hasFiles;
    this.#world = world;
    this.#store = openStore(world.stateHome, workspaceOf);
  }

  /** Writes the tasks. */
  static async create(world: World, options: BoardLoadOptions = {}): Promise<BoardLoad> {
    const {
      tasks = 500,
      repositories = 4,
      worktrees = 12,
      longLogBytes,
      hasLargeDiff = false,
      hasFiles = true,
    } = options;
    const load = new BoardLoad(world, hasFiles);
    for (let index = 0; index < repositories; index++) {
      const repository = await world.repository(`project-${index}`);
      load.repositories.push(repository);
      load.#commits.set(repository, await world.git(repository, "rev-parse", "HEAD"));
    }
    const special = (longLogBytes === undefined ? 0 : 1) + Number(hasLargeDiff);
    const few = FEW.flatMap(([kind, count]) => Array.from({ length: count }, () => kind));
    const rest = Math.max(0, tasks - worktrees - special - few.length);
    const others = Array.from({ length: rest }, (_, index) => MANY[index % MANY.length] ?? "answered");
    const write = load.#store.writable.transaction(() => [...others, ...few].forEach((kind) => load.add(kind)));
    // The oldest first: the order of the rows is that in which tasks were started.
    write();
    for (const id of load.ids.running) await load.#makeWorktree(id);
    for (let index = 0; index < worktrees; index++) await load.#addWorktree(index);
    if (longLogBytes !== undefined) {
      load.longLog = load.add("answered");
      writeLongLog(load.log(load.longLog), longLogBytes);
    }
    if (hasLargeDiff) load.largeDiff = await load.#addLargeDiff();
    return load;
  }

  /** Path of a task's log. */
  log(id: string): string {
    return taskPaths(this.#world.stateHome, id).log;
  }

  /** Lets Codex of a running task say something. */
  say(id: string, text: string): void {
    appendMessage(this.log(id), text);
  }

  /** Ends a running task as its supervisor would. */
  end(id: string, facts: Partial<RunFacts> = {}): void {
    const record = findTask(this.#store, id)?.record;
    if (record?.status !== "running") throw new Error(`${id} is not running`);
    const { questions: _questions, waiting_for: _wait, ...running } = record;
    endTask(this.#store, "running", { ...running, ...endedNow(), ...facts, status: "completed" });
  }

  /** Changes the record of a running task. */
  change(id: string, change: (record: RunningTask) => RunningTask): void {
    const record = findTask(this.#store, id)?.record;
    if (record?.status !== "running") throw new Error(`${id} is not running`);
    this.#store.writable.query("UPDATE tasks SET record = ? WHERE task_id = ?").run(JSON.stringify(change(record)), id);
  }

  /** Releases the locks: the next program that reads the tasks finds those that run abandoned. */
  close(): void {
    for (const lock of this.#locks.splice(0)) lock.release();
    this.#store.database.close();
  }

  /** Writes one more task. */
  add(kind: LoadKind, more: Partial<TaskRequest & RunFacts> = {}): string {
    const index = this.#count++;
    const record = makeRecord(
      kind,
      { index, home: this.#world.stateHome, now: this.#now, ...this.#placeOf(index) },
      more,
    );
    const { task_id, worktree_dir, agent_branch, base_commit } = record;
    if (this.#hasFiles || !isEnded(record)) this.#writeFiles(record, index);
    const { database } = this.#store;
    insertTask(database, record);
    if (worktree_dir !== undefined && agent_branch !== undefined && base_commit !== undefined) {
      recordWorktree(this.#store, { ...record, worktree_dir, agent_branch, base_commit });
      if (kind === "merged") recordMerge(this.#store, worktree_dir, { tip: base_commit, commit: base_commit });
    }
    if (isEnded(record) && record.usage !== undefined) {
      recordTokenUse(this.#store, record, record.usage, record.end_time.slice(0, 10));
    }
    if (!isEnded(record)) this.#hold(taskPaths(this.#world.stateHome, task_id).ownerLock);
    this.ids[kind].push(task_id);
    return task_id;
  }

  #writeFiles(record: TaskRecord, index: number): void {
    const paths = taskPaths(this.#world.stateHome, record.task_id);
    mkdirSync(paths.live, { recursive: true, mode: 0o700 });
    const lines = record.status === "queued" ? [] : eventsOf(record.topic, 4 + (index % 13), isEnded(record));
    if (lines.length > 0) writeLog(record.log_file, lines, new Date(record.start_time));
    writeFileSync(paths.prompt, `${record.title ?? ""}\n\nMore words about **task ${index}**.\n`, { mode: 0o600 });
    writeFileSync(paths.meta, formatMeta(record), { mode: 0o600 });
  }

  #placeOf(index: number): { repository: string; commit: string } {
    const repository = this.repositories[index % this.repositories.length] ?? this.#world.root;
    return { repository, commit: this.#commits.get(repository) ?? "" };
  }

  #hold(path: string): void {
    const lock = tryHold(path);
    if (lock === undefined) throw new Error(`${path} is locked`);
    this.#locks.push(lock);
  }

  async #addWorktree(index: number): Promise<string> {
    const id = this.add("review", {
      ...(index % 3 === 0 && { group: { id: "implement-parser", number: index / 3 + 1, of: 4 } }),
    });
    // Those of one repository change the same line, so that some of them conflict.
    await this.#makeWorktree(id, (path) =>
      writeFileSync(join(path, "README.md"), `# changed by ${Math.floor(index / 4) % 2}\n`),
    );
    return id;
  }

  async #addLargeDiff(): Promise<string> {
    const id = this.add("review", { diff_stat: "2000 files changed, 70000 insertions(+)" });
    await this.#makeWorktree(id, (path) => {
      for (let file = 0; file < 2000; file++) {
        const name = join(path, "src", `module-${Math.floor(file / 50)}`, `file-${file}.ts`);
        mkdirSync(dirname(name), { recursive: true });
        writeFileSync(name, `export const value${file} = "a line of the file ${file}, which is new";\n`.repeat(38));
      }
    });
    return id;
  }

  async #makeWorktree(id: string, work: (path: string) => void = () => {}): Promise<void> {
    const record = findTask(this.#store, id)?.record;
    if (record?.worktree_dir === undefined || record.agent_branch === undefined) return;
    const { cwd, worktree_dir, agent_branch } = record;
    rmSync(worktree_dir, { recursive: true, force: true });
    await this.#world.git(cwd, "worktree", "add", "--quiet", "-b", agent_branch, worktree_dir);
    work(worktree_dir);
    if (isEnded(record)) {
      await this.#world.git(worktree_dir, "add", ".");
      await this.#world.git(worktree_dir, "commit", "--quiet", "-m", `Work of ${id}`);
    }
  }
}

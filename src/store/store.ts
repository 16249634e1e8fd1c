import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { AppError } from "#base/errors.ts";
import type { NoticeChannel } from "#domain/end-notice.ts";
import { openDatabase, type OpenedDatabase } from "./database.ts";
import { importNewTasks, importTasks, type WorkspaceOf } from "#store/tasks/import-tasks.ts";
import { type StorePaths, storePaths } from "./store-paths.ts";

/** Task store of one state folder: the index, and the paths of its files. */
export class Store {
  readonly paths: StorePaths;
  /** Function that determines the scope of a task's topic from its `cwd`; see {@link WorkspaceOf}. */
  readonly workspaceOf: WorkspaceOf;
  /** Notices that this process's configuration asks for when a task ends. */
  wantedNotices: readonly NoticeChannel[] = [];
  #opened: OpenedDatabase;

  /** @throws AppError `state_unusable` */
  constructor(home: string, workspaceOf: WorkspaceOf) {
    this.paths = storePaths(home);
    this.workspaceOf = workspaceOf;
    this.#opened = this.#open();
  }

  /** Returns the index for reading, reopening it if its file was deleted or replaced. */
  get database(): Database {
    const { database, inode } = this.#opened;
    if (database.inTransaction) return database;
    if (statSync(this.paths.database, { throwIfNoEntry: false })?.ino !== inode) {
      database.close();
      this.#opened = this.#open();
    }
    return this.#opened.database;
  }

  /**
   * Returns the index for writing.
   * @throws AppError `state_newer` if a newer version of this program has changed it
   */
  get writable(): Database {
    const { database } = this;
    if (!this.#opened.isNewer) return database;
    throw new AppError(
      "state_newer",
      `A newer version of codex-mcp-server has used the state folder ${this.paths.home}; this one can only list its tasks.`,
      "Update this program, or set CODEXMCP_HOME to another state folder.",
    );
  }

  /** Returns whether this version may only read the index. */
  get isNewer(): boolean {
    return this.#opened.isNewer;
  }

  #open(): OpenedDatabase {
    const { paths, workspaceOf } = this;
    return openDatabase(paths, (database) => importTasks({ database, paths, workspaceOf }));
  }
}

/** Opens the store, creating it if missing; tasks known only by their `meta.json` are imported into the index. */
export function openStore(home: string, workspaceOf: WorkspaceOf): Store {
  const store = new Store(home, workspaceOf);
  if (!store.isNewer) importNewTasks(store);
  return store;
}

/** Opens the store without searching for tasks missing in the index: sufficient for one known task. */
export function openStoreQuickly(home: string, workspaceOf: WorkspaceOf): Store {
  return new Store(home, workspaceOf);
}

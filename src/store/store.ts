import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { AppError } from "#base/errors.ts";
import { type OpenedDatabase, openDatabase } from "./database.ts";
import { importNewTasks, importTasks, type WorkspaceOf } from "#store/tasks/import-tasks.ts";
import { type StorePaths, storePaths } from "./store-paths.ts";

/** The task store of one state folder: the index, and where its files are. */
export class Store {
  readonly paths: StorePaths;
  /** Whose topic a task of this `cwd` is; see {@link WorkspaceOf}. */
  readonly workspaceOf: WorkspaceOf;
  #opened: OpenedDatabase;

  /** @throws AppError `state_unusable` */
  constructor(home: string, workspaceOf: WorkspaceOf) {
    this.paths = storePaths(home);
    this.workspaceOf = workspaceOf;
    this.#opened = this.#open();
  }

  /** The index, for reading: the one that stands in its place now, if somebody has deleted or replaced it. */
  get database(): Database {
    const { database, inode } = this.#opened;
    if (database.inTransaction) return database;
    if (statSync(this.paths.database, { throwIfNoEntry: false })?.ino !== inode) {
      database.close();
      this.#opened = this.#open();
    }
    return this.#opened.database;
  }

  /** The index, for writing. @throws AppError `state_newer` where a newer version of this program has changed it */
  get writable(): Database {
    const { database } = this;
    if (!this.#opened.isNewer) return database;
    throw new AppError(
      "state_newer",
      `A newer version of codex-mcp-server has used the state folder ${this.paths.home}; this one can only list its tasks.`,
      "Update this program, or give it another state folder with CODEXMCP_HOME.",
    );
  }

  /** Whether this version may only read it. */
  get isNewer(): boolean {
    return this.#opened.isNewer;
  }

  #open(): OpenedDatabase {
    const { paths, workspaceOf } = this;
    return openDatabase(paths, (database) => importTasks({ database, paths, workspaceOf }));
  }
}

/** Opens the store, making it where there is none; tasks that only their `meta.json` knows are taken into the index. */
export function openStore(home: string, workspaceOf: WorkspaceOf): Store {
  const store = new Store(home, workspaceOf);
  if (!store.isNewer) importNewTasks(store);
  return store;
}

/** Opens the store without looking for tasks that the index does not know: enough for one known task. */
export function openStoreQuickly(home: string, workspaceOf: WorkspaceOf): Store {
  return new Store(home, workspaceOf);
}

import type { Database } from "bun:sqlite";
import { openDatabase } from "./database.ts";
import { importTasks, type WorkspaceOf } from "./import-tasks.ts";
import { type StorePaths, storePaths } from "./store-paths.ts";

/** The task store of one state folder: the index, and where its files are. */
export interface Store {
  database: Database;
  paths: StorePaths;
  /** Whose topic a task of this `cwd` is; see {@link WorkspaceOf}. */
  workspaceOf: WorkspaceOf;
}

/** Opens the store, making it where there is none; tasks that only their `meta.json` knows are taken into the index. */
export function openStore(home: string, workspaceOf: WorkspaceOf): Store {
  const { store } = open(home, workspaceOf);
  importTasks(store);
  return store;
}

/** Opens the store without looking for tasks that the index does not know: enough for one known task. */
export function openStoreQuickly(home: string, workspaceOf: WorkspaceOf): Store {
  const { store, isNew } = open(home, workspaceOf);
  if (isNew) importTasks(store);
  return store;
}

function open(home: string, workspaceOf: WorkspaceOf): { store: Store; isNew: boolean } {
  const paths = storePaths(home);
  const { database, isNew } = openDatabase(paths);
  return { store: { database, paths, workspaceOf }, isNew };
}

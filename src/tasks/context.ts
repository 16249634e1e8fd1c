import { workspaceOf } from "#git/repository/workspace.ts";
import type { Config } from "#base/config.ts";
import { openStore, openStoreQuickly, type Store } from "#store/store.ts";

/** What every use case works with. */
export interface AppContext {
  config: Config;
  store: Store;
}

/** Opens the store for a server or a person's command. */
export function openContext(config: Config): AppContext {
  return { config, store: openStore(config.home, workspaceOf) };
}

/** Opens the store for work on one task that the index knows. */
export function openContextForTask(config: Config): AppContext {
  return { config, store: openStoreQuickly(config.home, workspaceOf) };
}

import { workspaceOf } from "#git/git-folders.ts";
import type { Config } from "#base/config.ts";
import { openStore, openStoreQuickly, type Store } from "#store/store.ts";

/** Configuration and store that every use case needs. */
export interface AppContext {
  config: Config;
  store: Store;
  /** Set in a server: it keeps a Codex process ready for the next task. */
  keepsSpare?: true;
}

/** Opens the store for a server or for a command that a person runs. */
export function openContext(config: Config): AppContext {
  return { config, store: openStore(config.home, workspaceOf) };
}

/** Opens the store for work on one task that the index contains. */
export function openContextForTask(config: Config): AppContext {
  return { config, store: openStoreQuickly(config.home, workspaceOf) };
}

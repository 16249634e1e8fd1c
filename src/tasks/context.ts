import { workspaceOf } from "#git/git-folders.ts";
import type { Config } from "#base/config.ts";
import { SECRET_VARIABLES } from "#base/variables.ts";
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
  return toContext(config, openStore(config.home, workspaceOf));
}

/** Opens the store for work on one task that the index contains. */
export function openContextForTask(config: Config): AppContext {
  return toContext(config, openStoreQuickly(config.home, workspaceOf));
}

function toContext(config: Config, store: Store): AppContext {
  const { onEnd, webhook } = config;
  store.wantedNotices = [
    ...(onEnd === undefined ? [] : (["command"] as const)),
    ...(webhook === undefined ? [] : (["webhook"] as const)),
  ];
  // The configuration has them, and no program that this process starts is to inherit them.
  for (const name of SECRET_VARIABLES) delete process.env[name];
  return { config, store };
}

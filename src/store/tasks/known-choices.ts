import type { Store } from "#store/store.ts";

/** Lists the workspaces of tasks (see the record's `workspace`), that of the newest task first. */
export function listKnownWorkspaces(store: Store, limit: number): string[] {
  return store.database
    .query<{ workspace: string }, [number]>(
      "SELECT workspace FROM tasks GROUP BY workspace ORDER BY max(seq) DESC, workspace LIMIT ?",
    )
    .all(limit)
    .map(({ workspace }) => workspace);
}

/** Number of the newest tasks of which the models are listed. */
const MAX_SEARCHED = 1000;

/** Lists the models that the newest tasks asked for, that of the newest task first. */
export function listKnownModels(store: Store, limit: number): string[] {
  return store.database
    .query<{ model: string }, [number, number]>(
      `SELECT model FROM (SELECT json_extract(record, '$.model') AS model, seq FROM tasks ORDER BY seq DESC LIMIT ?)
       WHERE model IS NOT NULL GROUP BY model ORDER BY max(seq) DESC, model LIMIT ?`,
    )
    .all(MAX_SEARCHED, limit)
    .map(({ model }) => model);
}

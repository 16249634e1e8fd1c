import { TRY_SUFFIX } from "#domain/group.ts";
import type { Store } from "#store/store.ts";

/** Lists the ids of a group's tasks, by the numbers of their tries; empty if there is no such group. */
export function listGroupIds(store: Store, group: string): string[] {
  const beginning = group + TRY_SUFFIX;
  return store.database
    .query<{ task_id: string }, [string, number, string]>(
      `SELECT task_id FROM tasks WHERE substr(topic, 1, ?2) = ?1 AND json_extract(record, '$.group.id') = ?3
       ORDER BY json_extract(record, '$.group.number'), seq`,
    )
    .all(beginning, beginning.length, group)
    .map((row) => row.task_id);
}

/** Returns whether any task has a topic that a group of this name would use, in whatever case: file systems may not distinguish it. */
export function isGroupNameTaken(store: Store, group: string): boolean {
  const beginning = group + TRY_SUFFIX;
  const row = store.database
    .query<{ found: number }, [string, number]>(
      "SELECT 1 AS found FROM tasks WHERE lower(substr(topic, 1, ?2)) = lower(?1) LIMIT 1",
    )
    .get(beginning, beginning.length);
  return row !== null;
}

/** Lists the names of groups, each with its number of tasks, newest first. */
export function listGroups(store: Store, limit: number): { id: string; tasks: number }[] {
  return store.database
    .query<{ id: string; tasks: number }, [number]>(
      `SELECT json_extract(record, '$.group.id') AS id, count(*) AS tasks FROM tasks
       WHERE json_extract(record, '$.group.id') IS NOT NULL GROUP BY id ORDER BY max(seq) DESC LIMIT ?`,
    )
    .all(limit);
}

import type { Database } from "bun:sqlite";
import type { TaskRecord, WorktreePlace } from "#domain/record.ts";
import { type StoredRow, STORED_COLUMNS, toStoredTask } from "./tasks/task-row.ts";

interface Indexed {
  database: Database;
}

interface Writable {
  writable: Database;
}

/** Base that a worktree's work is compared with, and the creator of the worktree. */
export type WorktreeBase = Pick<WorktreePlace, "base_branch" | "made_here"> & { base_commit: string };

/** Returns the base recorded when the worktree was created; undefined if this store did not create it. */
export function findWorktreeBase(store: Indexed, worktreeDir: string): WorktreeBase | undefined {
  const row = store.database
    .query<{ base_branch: string | null; base_commit: string; made_here: number }, [string]>(
      "SELECT base_branch, base_commit, made_here FROM worktrees WHERE worktree_dir = ?",
    )
    .get(worktreeDir);
  if (row === null) return undefined;
  return {
    base_commit: row.base_commit,
    ...(row.base_branch !== null && { base_branch: row.base_branch }),
    ...(row.made_here === 1 && { made_here: true }),
  };
}

/** Worktree to be recorded. */
export interface RecordedWorktree extends WorktreeBase {
  worktree_dir: string;
  agent_branch: string;
  /** The repository's common git folder. */
  workspace: string;
}

/** Records a worktree and its base: they outlive the tasks that worked there. */
export function recordWorktree(store: Writable, worktree: RecordedWorktree): void {
  const { worktree_dir, agent_branch, base_branch = null, base_commit, made_here = false, workspace } = worktree;
  store.writable
    .query(
      `INSERT INTO worktrees (worktree_dir, agent_branch, base_branch, base_commit, made_here, workspace)
       VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET agent_branch = excluded.agent_branch, base_branch = excluded.base_branch,
         base_commit = excluded.base_commit, made_here = excluded.made_here, workspace = excluded.workspace`,
    )
    .run(worktree_dir, agent_branch, base_branch, base_commit, Number(made_here), workspace);
}

/** Worktree in the index. */
export interface StoredWorktree extends RecordedWorktree {
  merged?: Merged;
}

/** Last merge of a worktree's branch by this server. */
export interface Merged {
  /** Last merged commit of the branch. */
  tip: string;
  /** Resulting commit on the target branch. */
  commit: string;
}

interface WorktreeRow {
  worktree_dir: string;
  agent_branch: string;
  base_branch: string | null;
  base_commit: string;
  made_here: number;
  merged_tip: string | null;
  merged_commit: string | null;
  workspace: string | null;
}

/** Lists all worktrees that tasks have worked in, including discarded ones. */
export function listStoredWorktrees(store: Indexed): StoredWorktree[] {
  const rows = store.database
    .query<WorktreeRow, []>(
      `SELECT worktree_dir, agent_branch, base_branch, base_commit, made_here, merged_tip, merged_commit, coalesce(workspace,
         (SELECT workspace FROM tasks WHERE tasks.worktree_dir = worktrees.worktree_dir LIMIT 1)) AS workspace
       FROM worktrees ORDER BY worktree_dir`,
    )
    .all();
  return rows.flatMap(({ base_branch, made_here, merged_tip, merged_commit, workspace, ...row }) =>
    workspace === null
      ? []
      : Object.assign(row, {
          workspace,
          ...(base_branch !== null && { base_branch }),
          ...(made_here === 1 && { made_here: true as const }),
          ...(merged_tip !== null && merged_commit !== null && { merged: { tip: merged_tip, commit: merged_commit } }),
        }),
  );
}

/** Records a merge of a worktree's branch. */
export function recordMerge(store: Writable, worktreeDir: string, { tip, commit }: Merged): void {
  store.writable
    .query("UPDATE worktrees SET merged_tip = ?, merged_commit = ? WHERE worktree_dir = ?")
    .run(tip, commit, worktreeDir);
}

/** Returns the last merge of a worktree's branch; undefined if there was none. */
export function findMerged(store: Indexed, worktreeDir: string): Merged | undefined {
  const row = store.database
    .query<{ tip: string | null; commit: string | null }, [string]>(
      "SELECT merged_tip AS tip, merged_commit AS [commit] FROM worktrees WHERE worktree_dir = ?",
    )
    .get(worktreeDir);
  return row === null || row.tip === null || row.commit === null ? undefined : { tip: row.tip, commit: row.commit };
}

/** Maximum number of merges that {@link listMergedFrom} returns. */
const MAX_MERGES = 100;

/** Lists the last merges of other worktrees that started from the same commit; those of forks and of their tasks are among them. */
export function listMergedFrom(
  store: Indexed,
  { path, repository, baseCommit }: { path: string; repository: string; baseCommit: string },
): Merged[] {
  return store.database
    .query<Merged, [string, string, string]>(
      `SELECT merged_tip AS tip, merged_commit AS [commit] FROM worktrees
       WHERE base_commit = ? AND workspace = ? AND worktree_dir <> ? AND merged_tip <> merged_commit LIMIT ${MAX_MERGES}`,
    )
    .all(baseCommit, repository, path);
}

/** Lists the records of all tasks that worked in a worktree. */
export function listTasksIn(store: Indexed, worktreeDir: string): TaskRecord[] {
  return store.database
    .query<StoredRow, [string]>(`SELECT ${STORED_COLUMNS} FROM tasks WHERE worktree_dir = ? ORDER BY seq`)
    .all(worktreeDir)
    .map((row) => toStoredTask(row).record);
}

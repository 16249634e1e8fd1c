import type { Database } from "bun:sqlite";
import type { WorktreePlace } from "#task/record.ts";

interface Indexed {
  database: Database;
}

/** What a worktree's work is compared with, and whose it is. */
export type WorktreeBase = Pick<WorktreePlace, "base_branch" | "made_here"> & { base_commit: string };

/** The base that was noted when the worktree was made; undefined where this store did not make it. */
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

/** A worktree as it is to be noted. */
export interface NotedWorktree extends WorktreeBase {
  worktree_dir: string;
  agent_branch: string;
  /** The repository's common git folder. */
  workspace: string;
}

/** Notes a worktree, and its base: they outlive the tasks that worked there. */
export function noteWorktree(store: Indexed, worktree: NotedWorktree): void {
  const { worktree_dir, agent_branch, base_branch = null, base_commit, made_here = false, workspace } = worktree;
  store.database
    .query(
      `INSERT INTO worktrees (worktree_dir, agent_branch, base_branch, base_commit, made_here, workspace)
       VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET agent_branch = excluded.agent_branch, base_branch = excluded.base_branch,
         base_commit = excluded.base_commit, made_here = excluded.made_here, workspace = excluded.workspace`,
    )
    .run(worktree_dir, agent_branch, base_branch, base_commit, Number(made_here), workspace);
}

/** A worktree as the index has it. */
export interface StoredWorktree extends NotedWorktree {
  /** The branch's last commit that this server has merged. */
  merged_tip?: string;
}

interface WorktreeRow {
  worktree_dir: string;
  agent_branch: string;
  base_branch: string | null;
  base_commit: string;
  made_here: number;
  merged_tip: string | null;
  workspace: string | null;
}

/** All worktrees that tasks have worked in, discarded ones too. */
export function listStoredWorktrees(store: Indexed): StoredWorktree[] {
  const rows = store.database
    .query<WorktreeRow, []>(
      `SELECT worktree_dir, agent_branch, base_branch, base_commit, made_here, merged_tip, coalesce(workspace,
         (SELECT workspace FROM tasks WHERE tasks.worktree_dir = worktrees.worktree_dir LIMIT 1)) AS workspace
       FROM worktrees ORDER BY worktree_dir`,
    )
    .all();
  return rows.flatMap(({ base_branch, made_here, merged_tip, workspace, ...row }) =>
    workspace === null
      ? []
      : Object.assign(row, {
          workspace,
          ...(base_branch !== null && { base_branch }),
          ...(made_here === 1 && { made_here: true as const }),
          ...(merged_tip !== null && { merged_tip }),
        }),
  );
}

/** Notes that a branch has been merged up to this commit. */
export function noteMergedTip(store: Indexed, worktreeDir: string, tip: string): void {
  store.database.query("UPDATE worktrees SET merged_tip = ? WHERE worktree_dir = ?").run(tip, worktreeDir);
}

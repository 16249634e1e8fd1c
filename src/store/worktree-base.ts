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

/** Notes a worktree's base: it outlives the tasks that worked there. */
export function noteWorktreeBase(store: Indexed, place: WorktreePlace & { base_commit: string }): void {
  store.database
    .query(
      `INSERT INTO worktrees (worktree_dir, agent_branch, base_branch, base_commit, made_here) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET agent_branch = excluded.agent_branch, base_branch = excluded.base_branch,
         base_commit = excluded.base_commit, made_here = excluded.made_here`,
    )
    .run(place.worktree_dir, place.agent_branch, place.base_branch ?? null, place.base_commit, place.made_here ? 1 : 0);
}

/** Notes that a branch has been merged up to this commit. */
export function noteMergedTip(store: Indexed, worktreeDir: string, tip: string): void {
  store.database.query("UPDATE worktrees SET merged_tip = ? WHERE worktree_dir = ?").run(tip, worktreeDir);
}

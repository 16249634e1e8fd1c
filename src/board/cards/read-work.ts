import { findChanges } from "#git/changes/changes.ts";
import { readBranchTips } from "#git/repository/branches.ts";
import { isAncestor } from "#git/repository/history.ts";
import type { GitLimits } from "#git/run-git.ts";
import { listSalvage } from "#git/salvage/list-salvage.ts";
import type { StoredWorktree } from "#store/worktree-base.ts";
import type { AppContext } from "#tasks/context.ts";
import { readTaskCollisions } from "#worktrees/collisions/collision-fields.ts";
import { parseShortstat } from "#worktrees/compare/task-work.ts";
import { reportWorktrees } from "#worktrees/list-worktrees.ts";
import { getTargetCommit, type WorktreeReport } from "#worktrees/worktree-report.ts";
import type { WorkState } from "#board/api/card.ts";
import type { WorkFacts } from "./to-card.ts";

/** Limit of one git command, in milliseconds. */
const COMMAND_TIMEOUT_MS = 10_000;

/** Request to read what became of the work in a repository's worktrees. */
export interface WorkRequest {
  /** The repository's common git folder. */
  repository: string;
  worktrees: readonly StoredWorktree[];
  /** Worktrees in which tasks are running: their changes are measured. */
  running: ReadonlySet<string>;
  signal: AbortSignal;
  /** Folder in which merges that were tried are recorded; the state folder by default. */
  notes?: string | undefined;
}

/**
 * Reads what became of the work in a repository's worktrees.
 * @param publish receives the facts by worktree, at first only the states, then all
 */
export async function readWork(
  context: AppContext,
  request: WorkRequest,
  publish: (facts: ReadonlyMap<string, WorkFacts>, isAll: boolean) => void,
): Promise<void> {
  const { repository, worktrees, running, signal } = request;
  const limits: GitLimits = { signal, deadlineMs: COMMAND_TIMEOUT_MS };
  const reports = await reportWorktrees(context, repository, worktrees, limits);
  const states = new Map<string, WorkState>();
  for (const { report } of reports) {
    const state = stateOf(report);
    if (state !== undefined) states.set(report.worktree_dir, state);
  }
  const listed = new Set(reports.map(({ site }) => site.path));
  const absent = worktrees.filter(({ worktree_dir }) => !listed.has(worktree_dir));
  for (const [path, state] of await readAbsent(repository, absent, limits)) states.set(path, state);
  const facts = new Map<string, WorkFacts>([...states].map(([path, work]) => [path, { work }]));
  const change = (path: string, more: Partial<WorkFacts>) => {
    const known = facts.get(path);
    if (known !== undefined) facts.set(path, { ...known, ...more });
  };
  if (signal.aborted) return;
  publish(facts, false);
  for (const { worktree_dir, base_commit } of worktrees.filter((each) => running.has(each.worktree_dir))) {
    const { changes } = await findChanges(worktree_dir, base_commit, limits);
    const counted = parseShortstat(changes.diff_stat);
    if (counted !== undefined) change(worktree_dir, { changes: counted });
  }
  const open = [...facts].filter(([, { work }]) => work === "open").map(([path]) => path);
  const compared = open.map((path) => ({ task_id: path, worktree_dir: path }));
  if (signal.aborted) return;
  for (const [path, found] of await readTaskCollisions(withNotes(context, request.notes), compared, false)) {
    const { merges_cleanly, conflicts_with } = found;
    change(path, {
      ...(merges_cleanly !== undefined && { merges_cleanly }),
      ...(conflicts_with !== undefined && { conflicts_with }),
    });
  }
  if (!signal.aborted) publish(facts, true);
}

/** Returns a context that records merges in another folder: looking at the board changes no file of the state folder. */
function withNotes(context: AppContext, home: string | undefined): AppContext {
  return home === undefined ? context : { ...context, config: { ...context.config, home } };
}

/** Returns the state of the work in a worktree; undefined if it cannot be read. */
function stateOf(report: WorktreeReport): WorkState | undefined {
  if (report.state === "unreadable") return undefined;
  if (report.is_merged) return "merged";
  return report.is_unchanged ? "none" : "open";
}

/** Returns the states of worktrees that git does not list: they were discarded, or removed by another program. */
async function readAbsent(
  repository: string,
  worktrees: readonly StoredWorktree[],
  limits: GitLimits,
): Promise<Map<string, WorkState>> {
  const states = new Map<string, WorkState>();
  if (worktrees.length === 0) return states;
  const branches = worktrees.flatMap(({ agent_branch, base_branch }) => [agent_branch, base_branch ?? agent_branch]);
  const tips = await readBranchTips(repository, branches, limits);
  const salvage = Map.groupBy(await listSalvage(repository, undefined, limits), ({ branch }) => branch);
  for (const stored of worktrees) {
    const { worktree_dir, agent_branch, base_commit, merged } = stored;
    const tip = tips.get(agent_branch);
    if (tip !== undefined) {
      const isMerged = merged?.tip === tip || (await isAncestor(repository, tip, getTargetCommit(stored, tips)));
      states.set(worktree_dir, tip === base_commit ? "none" : isMerged ? "merged" : "open");
      continue;
    }
    const [saved] = salvage.get(agent_branch) ?? [];
    const isSavedMerged = merged !== undefined && saved?.parents.includes(merged.tip) === true;
    if (saved !== undefined && !isSavedMerged) states.set(worktree_dir, "discarded");
    else states.set(worktree_dir, merged === undefined ? "gone" : "merged");
  }
  return states;
}

import { dirname } from "node:path";
import { listWorktrees } from "#git/worktree-list.ts";
import { processesWith } from "#lib/process-tree.ts";
import { isProcessAlive } from "#lib/process-identity.ts";
import { pathExists } from "#lib/paths.ts";
import { listUnfinishedTasks, listWorktreePlaces } from "#store/list-tasks.ts";
import { findTask } from "#store/claim-task.ts";
import { parseRunMarker, RUN_MARKER } from "#task/names.ts";
import type { AppContext } from "../context.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** What earlier tasks have left: worktrees without a folder, processes without a task, tasks without a supervisor. */
export async function checkTasks(context: AppContext): Promise<Finding[]> {
  return [await checkWorktrees(context), checkProcesses(context), checkSupervisors(context)];
}

async function checkWorktrees({ store }: AppContext): Promise<Finding> {
  const places = listWorktreePlaces(store);
  const stale: { path: string; repository: string }[] = [];
  for (const { worktree_dir, workspace } of places) {
    if (pathExists(worktree_dir) || !pathExists(workspace)) continue;
    const repository = dirname(workspace);
    const isListed = (await listWorktrees(repository)).some(({ path }) => path === worktree_dir);
    if (isListed) stale.push({ path: worktree_dir, repository });
  }
  if (stale.length === 0) return ok("worktrees", `${places.length} known, none without its folder`);
  const repositories = [...new Set(stale.map(({ repository }) => repository))];
  return warning(
    "worktrees",
    `git still lists worktrees whose folders are gone: ${stale.map(({ path }) => path).join(", ")}`,
    `${repositories.map((path) => `git -C '${path}' worktree prune`).join("; ")} (their branches stay).`,
  );
}

/** Processes that carry the mark of a run of this state folder that is over. */
function checkProcesses({ config, store }: AppContext): Finding {
  const marked = processesWith(RUN_MARKER).flatMap(({ pid, value }) => {
    const run = parseRunMarker(config.home, value);
    return run === undefined ? [] : [{ pid, ...run }];
  });
  const orphans = marked.filter(({ taskId, run }) => {
    const record = findTask(store, taskId)?.record;
    return record === undefined || record.run !== run || "end_time" in record;
  });
  if (orphans.length === 0) return ok("processes", `${marked.length} of running tasks, none left over`);
  const list = orphans.map(({ pid, taskId }) => `${pid} (of ${taskId})`);
  const mend = `If you do not need them: kill ${orphans.map(({ pid }) => pid).join(" ")}`;
  return warning("processes", `Processes of tasks that are over still run: ${list.join(", ")}`, mend);
}

function checkSupervisors({ store }: AppContext): Finding {
  const unfinished = listUnfinishedTasks(store);
  const lost = unfinished.filter(({ owner }) => owner === undefined || !isProcessAlive(owner));
  if (lost.length === 0) return ok("supervisors", `${unfinished.length} running or queued, each with its own`);
  const names = lost.map(({ task_id }) => task_id).join(", ");
  const mend = "codex-mcp-server tasks works out what became of them, and gives those that still run a new one.";
  return warning("supervisors", `Tasks whose supervisor has died: ${names}`, mend);
}

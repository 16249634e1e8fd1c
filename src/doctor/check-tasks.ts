import { dirname } from "node:path";
import { quoteForShell } from "#base/text.ts";
import { listGitWorktrees } from "#git/worktree/worktree-list.ts";
import { listCgroup, listCgroups } from "#platform/process/cgroup.ts";
import { listProcessesWith } from "#platform/process/tree.ts";
import { pathExists } from "#base/paths.ts";
import { importTasks } from "#store/tasks/import-tasks.ts";
import { listDaemonRequests, listUnfinishedIds, listWorktreePlaces } from "#store/tasks/list-tasks.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { parseCgroupName, parseRunMarker, RUN_MARKER } from "#domain/names.ts";
import type { AppContext } from "#tasks/context.ts";
import { describeDayUse, readDayUse } from "#tasks/budget/token-limits.ts";
import { isSpareInUse } from "#tasks/end/end-spare.ts";
import { describeElsewhere, describeUnresponsive, readTaskLife, type TaskLife } from "#tasks/end/task-life.ts";
import { checkNotices } from "./check-notices.ts";
import { type Finding, ok, problemOf, warning } from "./finding.ts";

/**
 * Checks what earlier tasks have left behind: worktrees without a folder, processes without a task, tasks without a supervisor. If one
 * check fails, the others still run.
 */
export async function checkTasks(context: AppContext): Promise<Finding[]> {
  const checks: Record<string, () => Finding[] | Promise<Finding[]>> = {
    worktrees: () => checkWorktrees(context),
    processes: () => checkProcesses(context),
    supervisors: () => checkSupervisors(context),
    task_folders: () => checkFolders(context),
    daemons: () => checkDaemons(context),
    tokens: () => checkTokens(context),
    notices: () => checkNotices(context),
  };
  const findings: Finding[] = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      findings.push(...(await check()));
    } catch (error) {
      findings.push(problemOf(name, error));
    }
  }
  return findings;
}

async function checkWorktrees({ store }: AppContext): Promise<Finding[]> {
  const places = listWorktreePlaces(store);
  const stale: { path: string; repository: string }[] = [];
  for (const { worktree_dir, workspace } of places) {
    if (pathExists(worktree_dir) || !pathExists(workspace)) continue;
    const repository = dirname(workspace);
    const listed = await listGitWorktrees(repository).catch(() => []);
    const isListed = listed.some(({ path }) => path === worktree_dir);
    if (isListed) stale.push({ path: worktree_dir, repository });
  }
  const known = places.length === 0 ? "none yet" : `${places.length} known, all with their folders`;
  if (stale.length === 0) return [ok("worktrees", known)];
  const repositories = [...new Set(stale.map(({ repository }) => repository))];
  return [
    warning(
      "worktrees",
      `git still lists worktrees whose folders are missing: ${stale.map(({ path }) => path).join(", ")}.`,
      `Run ${repositories.map((path) => `\`git -C ${quoteForShell(path)} worktree prune\``).join(" and ")}; the branches are kept.`,
    ),
  ];
}

/** Reports processes of ended runs of this state folder: they carry a run's marker, or are in its control group. */
function checkProcesses({ config, store }: AppContext): Finding[] {
  const marked = listProcessesWith(RUN_MARKER).flatMap(({ pid, value }) => {
    const run = parseRunMarker(config.home, value);
    return run === undefined ? [] : [{ pid, ...run }];
  });
  const grouped = listCgroups().flatMap(({ name, folder }) => {
    const run = parseCgroupName(config.home, name);
    return run === undefined ? [] : listCgroup(folder).map((pid) => ({ pid, taskId: run.taskId, run: run.run }));
  });
  const found = [...new Map([...marked, ...grouped].map((each) => [each.pid, each])).values()];
  // Those that a server keeps ready for its next task have none.
  const all = found.filter(({ taskId }) => !isSpareInUse({ config, store }, taskId));
  const orphans = all.filter(({ taskId, run }) => {
    const record = findTask(store, taskId)?.record;
    return record === undefined || record.run !== run || "end_time" in record;
  });
  const running = all.length === 0 ? "none" : `${all.length} of running tasks, none left behind`;
  if (orphans.length === 0) return [ok("processes", running)];
  const list = orphans.map(({ pid, taskId }) => `${pid} (of ${taskId})`);
  const fix = `If you do not need them, run \`kill ${orphans.map(({ pid }) => pid).join(" ")}\`.`;
  return [warning("processes", `Processes of ended tasks are still running: ${list.join(", ")}.`, fix)];
}

/** States of tasks without a supervisor. */
const LOST: ReadonlySet<TaskLife["state"]> = new Set(["orphaned", "abandoned"]);

function checkSupervisors(context: AppContext): Finding[] {
  const unfinished = listUnfinishedIds(context.store).flatMap((id) => findTask(context.store, id) ?? []);
  const lost = unfinished.filter((stored) => LOST.has(readTaskLife(context, stored).state));
  const findings = unfinished.flatMap((stored) => {
    const { task_id } = stored.record;
    const unresponsive = describeUnresponsive(context, stored);
    if (unresponsive === undefined) return [];
    const fix = `Continue the process, or run \`codex-mcp-server cancel ${task_id}\`.`;
    return [warning("supervisors", `${task_id}: ${unresponsive}.`, fix)];
  });
  if (lost.length > 0) {
    const names = lost.map(({ record }) => record.task_id).join(", ");
    const fix =
      "Run `codex-mcp-server tasks`: it determines their states, and gives those that are still running a new supervisor.";
    findings.push(warning("supervisors", `The supervisors of these tasks have died: ${names}.`, fix));
  }
  if (findings.length > 0) return findings;
  const elsewhere = unfinished.filter((stored) => describeElsewhere(context, stored) !== undefined).length;
  const where = elsewhere === 0 ? "" : ` (${elsewhere} in other containers or on other hosts)`;
  const count = unfinished.length;
  return [
    ok(
      "supervisors",
      count === 0 ? "no tasks are running" : `${count} running or queued, each with its supervisor${where}`,
    ),
  ];
}

/** Reports folders among the tasks' folders that contain no readable task. */
function checkFolders({ store }: AppContext): Finding[] {
  const [first, ...others] = store.isNewer ? [] : importTasks(store);
  if (first === undefined) return [ok("task_folders", "all can be read")];
  const more = others.length === 0 ? "" : ` (and ${others.length} more: codex-mcp-server tasks lists them)`;
  return [warning("task_folders", `${first.problem}${more}`, first.fix)];
}

/** Number of recent tasks whose requests to daemons are reported. */
const RECENT_TASKS = 50;

/**
 * Reports processes that recent tasks had other programs' daemons start: they do not end with the task, and this server cannot determine
 * whether they still run.
 */
function checkDaemons({ store }: AppContext): Finding[] {
  const asked = listDaemonRequests(store, RECENT_TASKS);
  if (asked.length === 0) return [];
  const list = asked.slice(0, 5).map(({ task_id, requests }) => `${task_id}: ${requests.join(", ")}`);
  return [
    ok(
      "daemons",
      `recent tasks asked daemons to start processes, which do not end with the tasks (${list.join("; ")})`,
    ),
  ];
}

/** Reports the tokens of today, if a day has a limit. */
function checkTokens(context: AppContext): Finding[] {
  const today = readDayUse(context);
  if (today === undefined) return [];
  const message = describeDayUse(today);
  if (today.used < today.limit) return [ok("tokens", message)];
  const fix = "Wait until the day has ended, or raise CODEXMCP_TOKENS_PER_DAY: until then, tasks are refused.";
  return [warning("tokens", message, fix)];
}

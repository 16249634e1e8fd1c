import type { Config } from "#base/config.ts";
import { endFamily, type Survivor } from "#platform/process/end-family.ts";
import { removeCgroup } from "#platform/process/cgroup.ts";
import { logger } from "#base/log.ts";
import { identifyProcess, isProcessAlive, type ProcessIdentity } from "#platform/process/identity.ts";
import { type FamilyTraces, listFamily } from "#platform/process/tree.ts";
import { isSubreaper } from "#platform/process/subreaper.ts";
import { HELPER_MARKER, helperMarkerOf, type ProcessMarker, runMarkerOf } from "#domain/names.ts";
import type { TaskRecord } from "#domain/record.ts";
import { findPanePid, tmuxServerOf } from "#tmux/tmux.ts";
import type { AppContext } from "#tasks/context.ts";
import { findCheckCgroup, findRunCgroup, removeRunCgroup } from "#tasks/supervise/run-containment.ts";

/**
 * Ends every process of a run: Codex, if it is known, and all its descendants.
 * @param supervisor ended after the others, because it adopts orphans of the run
 * @returns the processes that could not be ended
 */
export async function endProcesses(
  { config }: AppContext,
  task: TaskRecord,
  codex: ProcessIdentity | undefined,
  supervisor?: ProcessIdentity,
): Promise<Survivor[]> {
  const root = task.origin === "python" ? await findPythonRun(config, task) : codex;
  const traces = familyTraces(config, task, supervisor);
  const isServer = task.engine === "app-server";
  const left = await endFamily({ root, isServer, marker: runMarker(config, task), traces });
  for (const { pid, reason } of left) {
    logger("app").warn`process ${pid} of ${task.task_id} could not be ended: ${reason}`;
  }
  if (traces.cgroup !== undefined) await removeRunCgroup(config, task, traces.cgroup);
  return left;
}

/** Returns the traces, other than the marker, by which the processes of a run are found. */
export function familyTraces(config: Config, task: TaskRecord, supervisor?: ProcessIdentity): FamilyTraces {
  return {
    adopter: adopterOf(supervisor),
    foreign: `${HELPER_MARKER}=`,
    cgroup: findRunCgroup(config, task),
  };
}

/** Returns the pid of the run's supervisor: this process, or another one that is alive. */
function adopterOf(supervisor: ProcessIdentity | undefined): number | undefined {
  if (isSubreaper()) return process.pid;
  return supervisor !== undefined && isProcessAlive(supervisor) ? supervisor.pid : undefined;
}

/** Finds a run of the Python server, which does not mark its processes, through its tmux pane. */
async function findPythonRun(config: Config, task: TaskRecord): Promise<ProcessIdentity | undefined> {
  if (task.tmux_session === undefined) return undefined;
  const pid = await findPanePid(tmuxServerOf(config, task), task.tmux_session);
  return pid === undefined ? undefined : identifyProcess(pid);
}

/** Returns the processes that have a run's marker. */
export function listProcesses({ config }: AppContext, task: TaskRecord): ProcessIdentity[] {
  return listFamily({ root: undefined, marker: runMarker(config, task) });
}

/** Ends the processes that are left after Codex has ended: background commands end with the task that started them. */
export async function endLeftovers(context: AppContext, task: TaskRecord): Promise<void> {
  await endProcesses(context, task, undefined);
}

/** Ends the helper processes that a killed supervisor has left. */
export async function endHelpers({ config }: AppContext, task: TaskRecord): Promise<void> {
  const marker = entry(helperMarkerOf(config.home, task.task_id));
  const cgroup = findCheckCgroup(config, task);
  await endFamily({ root: undefined, marker, traces: { cgroup } });
  if (cgroup !== undefined) await removeCgroup(cgroup);
}

function runMarker(config: Config, task: TaskRecord): string {
  return entry(runMarkerOf(config.home, task));
}

function entry({ name, value }: ProcessMarker): string {
  return `${name}=${value}`;
}

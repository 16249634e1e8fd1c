import type { Config } from "#lib/config.ts";
import { identifyProcess, type ProcessIdentity } from "#lib/process-identity.ts";
import { endFamily, listFamily } from "#lib/process-tree.ts";
import { helperMarkerOf, type ProcessMarker, processMarkerOf } from "#task/names.ts";
import type { TaskRecord } from "#task/record.ts";
import { panePid, tmuxServerOf } from "#tmux/tmux.ts";
import type { AppContext } from "./context.ts";

/** Ends every process of a run: Codex, where it is known, what it started, and what that started. */
export async function endProcesses(
  { config }: AppContext,
  task: TaskRecord,
  codex: ProcessIdentity | undefined,
): Promise<void> {
  const root = task.origin === "python" ? await findPythonRun(config, task) : codex;
  await endFamily({ root, marker: runMarker(config, task) });
}

/** The Python server marks no processes: its tmux pane leads to them. */
async function findPythonRun(config: Config, task: TaskRecord): Promise<ProcessIdentity | undefined> {
  if (task.tmux_session === undefined) return undefined;
  const pid = await panePid(tmuxServerOf(config), task.tmux_session);
  return pid === undefined ? undefined : identifyProcess(pid);
}

/** The processes that carry a run's marker. */
export function listProcesses({ config }: AppContext, task: TaskRecord): ProcessIdentity[] {
  return listFamily({ root: undefined, marker: runMarker(config, task) });
}

/** Ends what is left of a run after Codex has ended: background commands go with the task that started them. */
export async function endLeftovers(context: AppContext, task: TaskRecord): Promise<void> {
  if (listProcesses(context, task).length > 0) await endProcesses(context, task, undefined);
}

/** Ends what a supervisor that was killed has left beside it. */
export async function endHelpers({ config }: AppContext, task: TaskRecord): Promise<void> {
  await endFamily({ root: undefined, marker: entry(helperMarkerOf(config.home, task.task_id)) });
}

function runMarker(config: Config, task: TaskRecord): string {
  return entry(processMarkerOf(config.home, task.task_id, task.run));
}

function entry({ name, value }: ProcessMarker): string {
  return `${name}=${value}`;
}

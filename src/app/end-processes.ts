import type { ProcessIdentity } from "#lib/process-identity.ts";
import { endFamily, listFamily } from "#lib/process-tree.ts";
import { helperMarkerOf, type ProcessMarker, processMarkerOf } from "#task/names.ts";
import type { TaskRecord } from "#task/record.ts";
import type { AppContext } from "./context.ts";

/** Ends every process of a run: Codex, where it is known, what it started, and what that started. */
export async function endProcesses(
  { config }: AppContext,
  task: TaskRecord,
  codex: ProcessIdentity | undefined,
): Promise<void> {
  const marker = entry(processMarkerOf(config.home, task.task_id, task.run));
  await endFamily({ root: codex, marker });
}

/** Ends what is left of a run after Codex has ended: background commands go with the task that started them. */
export async function endLeftovers(context: AppContext, task: TaskRecord): Promise<void> {
  const marker = entry(processMarkerOf(context.config.home, task.task_id, task.run));
  if (listFamily({ root: undefined, marker }).length > 0) await endProcesses(context, task, undefined);
}

/** Ends what a supervisor that was killed has left beside it. */
export async function endHelpers({ config }: AppContext, task: TaskRecord): Promise<void> {
  await endFamily({ root: undefined, marker: entry(helperMarkerOf(config.home, task.task_id)) });
}

function entry({ name, value }: ProcessMarker): string {
  return `${name}=${value}`;
}

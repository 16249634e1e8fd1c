import type { RunState } from "#codex/run/run-state.ts";
import type { RunningTask } from "#domain/record.ts";
import { recordQuotaWait } from "#store/tasks/running-record.ts";
import type { AppContext } from "#tasks/context.ts";
import { tryTo } from "#tasks/supervise/try-to.ts";

/**
 * Returns a function that keeps a run's record in step with its log: it says what the run waits for, as long as the log does. An earlier
 * supervisor may have died before it had changed the record.
 */
export function quotaRecorder({ store }: AppContext, task: RunningTask): (state: RunState) => void {
  let recorded = task.waiting_for?.until;
  return ({ quotaUntil: until, quota }) => {
    if (until === recorded) return;
    recorded = until;
    const message = quota.pending?.message ?? "";
    const wait = until === undefined ? undefined : ({ kind: "quota", until, message } as const);
    tryTo(task.task_id, () => recordQuotaWait(store, task, wait));
  };
}

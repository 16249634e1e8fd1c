import { LogWriter } from "#codex/engines/log-writer.ts";
import type { EndedTask } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";
import { listMessages } from "#store/tasks/inbox.ts";
import type { AppContext } from "#tasks/context.ts";
import { tryTo } from "#tasks/supervise/try-to.ts";

/** Writes the messages that a run has not delivered to its log, which has those that were delivered. */
export function noteUndelivered({ config }: AppContext, { task_id, log_file }: EndedTask): void {
  const undelivered = listMessages(taskPaths(config.home, task_id)).filter(({ state }) => state === "waiting");
  if (undelivered.length === 0) return;
  const lines = undelivered.map(({ id, text }) => {
    const message = `A message was not delivered: ${text}`;
    return { type: "item.completed", item: { id, type: "error", message } };
  });
  tryTo(`the log of ${task_id} lacks what was not delivered`, () => new LogWriter(log_file).write(lines));
}

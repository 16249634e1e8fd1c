import { AppError } from "#base/errors.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import type { AppContext } from "#tasks/context.ts";
import { describeTasks } from "#tasks/overview.ts";
import type { Card } from "#board/api/card.ts";
import { findWork } from "./read-cards.ts";
import { toCard } from "./to-card.ts";

/** Returns the card of one task. */
export async function readCard(context: AppContext, task: StoredTask): Promise<Card> {
  const [line] = await describeTasks(context, [task]);
  const { record } = findTask(context.store, task.record.task_id) ?? task;
  if (line === undefined) throw new AppError("internal", `${record.task_id} was not described.`, "Reload the page.");
  return toCard(record, line, findWork(context, record));
}

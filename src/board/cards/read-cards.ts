import { AppError } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import type { TaskRecord } from "#domain/record.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { countTasks } from "#store/tasks/list-tasks.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { findMerged } from "#store/worktree-base.ts";
import type { AppContext } from "#tasks/context.ts";
import { describeTasks, listOverview } from "#tasks/overview.ts";
import type { BoardInfo, BoardSnapshot, Card, WorkState } from "#board/api/card.ts";
import { toCard } from "./to-card.ts";

/** Largest number of tasks on the board. */
const MAX_CARDS = 1000;

/** Returns all that the board shows. */
export async function readSnapshot(app: AppContext, info: BoardInfo): Promise<BoardSnapshot> {
  const { tasks, unreadable = [] } = await listOverview(app, { limit: MAX_CARDS });
  const cards = tasks.flatMap((line) => {
    const record = findTask(app.store, line.task_id)?.record;
    return record === undefined ? [] : [toCard(record, line, findWork(app, record))];
  });
  const total = Object.values(countTasks(app.store)).reduce((sum, count) => sum + count, 0);
  return {
    info,
    cards,
    left_out: Math.max(0, total - tasks.length),
    unreadable: unreadable.map(({ task_id, problem, fix }) => ({ task_id, problem, fix })),
    now: new Date().toISOString(),
  };
}

/** Returns the card of one task. */
export async function readCard(app: AppContext, stored: StoredTask): Promise<Card> {
  const [line] = await describeTasks(app, [stored]);
  const { record } = findTask(app.store, stored.record.task_id) ?? stored;
  if (line === undefined) throw new AppError("internal", `${record.task_id} was not described.`, "Reload the page.");
  return toCard(record, line, findWork(app, record));
}

function findWork({ store }: AppContext, { worktree_dir }: TaskRecord): WorkState {
  if (worktree_dir === undefined) return "none";
  if (findMerged(store, worktree_dir) !== undefined) return "merged";
  return pathExists(worktree_dir) ? "open" : "gone";
}

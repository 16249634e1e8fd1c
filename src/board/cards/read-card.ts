import { toFailure } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { isEnded } from "#domain/record.ts";
import { findNewestTaskIn } from "#store/tasks/list-tasks.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { listStoredWorktrees } from "#store/worktree-base.ts";
import type { AppContext } from "#tasks/context.ts";
import type { Card } from "#board/api/card.ts";
import { readTaskFacts } from "./task-facts.ts";
import { readWork } from "./read-work.ts";
import { toCard, type WorkFacts } from "./to-card.ts";

/** Longest time of reading what became of a task's work, in milliseconds. */
const WORK_TIMEOUT_MS = 5000;

/** Returns the card of one task, without following any. */
export async function readCard(context: AppContext, task: StoredTask): Promise<Card> {
  return toCard(task.record, readTaskFacts(context, task), await readOwnWork(context, task));
}

async function readOwnWork(context: AppContext, { record }: StoredTask): Promise<WorkFacts> {
  const path = record.worktree_dir;
  const stored = listStoredWorktrees(context.store).find(({ worktree_dir }) => worktree_dir === path);
  if (path === undefined || stored === undefined) return { work: "none" };
  const request = {
    repository: stored.workspace,
    worktrees: [stored],
    running: new Set(isEnded(record) ? [] : [path]),
    signal: AbortSignal.timeout(WORK_TIMEOUT_MS),
  };
  let facts: WorkFacts = { work: "open" };
  try {
    await readWork(context, request, (found) => (facts = found.get(path) ?? facts));
  } catch (error) {
    logger("app").debug`The work in ${path} cannot be read: ${toFailure(error).message}`;
  }
  const newest = findNewestTaskIn(context.store, path)?.task_id;
  return newest === record.task_id ? facts : { ...facts, is_superseded: true };
}

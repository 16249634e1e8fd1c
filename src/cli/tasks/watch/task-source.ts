import type { AppContext } from "#tasks/context.ts";
import { listOverview, type TaskOverview } from "#tasks/overview.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { countTasks } from "#store/tasks/list-tasks.ts";
import { isEnded, type TaskRecord, type VisibleStatus } from "#domain/record.ts";
import { notifyPerson } from "#cli/terminal/notify.ts";
import type { ListState } from "./list-state.ts";

/** Filter of the tasks that are shown. */
export interface WatchFilter {
  status: VisibleStatus | undefined;
  cwd: string | undefined;
}

/** Largest number of tasks in the list; the summary counts all. */
const MAX_TASKS = 500;

/** Tasks of the live view, as they were read last. */
export class TaskSource {
  readonly #context: AppContext;
  readonly #filter: WatchFilter;
  #tasks: readonly TaskOverview[] = [];

  constructor(context: AppContext, filter: WatchFilter) {
    this.#context = context;
    this.#filter = filter;
  }

  get tasks(): readonly TaskOverview[] {
    return this.#tasks;
  }

  /** Reads the tasks again, and notifies the user of those that have ended. @returns the number of tasks in each state */
  async read(isUnfinishedOnly: boolean): Promise<ListState["counts"]> {
    const tasks = isUnfinishedOnly
      ? [...(await this.#list("waiting")), ...(await this.#list("running")), ...(await this.#list("queued"))]
      : await this.#list(this.#filter.status);
    const before = this.#tasks;
    this.#tasks = tasks;
    const unfinished = new Set(tasks.filter(isUnfinished).map(({ task_id }) => task_id));
    for (const { task_id } of before.filter((task) => isUnfinished(task) && !unfinished.has(task.task_id))) {
      const record = this.findRecord(task_id);
      if (record !== undefined && isEnded(record)) notifyPerson(record);
    }
    return countTasks(this.#context.store);
  }

  /** Returns the record of a task; undefined if it was removed. */
  findRecord(taskId: string): TaskRecord | undefined {
    return findTask(this.#context.store, taskId)?.record;
  }

  async #list(status: VisibleStatus | undefined): Promise<TaskOverview[]> {
    return (await listOverview(this.#context, { cwd: this.#filter.cwd, status, limit: MAX_TASKS })).tasks;
  }
}

/** Returns whether a task has not ended. */
export function isUnfinished({ status }: TaskOverview): boolean {
  return status === "queued" || status === "running" || status === "waiting";
}

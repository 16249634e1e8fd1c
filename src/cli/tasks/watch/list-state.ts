import type { TaskOverview } from "#tasks/overview.ts";
import type { VisibleStatus } from "#domain/record.ts";

/** State of the live list. */
export interface ListState {
  tasks: readonly TaskOverview[];
  /** Number of tasks for each status, including tasks that are not shown. */
  counts: Partial<Record<VisibleStatus, number>>;
  isUnfinishedOnly: boolean;
  /** Text that the shown tasks contain. */
  query: string;
  /** Index of the selected task in `tasks`. */
  selected: number;
  /** Index of the first visible task. */
  top: number;
  /** Message in the last line instead of the keys. */
  message: string | undefined;
}

const ORDER: Record<VisibleStatus, number> = {
  waiting: 0,
  running: 1,
  queued: 2,
  completed: 3,
  failed: 3,
  cancelled: 3,
};

/** Returns the tasks that contain a text, those that are running first. */
export function arrange(tasks: readonly TaskOverview[], query: string): TaskOverview[] {
  const wanted = query.toLowerCase();
  const texts = ({ task_id, repository, status, asked = "", activity = "" }: TaskOverview) =>
    [task_id, repository, status, asked, activity].join("\n").toLowerCase();
  return tasks.filter((task) => texts(task).includes(wanted)).toSorted((a, b) => ORDER[a.status] - ORDER[b.status]);
}

/** Returns how far a key moves the selection if a screen has `page` tasks; undefined for other keys. */
export function selectionStep(key: string, page: number): number | undefined {
  const steps: Record<string, number> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageup: -page,
    pagedown: page,
    home: Number.NEGATIVE_INFINITY,
    g: Number.NEGATIVE_INFINITY,
    end: Number.POSITIVE_INFINITY,
    G: Number.POSITIVE_INFINITY,
  };
  return steps[key];
}

/** Returns the state with another task selected, scrolled so that the task is visible. */
export function select(state: ListState, index: number, page: number): ListState {
  const selected = Math.max(0, Math.min(index, state.tasks.length - 1));
  const top = Math.max(0, Math.min(Math.max(state.top, selected - page + 1), selected, state.tasks.length - page));
  return { ...state, selected, top };
}

/** Returns the state with an updated task list. The same task stays selected, wherever it has moved to. */
export function refresh(state: ListState, tasks: readonly TaskOverview[], page: number): ListState {
  const chosen = state.tasks[state.selected]?.task_id;
  const index = tasks.findIndex((task) => task.task_id === chosen);
  // At the top, the selection follows the newest task.
  const isAtTop = state.selected === 0;
  return select({ ...state, tasks }, isAtTop || index < 0 ? state.selected : index, page);
}

import type { TaskOverview } from "#tasks/overview.ts";
import type { ListState } from "./view.ts";

/** How far a key moves the choice, with `page` tasks on a screen; undefined for other keys. */
export function stepOf(key: string, page: number): number | undefined {
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

/** The state with another task chosen, scrolled so that it is on the screen. */
export function select(state: ListState, index: number, page: number): ListState {
  const selected = Math.max(0, Math.min(index, state.tasks.length - 1));
  const top = Math.max(0, Math.min(Math.max(state.top, selected - page + 1), selected, state.tasks.length - page));
  return { ...state, selected, top };
}

/** The state with newer tasks: the same one stays chosen, wherever it has moved to. */
export function refresh(state: ListState, tasks: readonly TaskOverview[], page: number): ListState {
  const chosen = state.tasks[state.selected]?.task_id;
  const index = tasks.findIndex((task) => task.task_id === chosen);
  // At the top, the newest is of interest.
  const isAtTop = state.selected === 0;
  return select({ ...state, tasks }, isAtTop || index < 0 ? state.selected : index, page);
}

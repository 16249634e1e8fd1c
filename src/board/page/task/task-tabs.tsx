import { useState } from "preact/hooks";
import type { TaskPageData } from "#board/api/task.ts";

/** Names of the parts of a task's page, in their order. */
const TAB_NAMES = {
  conversation: "Conversation",
  changes: "Changes",
  result: "Result",
  review: "Review",
  check: "Check",
  audit: "Audit",
  facts: "Facts",
} as const;

/** Part of a task's page. */
export type TaskTab = keyof typeof TAB_NAMES;

/** Returns the parts that a task has. @param isNarrow whether the conversation is one of them, and not beside them */
export function listTabs(task: TaskPageData, isNarrow: boolean): TaskTab[] {
  const has: Record<TaskTab, boolean> = {
    conversation: isNarrow,
    changes: task.worktree !== undefined,
    result: task.result !== undefined || task.error !== undefined,
    review: task.review !== undefined,
    check: task.check !== undefined,
    audit: task.audit !== undefined,
    facts: true,
  };
  return toTabs(Object.keys(TAB_NAMES)).filter((tab) => has[tab]);
}

function toTabs(names: readonly string[]): TaskTab[] {
  return names.filter((name): name is TaskTab => name in TAB_NAMES);
}

/**
 * Returns the part that is shown, and a function that shows another.
 * @param isKept whether the choice is kept in the address
 */
export function useTab(
  tabs: readonly TaskTab[],
  isKept: boolean,
  firstTab?: TaskTab,
): [tab: TaskTab, show: (tab: TaskTab) => void] {
  const [chosen, setChosen] = useState<TaskTab | undefined>(() =>
    isKept ? toTabs([readParameter("tab")])[0] : firstTab,
  );
  const tab = chosen !== undefined && tabs.includes(chosen) ? chosen : (tabs[0] ?? "facts");
  return [
    tab,
    (next) => {
      setChosen(next);
      if (isKept) writeParameter("tab", next);
    },
  ];
}

/** Returns a parameter of the address; empty if it is not there. */
export function readParameter(name: string): string {
  return new URLSearchParams(location.search).get(name) ?? "";
}

/** Changes a parameter of the address. @param value undefined: removes it */
export function writeParameter(name: string, value: string | undefined): void {
  const query = new URLSearchParams(location.search);
  if (value === undefined) query.delete(name);
  else query.set(name, value);
  history.replaceState(history.state, "", `${location.pathname}${query.size === 0 ? "" : `?${query}`}`);
}

/** Shows the tabs; the arrow keys move between them. */
export function TaskTabs({ tabs, tab, onShow }: TaskTabsProps) {
  const press = (event: KeyboardEvent) => {
    const at = tabs.indexOf(tab);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    const found = next === undefined ? undefined : tabs.at(next % tabs.length);
    if (found === undefined || !(event.currentTarget instanceof HTMLElement)) return;
    event.preventDefault();
    onShow(found);
    event.currentTarget.querySelector<HTMLElement>(`#tab-${found}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Parts of the task" onKeyDown={press}>
      {tabs.map((each) => (
        <button
          key={each}
          type="button"
          role="tab"
          id={`tab-${each}`}
          aria-selected={each === tab}
          aria-controls={`panel-${each}`}
          tabIndex={each === tab ? 0 : -1}
          onClick={() => onShow(each)}
        >
          {TAB_NAMES[each]}
        </button>
      ))}
    </div>
  );
}

/** Properties of the tabs. */
interface TaskTabsProps {
  tabs: readonly TaskTab[];
  tab: TaskTab;
  onShow: (tab: TaskTab) => void;
}

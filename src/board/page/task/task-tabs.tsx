import { changeAddressQuery, readAddressQuery } from "#board/page/address/address-query.ts";
import { Tabs } from "#board/page/parts/tabs.tsx";
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
    isKept ? toTabs([readAddressQuery().get("tab") ?? ""])[0] : firstTab,
  );
  const tab = chosen !== undefined && tabs.includes(chosen) ? chosen : (tabs[0] ?? "facts");
  return [
    tab,
    (next) => {
      setChosen(next);
      if (isKept) changeAddressQuery("tab", next);
    },
  ];
}

/** Shows the names of the parts as tabs. */
export function TaskTabs({ tabs, tab, onShow }: TaskTabsProps) {
  return (
    <Tabs
      class="tabs"
      label="Parts of the task"
      tabs={tabs.map((value) => ({ value, name: TAB_NAMES[value] }))}
      value={tab}
      onChange={onShow}
      panelOf={(value) => `panel-${value}`}
    />
  );
}

/** Properties of the tabs. */
interface TaskTabsProps {
  tabs: readonly TaskTab[];
  tab: TaskTab;
  onShow: (tab: TaskTab) => void;
}

import { useSearchParams } from "wouter-preact";
import { CompareStart } from "./compare-start.tsx";
import { ComparisonPage } from "./comparison-page.tsx";
import "./compare.css";

/** Shows the page "Compare": the comparison of the tasks that the address names, or a choice of tasks. */
export function CompareView() {
  const [query] = useSearchParams();
  const [tasks, groups] = [query.getAll("task"), query.getAll("group")];
  if (tasks.length > 1 || groups.length > 0) return <ComparisonPage tasks={tasks} groups={groups} />;
  return <CompareStart marked={[...tasks, ...query.getAll("mark")]} />;
}

import { elapsedSeconds, type EndedTask } from "#task/record.ts";
import { formatDuration } from "./quantities.ts";
import { paint, withoutControls } from "./style.ts";

/** How a task ended, in a line or two. */
export function describeEnd(task: EndedTask): string[] {
  const duration = formatDuration(elapsedSeconds(task));
  // Of a cancelled one, that says it all.
  const failure = task.status === "failed" ? `: ${withoutControls(task.error)} [${task.code}]` : "";
  const style = task.status === "completed" ? "green" : "red";
  const lines = [paint(`${task.status} after ${duration}${failure}`, style)];
  if (task.diff_stat !== undefined && task.diff_stat !== "") lines.push(task.diff_stat);
  return lines;
}

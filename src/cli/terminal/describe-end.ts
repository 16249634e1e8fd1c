import { elapsedSeconds, type EndedTask } from "#domain/record.ts";
import { formatDuration } from "./quantities.ts";
import { compose, hangingIndent, paint, type Text, withoutControls } from "./style.ts";

/** Describes in one or two lines how a task ended. */
export function describeEnd(task: EndedTask): Text[] {
  const duration = formatDuration(elapsedSeconds(task));
  // For a cancelled task, the status is enough.
  const failure =
    task.status === "failed" ? compose`: ${hangingIndent(withoutControls(task.error))} [${task.code}]` : "";
  const style = task.status === "completed" ? "green" : "red";
  const lines: Text[] = [paint(compose`${task.status} after ${duration}${failure}`, style)];
  if (task.diff_stat !== undefined && task.diff_stat !== "") lines.push(task.diff_stat);
  return lines;
}

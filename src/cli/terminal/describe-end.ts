import { elapsedSeconds } from "#domain/elapsed.ts";
import type { EndedTask } from "#domain/record.ts";
import { formatDuration } from "./quantities.ts";
import { compose, hanging, paint, type Text, withoutControls } from "./style.ts";

/** Returns how a task ended, in a line or two. */
export function describeEnd(task: EndedTask): Text[] {
  const duration = formatDuration(elapsedSeconds(task));
  // Of a cancelled one, that says it all.
  const failure = task.status === "failed" ? compose`: ${hanging(withoutControls(task.error))} [${task.code}]` : "";
  const style = task.status === "completed" ? "green" : "red";
  const lines: Text[] = [paint(compose`${task.status} after ${duration}${failure}`, style)];
  if (task.diff_stat !== undefined && task.diff_stat !== "") lines.push(task.diff_stat);
  return lines;
}

import { toAnswer } from "#tasks/answer.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { waitAtMost } from "#tasks/follow/wait-for-tasks.ts";
import type { EndedTask, TaskRecord } from "#domain/record.ts";
import type { Input } from "#cli/framework/command.ts";
import { describeEnd } from "#cli/terminal/describe-end.ts";
import { readDuration } from "#cli/framework/option-values.ts";
import { openCommandContext } from "#cli/terminal/open.ts";
import { printErrors, printJson, printLines } from "#cli/terminal/output.ts";
import { compose, join, paint } from "#cli/terminal/style.ts";

/** Exit code after a timeout, the same as that of timeout(1). */
const TIMED_OUT = 124;

interface WaitOptions {
  any: boolean;
  timeout: string | undefined;
  json: boolean;
}

/**
 * Waits until all or any of the tasks have ended.
 * @returns 0 if they were completed, 1 if one was not, 124 after a timeout
 */
export async function wait({ options, operands }: Input<WaitOptions>): Promise<number> {
  const atMostMs = (readDuration("--timeout", options.timeout) ?? Number.POSITIVE_INFINITY) * 1000;
  const context = openCommandContext();
  const waited: TaskRecord[] = [];
  for (const name of operands) waited.push(await reconcile(context, resolveTask(context, name)));
  const ended: EndedTask[] = [];
  const waits = waited.map(async (task) => {
    const end = await waitAtMost(context, task, atMostMs);
    if (end === undefined || (options.any && ended.length > 0)) return;
    ended.push(end);
    if (!options.json) printLines([compose`${paint(end.task_id, "bold")}: ${join(describeEnd(end), ", ")}`]);
  });
  await (options.any ? Promise.race(waits) : Promise.all(waits));
  if (options.json) printJson(ended.map(toAnswer));
  if (ended.length < (options.any ? 1 : waited.length)) {
    const rest = waited.filter((task) => !ended.some((end) => end.task_id === task.task_id));
    printErrors([`not ended: ${rest.map((task) => task.task_id).join(", ")}`]);
    return TIMED_OUT;
  }
  return ended.every((task) => task.status === "completed") ? 0 : 1;
}

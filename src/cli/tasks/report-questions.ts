import type { AppContext } from "#tasks/context.ts";
import { waitForQuestion } from "#tasks/follow/wait-for-question.ts";
import { summarizeQuestion } from "#domain/question.ts";
import type { TaskRecord } from "#domain/record.ts";
import { notifyPerson } from "#cli/terminal/notify.ts";
import { errorTerminalWidth, printErrors } from "#cli/terminal/output.ts";
import { compose, inOneLine, paint } from "#cli/terminal/style.ts";
import { sliceToWidth } from "#cli/terminal/table.ts";

/**
 * Says on stderr that a task waits for an answer, once for each question, until `signal` aborts.
 * @param isShown whether the questions themselves are shown there, among the events of the task
 */
export async function reportQuestions(
  context: AppContext,
  task: TaskRecord,
  signal: AbortSignal,
  isShown = false,
): Promise<void> {
  const known = new Set<string>();
  while (task.approvals === "ask" && !signal.aborted) {
    const questions = await waitForQuestion(context, task, ({ id }) => known.has(id), signal);
    for (const question of questions) {
      known.add(question.id);
      const asked = compose`${paint(question.id, "bold")} ${inOneLine(summarizeQuestion(question))}`;
      printErrors([
        ...(isShown ? [] : [sliceToWidth(paint(asked, "yellow"), errorTerminalWidth())]),
        paint(`codex-mcp-server answer ${task.task_id} ${question.id}`, "dim"),
      ]);
    }
    if (questions.length > 0) notifyPerson({ task_id: task.task_id, status: "waiting" });
  }
}

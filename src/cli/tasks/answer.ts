import { answerQuestion, getOpenQuestion, readWholeQuestion } from "#tasks/answer-question.ts";
import type { AppContext } from "#tasks/context.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { describeQuestion, listAnswers, type Question } from "#domain/question.ts";
import { openQuestions, type TaskRecord } from "#domain/record.ts";
import { AppError } from "#base/errors.ts";
import { makeVisible } from "#base/visible-text.ts";
import { ask, canAsk } from "#cli/setup/ask.ts";
import { defineCommand, JSON_OPTION } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { formatLocalTime } from "#base/format-values.ts";
import { printJson, printLines } from "#cli/terminal/output.ts";
import { compose, hangingIndent, multiline, paint, type Text } from "#cli/terminal/style.ts";
import { readPrompt } from "./read-input.ts";

export const answerCommand = defineCommand({
  name: "answer",
  aliases: ["approve"],
  group: "tasks",
  summary: "Answer what a task asks",
  details:
    "A task that was started with `--approvals ask` asks before Codex does what its sandbox does not allow. Without a question, the only " +
    "one is meant. Without an answer, shows what the task asks and, in a terminal, reads the answers: accept, accept_for_session, " +
    "decline, cancel (which also ends the turn), or a text if Codex wants one. With - as the answer, reads it from stdin.",
  operands: { usage: "<task> [<question>] [<answer|->]", min: 1, max: 3, kind: "task" },
  options: { json: JSON_OPTION },
  examples: [
    ["answer implement-parser-v1", "Show what a task asks, and answer it"],
    ["answer implement-parser-v1 accept", "Accept the only thing that it asks"],
    ["answer implement-parser-v1 q1-0 decline", "Decline one of several"],
  ],
  run: async ({ options: { json }, operands: [name = "", ...given] }) => {
    const context = openCommandContext();
    const record = await reconcile(context, resolveTask(context, name));
    const open = openQuestions(record);
    const isQuestion = /^q\d+-\w+$/.test(given[0] ?? "");
    const [id, answer] = isQuestion ? given : [undefined, given[0]];
    if (answer !== undefined) return answerOne(context, record, { id, answer: await readPrompt(answer), isJson: json });
    const shown = id === undefined ? open : [getOpenQuestion(context, record, id)];
    if (json) printJson({ task_id: record.task_id, questions: shown });
    else if (shown.length === 0) printLines([compose`${paint(record.task_id, "bold")} asks nothing.`]);
    if (json) return 0;
    await showAndAsk(context, record, shown);
    return 0;
  },
});

/** Shows what a task asks on this terminal, and answers it as the user says. */
export async function answerInTerminal(context: AppContext, record: TaskRecord): Promise<void> {
  const open = openQuestions(record);
  const message = `${record.task_id} asks nothing.`;
  if (open.length === 0) throw new AppError("question_closed", message, "Wait until it does.");
  await showAndAsk(context, record, open);
}

async function showAndAsk(context: AppContext, record: TaskRecord, questions: readonly Question[]): Promise<void> {
  for (const question of questions) {
    printLines(formatQuestion(readWholeQuestion(context, record, question)));
    const typed = canAsk() ? await ask(`${listAnswers(question)}? `) : "";
    if (typed !== "") await answerOne(context, record, { id: question.id, answer: typed, isJson: false });
  }
}

async function answerOne(
  context: AppContext,
  { task_id: task }: TaskRecord,
  { id, answer, isJson }: { id: string | undefined; answer: string; isJson: boolean },
): Promise<number> {
  const { question, decision, isTaken } = await answerQuestion(context, {
    task,
    question: id,
    answer,
    by: "command line",
  });
  const later = isTaken ? "" : "; Codex gets the answer as soon as the task's supervisor runs again";
  if (isJson) printJson({ task_id: task, question: question.id, decision, delivered: isTaken });
  else printLines([compose`${paint(task, "bold")}: ${question.id} is answered (${decision})${later}`]);
  return 0;
}

/** Number of milliseconds to the end of a question from which its time is not worth mentioning. */
const FAR_MS = 365 * 24 * 60 * 60 * 1000;

function describeExpiry({ expires_at }: Question): string {
  const end = new Date(expires_at);
  if (end.getTime() - Date.now() > FAR_MS) return "";
  return `; declined at ${formatLocalTime(end)} if no one answers`;
}

/** Formats all that a question shows, and how to answer it. */
export function formatQuestion(question: Question): Text[] {
  const [what = "", ...rest] = describeQuestion(question);
  return [
    compose`${paint(question.id, "bold")}  ${paint(makeVisible(what), "yellow")}`,
    // Also in a pipe, nothing of what is approved is left out.
    ...rest.map((text) => hangingIndent(multiline(makeVisible(text, true)))),
    paint(`answer: ${listAnswers(question)}${describeExpiry(question)}`, "dim"),
    "",
  ];
}

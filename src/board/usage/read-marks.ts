import { join } from "node:path";
import { listNames } from "#base/paths.ts";
import { shorten } from "#base/text.ts";
import type { MessageRecord } from "#domain/message.ts";
import { runOfQuestion, summarizeQuestion } from "#domain/question.ts";
import type { RunSummary } from "#store/history/run-summary.ts";
import { type TaskPaths, taskPaths } from "#store/store-paths.ts";
import { listMessages } from "#store/tasks/inbox.ts";
import { readAnswerFile, readQuestionFile } from "#store/tasks/questions.ts";
import type { TimelineMark } from "#board/api/usage.ts";

/** Maximum number of questions of a run whose times are read. */
const MAX_QUESTIONS = 50;
/** Maximum length of a mark's text in characters. */
const MAX_MARK_TEXT = 200;

/** Marks of runs that have ended, by run and time of the end: they no longer change. */
const ended = new Map<string, TimelineMark[]>();
const MAX_ENDED = 10_000;

/** Returns the moments of a run's messages, questions and answers, oldest first. @param isEarlier whether another run followed it */
export function readMarks(home: string, run: RunSummary, isEarlier: boolean): TimelineMark[] {
  if (run.end_time === undefined) return collectMarks(home, run, isEarlier);
  const key = JSON.stringify([home, run.task_id, run.run, run.end_time]);
  let marks = ended.get(key);
  if (marks === undefined) {
    marks = collectMarks(home, run, isEarlier);
    if (ended.size >= MAX_ENDED) ended.clear();
    ended.set(key, marks);
  }
  return marks;
}

function collectMarks(home: string, run: RunSummary, isEarlier: boolean): TimelineMark[] {
  const paths = taskPaths(home, run.task_id);
  const live = isEarlier ? join(paths.runs, String(run.run), "live") : paths.live;
  const questions = { ...paths, questions: join(live, "questions") };
  const messages = run.end_time === undefined ? listMessages({ inbox: join(live, "inbox") }) : run.messages;
  const marks = [...messages.map((message) => toMark(message)), ...readQuestionMarks(questions, run.run)];
  return marks.filter(({ at }) => !Number.isNaN(Date.parse(at))).toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

function toMark({ sent_at, text }: MessageRecord): TimelineMark {
  return { at: sent_at, kind: "message", text: shorten(text, MAX_MARK_TEXT) };
}

function readQuestionMarks(paths: TaskPaths, run: number): TimelineMark[] {
  const ids = listNames(paths.questions)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length))
    .filter((id) => runOfQuestion(id) === run)
    .slice(0, MAX_QUESTIONS);
  return ids.flatMap((id): TimelineMark[] => {
    const question = readQuestionFile(paths, id);
    if (question === undefined) return [];
    const asked = {
      at: question.asked_at,
      kind: "question",
      text: shorten(summarizeQuestion(question), MAX_MARK_TEXT),
    } as const;
    const answer = readAnswerFile(paths, id);
    if (answer === undefined) return [asked];
    const text = `${answer.decision}${answer.cause === undefined ? ` by ${answer.by}` : ` (${answer.cause})`}`;
    return [asked, { at: answer.at, kind: "answer", text: shorten(text, MAX_MARK_TEXT) }];
  });
}

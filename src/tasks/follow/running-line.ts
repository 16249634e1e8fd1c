import { queuePosition } from "#store/tasks/list-tasks.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { takeStart } from "#base/text.ts";
import { makeVisible } from "#base/visible-text.ts";
import { readTail } from "#platform/files/json-lines.ts";
import { type TaskPaths, taskPaths } from "#store/store-paths.ts";
import { listAnswers, type Question, summarizeQuestion } from "#domain/question.ts";
import { elapsedSeconds, openQuestions, type TaskRecord, visibleStatus, type VisibleStatus } from "#domain/record.ts";
import { describeQuotaWaitOf } from "#domain/waiting.ts";
import type { AppContext } from "#tasks/context.ts";
import { readActivity } from "./read-progress.ts";

/** One-line summary of an unfinished task. */
export interface RunningLine {
  task_id: string;
  topic: string;
  status: VisibleStatus;
  elapsed_seconds: number;
  /** Position in the queue, from 1; only while queued. */
  queue_position?: number;
  /** Open questions, which codex_send answers. */
  questions?: readonly Question[];
  /** Codex's last action. */
  activity?: string;
}

/** Returns a summary of what an unfinished task is doing. */
export function describeRunning({ config, store }: AppContext, task: TaskRecord): RunningLine {
  const current = findTask(store, task.task_id)?.record ?? task;
  const { task_id, topic, log_file } = current;
  const status = visibleStatus(current);
  const questions = openQuestions(current);
  const line = {
    task_id,
    topic,
    status,
    elapsed_seconds: elapsedSeconds(current),
    ...(questions.length > 0 && { questions }),
  };
  const quota = describeQuotaWaitOf(current);
  if (status === "queued") {
    return { ...line, queue_position: queuePosition(store, task), ...(quota !== undefined && { activity: quota }) };
  }
  const activity = quota ?? readActivity(log_file) ?? readSetup(taskPaths(config.home, task_id));
  return { ...line, ...(activity !== undefined && { activity }) };
}

/** Describes in a few words what an unfinished task is doing, without times, so that the text changes only with the activity. */
export function describeActivity({ config, store }: AppContext, task: TaskRecord): string {
  const current = findTask(store, task.task_id)?.record ?? task;
  const quota = describeQuotaWaitOf(current);
  if (task.status === "queued") return `queued${quota ? `: ${quota}` : `, position ${queuePosition(store, task)}`}`;
  const [question] = openQuestions(current);
  if (question !== undefined) return describeWaiting(task, question);
  if (quota !== undefined) return quota;
  return readActivity(task.log_file) ?? readSetup(taskPaths(config.home, task.task_id)) ?? "Codex is starting";
}

/** Says how an agent answers a question. */
export function describeAnswering(taskId: string, question: Question): string {
  const call = `{task_id: "${taskId}", answer: "${question.id}", message}`;
  return `It waits for an answer: call codex_send ${call} with message ${listAnswers(question)}; ask the user unless the answer is obvious.`;
}

/** Says in one line what a task waits for and how to answer. */
function describeWaiting({ task_id }: TaskRecord, question: Question): string {
  const asked = takeStart(makeVisible(summarizeQuestion(question)), MAX_QUESTION);
  return `waiting for an answer: ${asked} – codex-mcp-server answer ${task_id} ${question.id} (${listAnswers(question)})`;
}

const MAX_QUESTION = 500;
const SETUP_BYTES = 400;

/** Returns the last output line of the worktree's setup command; undefined if there is no command or no output yet. */
function readSetup({ setupLog }: TaskPaths): string | undefined {
  const line = readTail(setupLog, SETUP_BYTES).trimEnd().split("\n").at(-1)?.trim();
  return line ? `setting up the worktree: ${withoutControls(line)}` : undefined;
}

/** Returns a line without escape sequences and without the overwritten text of package managers' progress bars. */
function withoutControls(text: string): string {
  return takeStart(Bun.stripANSI(text).split("\r").at(-1) ?? "", 160);
}

import type { TaskPageData } from "#board/api/task.ts";
import { readCard } from "#board/cards/read-card.ts";
import { taskNameIn } from "#board/server/read-request.ts";
import { respondJson } from "#board/server/respond.ts";
import type { Route } from "#board/server/route.ts";
import { toCommandHint } from "#base/command-hints.ts";
import { takeStart } from "#base/text.ts";
import type { ReviewFacts } from "#domain/finding.ts";
import type { Question } from "#domain/question.ts";
import { isEnded, mayBeJoined, openQuestions, type TaskRecord } from "#domain/record.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { listGroupIds } from "#store/tasks/groups.ts";
import { taskPaths } from "#store/store-paths.ts";
import { readWholeQuestion } from "#tasks/answer-question.ts";
import type { AppContext } from "#tasks/context.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { showTask, type TaskDetail } from "#tasks/show-task.ts";
import { listTaskFacts } from "#tasks/task-facts.ts";
import { findWorktreeBase } from "#store/worktree-base.ts";
import { listAllowedActions, listMessageTimes } from "./allowed-actions.ts";
import { listRuns, listTaskFiles } from "./task-history.ts";

/** Routes of the page of a task. */
export const TASK_PAGE_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/tasks/:id",
    kind: "data",
    handle: async ({ app }, request) => respondJson(await readTaskPage(app, taskNameIn(request))),
  },
];

/** Largest text of a page, in characters, and largest file that one is read from, in bytes. */
const MAX_TEXT = 1024 * 1024;
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Largest question that is shown with all its parts, in characters. */
const MAX_QUESTION = 4 * 1024 * 1024;

/**
 * Returns the page of a task.
 * @param name id, topic, or the beginning of either
 * @throws AppError `unknown_task`
 */
export async function readTaskPage(context: AppContext, name: string): Promise<TaskPageData> {
  const { task_id: id } = resolveTask(context, name).record;
  const detail = await showTask(context, id);
  // The state of the task is known only now.
  const stored = findTask(context.store, id) ?? resolveTask(context, id);
  const { record } = stored;
  const card = await readCard(context, stored);
  const { home, pane } = context.config;
  const { merges_cleanly, conflicts_with } = card;
  const merging = {
    ...(merges_cleanly !== undefined && { merges_cleanly }),
    ...(conflicts_with !== undefined && { conflicts_with }),
  };
  const canAttach = record.tmux_session !== undefined || (pane === "tui" && mayBeJoined(record));
  return {
    card,
    prompt: readText(record.prompt_file) ?? record.title ?? "",
    runs: listRuns(home, record),
    ...outcomeOf(context, detail, record),
    ...(detail.usage !== undefined && { usage: detail.usage }),
    ...(detail.max_tokens !== undefined && { max_tokens: detail.max_tokens }),
    ...(detail.check !== undefined && { check: detail.check }),
    questions: openQuestions(record).map((question) => readQuestion(context, record, question)),
    messages: detail.messages ?? [],
    ...(detail.note !== undefined && { note: toCommandHint(detail.note, id) }),
    facts: listTaskFacts({ ...detail, ...merging }, record),
    files: listTaskFiles(home, id),
    ...worktreeOf(context, record),
    ...(!isEnded(record) && canAttach && { attach_command: `codex-mcp-server attach ${id}` }),
    logs_command: `codex-mcp-server logs ${isEnded(record) ? "" : "-f "}${id}`,
    actions: await listAllowedActions(context, record),
    message_times: listMessageTimes(record),
    other_tries:
      record.group === undefined ? [] : listGroupIds(context.store, record.group.id).filter((each) => each !== id),
  };
}

/** Returns the beginning of a text file; undefined if it cannot be read. */
function readText(path: string): string | undefined {
  const text = tryReadText(path, { maxBytes: MAX_FILE_BYTES });
  return text === undefined || text.length <= MAX_TEXT
    ? text
    : `${takeStart(text, MAX_TEXT)}\n\n[… the rest is in ${path}]`;
}

type Outcome = Pick<TaskPageData, "result" | "error" | "review" | "audit">;

function outcomeOf({ config }: AppContext, detail: TaskDetail, record: TaskRecord): Outcome {
  if (!isEnded(record)) return {};
  const { error: message, code = "", hint = "", readonly_audit: audit } = detail;
  const result = readText(taskPaths(config.home, record.task_id).result) ?? record.result;
  const review = reviewOf(record);
  return {
    ...(message !== undefined && { error: { code, message, hint: toCommandHint(hint, record.task_id) } }),
    ...(result !== undefined && { result }),
    ...(review !== undefined && { review }),
    ...(audit !== undefined && { audit }),
  };
}

function reviewOf({ findings, outside_diff, summary = "", verdict }: Partial<ReviewFacts>): ReviewFacts | undefined {
  if (findings === undefined) return undefined;
  return {
    findings,
    summary,
    ...(outside_diff !== undefined && { outside_diff }),
    ...(verdict !== undefined && { verdict }),
  };
}

function readQuestion(context: AppContext, task: TaskRecord, question: Question): Question {
  if (question.whole === undefined) return question;
  const whole = readWholeQuestion(context, task, question);
  return JSON.stringify(whole).length <= MAX_QUESTION ? whole : question;
}

function worktreeOf({ store }: AppContext, task: TaskRecord): Pick<TaskPageData, "worktree"> {
  const { worktree_dir: path, agent_branch: branch } = task;
  if (path === undefined || branch === undefined) return {};
  const base = findWorktreeBase(store, path) ?? task;
  return {
    worktree: {
      path,
      branch,
      ...(base.base_branch !== undefined && { base_branch: base.base_branch }),
      base_commit: base.base_commit ?? "",
    },
  };
}

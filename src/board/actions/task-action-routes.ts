import * as v from "valibot";
import type { ActionResult, MergePreview, SendResult } from "#board/api/actions.ts";
import { readActionBody, taskNameIn } from "#board/server/read-request.ts";
import { respondJson } from "#board/server/respond.ts";
import type { Route } from "#board/server/route.ts";
import { formatPlural } from "#base/text.ts";
import { DECISIONS, type FieldValue } from "#domain/question.ts";
import { MESSAGE_TIMES } from "#domain/message.ts";
import { checkAnswer } from "#domain/read-answer.ts";
import { isEnded } from "#domain/record.ts";
import type { Conflict } from "#git/merge/merge-trees.ts";
import { answerQuestion } from "#tasks/answer-question.ts";
import type { AppContext } from "#tasks/context.ts";
import { cancelTask } from "#tasks/end/cancel-task.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { sendMessage } from "#tasks/send-message.ts";
import { findOthers } from "#worktrees/discard-others.ts";
import { discardWorktree } from "#worktrees/discard-worktree.ts";
import { previewMerge } from "#worktrees/merge/preview-merge.ts";
import { restoreWorktree } from "#worktrees/restore-worktree.ts";
import { mergeAndDiscard, toBoardFailure } from "./merge-and-discard.ts";
import { openWorktree } from "./open-worktree.ts";

/** Name of the board in the records of runs and answers. */
const CLIENT = "board";

const Strategy = v.picklist(["squash", "merge", "rebase"]);
const FieldValues = v.custom<Record<string, FieldValue>>(
  (given) => typeof given === "object" && given !== null && !Array.isArray(given),
  "it must be an object",
);

const SendSchema = v.object({ message: v.string(), when: v.picklist(MESSAGE_TIMES) });
const AnswerSchema = v.object({
  question: v.pipe(v.string(), v.maxLength(200)),
  decision: v.picklist(DECISIONS),
  // The values are checked against the fields of the question.
  values: v.optional(FieldValues),
});
const PreviewSchema = v.object({ strategy: v.optional(Strategy, "squash") });
const MergeSchema = v.object({ strategy: Strategy, discard_others: v.optional(v.boolean(), false) });
const DiscardSchema = v.object({ skip_large_ignored: v.optional(v.boolean(), false) });
const OpenSchema = v.object({ path: v.optional(v.pipe(v.string(), v.maxLength(4096))) });
const NothingSchema = v.object({});

/** Routes of the actions on a task. */
export const TASK_ACTION_ROUTES: readonly Route[] = [
  defineAction("send", SendSchema, async (app, id, { message, when }): Promise<SendResult> => {
    const { task, delivery } = await sendMessage(app, { task: id, message, when, client: CLIENT });
    return { id: task.task_id, run: task.run, delivery };
  }),
  defineAction("answer", AnswerSchema, async (app, id, { question: name, decision, values }) => {
    const { question, isTaken } = await answerQuestion(app, {
      task: id,
      question: name,
      answer: (asked) => checkAnswer(asked, { decision, ...(values !== undefined && { values }) }),
      by: CLIENT,
    });
    const later = isTaken ? "" : " Codex gets it as soon as the task's supervisor runs again.";
    return { message: `Answered ${question.id}.${later}` };
  }),
  defineAction("cancel", NothingSchema, async (app, id) => {
    const { record, note } = await cancelTask(app, id);
    if (!isEnded(record)) return { message: note ?? "The cancel is recorded." };
    const isCancelled = record.status === "cancelled";
    return { message: isCancelled ? "The task is cancelled." : `The task had already ended (${record.status}).` };
  }),
  defineAction("merge-preview", PreviewSchema, async (app, id, { strategy }) => preview(app, id, strategy)),
  defineAction("merge", MergeSchema, async (app, id, { strategy, discard_others }) =>
    mergeAndDiscard(app, id, strategy, discard_others ? await findOthers(app, [id]) : []),
  ),
  defineAction("discard", DiscardSchema, async (app, id, { skip_large_ignored }) => {
    const { agent_branch, files_saved, not_saved } = await discardWorktree(app, id, skip_large_ignored);
    const lost = not_saved.length === 0 ? "" : ` Not saved: ${formatPlural(not_saved.length, "large ignored path")}.`;
    const files = `its commits and ${formatPlural(files_saved, "other file")} are saved`;
    return { message: `Discarded ${agent_branch}; ${files}.${lost}` };
  }),
  defineAction("restore", NothingSchema, async (app, id) => {
    const { cwd } = resolveTask(app, id).record;
    const { agent_branch, detached_from } = await restoreWorktree(app, id, cwd);
    const note = detached_from === undefined ? "" : ` It is detached from ${detached_from}, which has moved.`;
    return { message: `Restored ${agent_branch} and its worktree.${note}` };
  }),
  defineAction("open", OpenSchema, async (app, id, { path }) => ({ message: await openWorktree(app, id, path) })),
];

function defineAction<Body, Result extends object = ActionResult>(
  name: string,
  schema: v.GenericSchema<unknown, Body>,
  run: (app: AppContext, id: string, body: Body) => Promise<Result>,
): Route {
  return {
    method: "POST",
    path: `/api/tasks/:id/${name}`,
    kind: "action",
    handle: async ({ app }, request) => {
      const body = await readActionBody(schema, request);
      const { task_id } = resolveTask(app, taskNameIn(request)).record;
      return respondJson(await run(app, task_id, body));
    },
  };
}

async function preview(app: AppContext, id: string, strategy: v.InferOutput<typeof Strategy>): Promise<MergePreview> {
  const { conflicts, failure, ...rest } = await previewMerge(app, id, strategy);
  return {
    ...rest,
    conflicts: conflicts.map(toShownConflict),
    ...(failure !== undefined && { failure: toBoardFailure(failure, id) }),
  };
}

function toShownConflict({ path, hunks }: Conflict): MergePreview["conflicts"][number] {
  if (hunks.length === 0) return { path, kind: "as a whole" };
  const text = hunks.map((hunk) => `line ${hunk.line}:\n${hunk.text}`).join("\n");
  return { path, kind: formatPlural(hunks.length, "place"), text };
}

import { z } from "zod";
import { withFormerNames } from "#base/former-names.ts";
import { type DiscardedOthers, discardOthers, findOthers } from "#worktrees/discard-others.ts";
import { type MergeTasksOptions, mergeWorktrees } from "#worktrees/merge-worktrees.ts";
import { toErrorFields } from "#mcp/answers/respond.ts";
import { type Call, defineTool } from "#mcp/define-tool.ts";
import { failureFields, taskId } from "#mcp/schemas.ts";

/** Merges the changes of tasks. */
export const codexMerge = defineTool({
  name: "codex_merge",
  title: "Merge tasks' work",
  description:
    "Merge the branches of finished tasks, in this order, into the branch that they started from. A conflict changes nothing " +
    "and is reported with file and lines; uncommitted changes in a checkout are never overwritten.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: z.object({
    task_ids: z.array(taskId).min(1).max(50),
    strategy: z
      .enum(["squash", "merge", "rebase", "ff-only"])
      .optional()
      .describe("Default squash: one commit per task"),
    into: z.string().optional().describe("Another branch to merge into"),
    message: z.string().optional().describe("Commit message"),
    discard_others: z.boolean().optional().describe("Then discard the other tries of its group"),
    require_check: z.boolean().optional().describe("Refuse work whose own check has not passed"),
    check: z.string().optional().describe("Command that must pass on each merged result"),
  }),
  output: () =>
    z.object({
      success: z.boolean(),
      merged: z
        .array(
          z.looseObject({
            task_id: z.string(),
            into: z.string(),
            commit: z.string(),
            check: checkOutcome().optional().describe("The check of this commit"),
          }),
        )
        .describe("In order"),
      no_changes: z
        .array(z.looseObject({ task_id: z.string() }))
        .optional()
        .describe("Tasks with nothing to merge"),
      conflicting_task: z.string().optional().describe("The task that conflicts"),
      stopped_at: z.string().optional().meta({ description: "Former name of conflicting_task", deprecated: true }),
      check: checkOutcome().optional().describe("The check that failed"),
      conflicts: z
        .array(z.looseObject({ path: z.string() }))
        .optional()
        .describe("Conflicting files, each with its lines"),
      discarded: z
        .array(z.looseObject({ task_id: z.string(), salvage: z.string() }))
        .optional()
        .describe("The other tries; codex_discard with restore brings each back"),
      not_discarded: z
        .array(z.looseObject({ task_id: z.string(), error: z.string() }))
        .optional()
        .describe("Other tries that could not be discarded"),
      not_attempted: z.array(z.string()).optional().describe("Tasks that come after it"),
      ...failureFields(),
    }),
  handle: async ({ task_ids, strategy = "squash", into, message, discard_others, require_check, check }, call) => {
    const context = call.open();
    const others = discard_others === true ? await findOthers(context, task_ids) : undefined;
    const outcome = await mergeWorktrees(context, task_ids, {
      strategy,
      into,
      message,
      requireCheck: require_check,
      ...mergeCheckOf(check, call),
    });
    const rest = others === undefined ? {} : describeOthers(await discardOthers(context, others, outcome));
    const { merged, stopped, not_attempted } = outcome;
    const no_changes = outcome.no_changes.length === 0 ? {} : { no_changes: outcome.no_changes };
    if (stopped === undefined) return { data: { success: true, merged, ...no_changes, ...rest } };
    const { failure, conflicts, task_id, check: failed } = stopped;
    const { message: error, code, hint } = failure;
    const conflict = withFormerNames({ conflicting_task: task_id, conflicts });
    return {
      isError: true,
      data: {
        success: false,
        error,
        code,
        hint,
        ...conflict,
        ...(failed && { check: failed }),
        merged,
        ...no_changes,
        not_attempted,
      },
    };
  },
});

/** Returns the fields of an answer about the other tries of a group. */
function describeOthers({ discarded, not_discarded }: DiscardedOthers): object {
  const failed = not_discarded.map(({ task_id, failure }) => ({ task_id, ...toErrorFields(failure) }));
  return {
    discarded: discarded.map((each) => ({ ...each, restore: { task_id: each.task_id, restore: true } })),
    ...(failed.length > 0 && { not_discarded: failed }),
  };
}

/** Returns the check of a merge. It stops when the client no longer waits for the answer, so that the branch does not move later. */
function mergeCheckOf(
  command: string | undefined,
  { abandoned, reportProgress }: Call,
): Pick<MergeTasksOptions, "check"> {
  return command === undefined ? {} : { check: { command, signal: abandoned, report: reportProgress } };
}

/** Returns the schema of the check of a merged result. */
const checkOutcome = () =>
  z.looseObject({ command: z.string(), passed: z.boolean() }).describe("With exit_code, seconds, output_tail");

import { z } from "zod";
import { compareTasks } from "#worktrees/compare/compare-tasks.ts";
import { diffTasks } from "#worktrees/compare/diff-tasks.ts";
import { AppError } from "#base/errors.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { status } from "#mcp/schemas.ts";
import { fitPatch, roomForPatch } from "./codex-diff.ts";

/** Compares the tries of a group, or other tasks. */
export const codexCompare = defineTool({
  name: "codex_compare",
  title: "Compare tasks",
  description:
    "Compare the tries of a group, or 2 to 10 tasks: outcome, check, size, tokens, time, common files. diff: from one's work to another's, as codex_diff.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.object({
    group: z.string().optional(),
    task_ids: z.array(z.string()).optional(),
    diff: z.array(z.string()).length(2).optional(),
    paths: z.array(z.string()).optional(),
    patch: z.boolean().optional(),
  }),
  output: () =>
    z.object({
      tasks: z
        .array(z.looseObject({ task_id: z.string(), status }))
        .optional()
        .describe("Each with its settings, outcome, check, changes, tokens and elapsed_seconds"),
      files_in_common: z
        .array(z.object({ path: z.string(), tasks: z.array(z.string()) }))
        .optional()
        .describe("Files that several tasks changed"),
      files_left_out: z.int().optional().describe("Number of files that are not listed"),
      identical: z.array(z.array(z.string())).optional().describe("Tasks whose files are the same"),
      from: z.string().optional().describe("With diff: the task before"),
      to: z.string().optional().describe("With diff: the task after"),
      diff_stat: z.string().optional(),
      files: z
        .array(z.looseObject({ path: z.string(), status: z.string() }))
        .optional()
        .describe("Each with its added and deleted lines"),
      patch: z.string().optional().describe("In the format of git diff"),
      patch_file: z.string().optional().describe("The whole patch"),
      patch_left_out: z.int().optional().describe("Bytes of the patch that are in patch_file only"),
      note: z.string().optional(),
    }),
  handle: async ({ group, task_ids = [], diff, paths = [], patch: isPatchWanted = true }, { open, limits }) => {
    const names = group?.trim() ? [group, ...task_ids] : task_ids;
    const [from, to] = diff ?? [];
    if (from === undefined || to === undefined) {
      if (names.length === 0) throw withoutTasks();
      return { data: await compareTasks(open(), names) };
    }
    const room = roomForPatch(limits());
    const { patch, folder: _folder, ...facts } = await diffTasks(open(), [from, to], paths, isPatchWanted ? room : 0);
    return { data: fitPatch(facts, isPatchWanted ? patch : undefined, room) };
  },
});

function withoutTasks(): AppError {
  return new AppError("invalid_argument", "There is nothing to compare.", "Pass group, task_ids or diff.");
}

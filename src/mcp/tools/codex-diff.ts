import { z } from "zod";
import { diffWorktree } from "#worktrees/diff-worktree.ts";
import { defineTool } from "#mcp/define-tool.ts";
import type { ClientLimits } from "#mcp/answers/client-limits.ts";
import { sizeOf } from "#mcp/answers/fit-answer.ts";
import { taskId, worktreeSchemas } from "#mcp/schemas.ts";

/** Largest number of files in a list; `diff_stat` has the total. */
const MAX_FILES = 200;

/** Shows what a task changed. */
export const codexDiff = defineTool({
  name: "codex_diff",
  title: "Show what a task changed",
  description:
    "Show the changes in a task's worktree since base_commit: commits, uncommitted and new files. Returns statistics for every file " +
    "and the patch, shortened if necessary; patch_file has the whole patch.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.object({
    task_id: taskId,
    paths: z.array(z.string()).max(100).optional().describe("Limit the patch to these files or folders"),
    patch: z.boolean().optional().describe("false: statistics only"),
  }),
  output: () =>
    z.object({
      task_id: z.string(),
      ...worktreeSchemas(),
      files: z
        .array(z.looseObject({ path: z.string(), status: z.string() }))
        .describe("Each with its added and deleted lines"),
      files_left_out: z.int().optional().describe("Number of files that are not listed"),
      patch: z.string().optional().describe("In the format of git diff"),
      patch_file: z.string().describe("The whole patch"),
      patch_left_out: z.int().optional().describe("Bytes of the patch that are in patch_file only"),
    }),
  handle: async ({ task_id, paths = [], patch: isPatchWanted = true }, { open, limits }) => {
    const room = roomForPatch(limits());
    const { patch, ...diff } = await diffWorktree(open(), task_id, paths, isPatchWanted ? room : 0);
    return { data: fitPatch(diff, isPatchWanted ? patch : undefined, room) };
  },
});

/** Returns the size of an answer with a patch, in bytes. As JSON, a patch is up to a tenth longer, and the answer contains it twice. */
export function roomForPatch({ answerBytes }: ClientLimits): number {
  return Number.isFinite(answerBytes) ? answerBytes : 1024 * 1024;
}

/**
 * Returns an answer about a patch, cut to a size.
 * @param patch the patch or its beginning; undefined if only statistics are wanted
 */
export function fitPatch(
  { files, patch_bytes, ...facts }: { files: readonly object[]; patch_bytes: number },
  patch: Buffer | undefined,
  room: number,
): object {
  const listed = { ...facts, files: files.slice(0, MAX_FILES) };
  const shown = patch === undefined ? undefined : cutPatch(patch, room - sizeOf(listed) - 200);
  const patchLeftOut = patch_bytes - (shown?.length ?? 0);
  return {
    ...listed,
    ...(files.length > MAX_FILES && { files_left_out: files.length - MAX_FILES }),
    ...(shown !== undefined && { patch: shown.toString() }),
    ...(patchLeftOut > 0 && { patch_left_out: patchLeftOut }),
  };
}

/** Cuts a patch to the whole lines whose JSON fits into so many bytes. */
function cutPatch(patch: Buffer, room: number): Buffer {
  const size = sizeOf(patch.toString());
  if (size <= room || patch.length === 0) return patch;
  const part = patch.subarray(0, Math.floor(patch.length * (Math.max(0, room) / size) * 0.95));
  return cutPatch(part.subarray(0, part.lastIndexOf(0x0a) + 1), room);
}

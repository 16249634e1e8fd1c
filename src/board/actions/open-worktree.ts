import { realpathSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { AppError } from "#base/errors.ts";
import { isWithin, pathExists } from "#base/paths.ts";
import { openInEditor } from "#platform/start/open-in-editor.ts";
import type { AppContext } from "#tasks/context.ts";
import { findWorktreeFolder, getTaskWorktree, worktreeGone } from "#worktrees/task-worktree.ts";

/**
 * Opens a task's worktree, or a file in it, in the user's editor.
 * @param path path relative to the worktree
 * @returns the outcome in one sentence
 * @throws AppError `no_worktree`, `worktree_gone`; `invalid_argument` for a path that leads out of the worktree; `editor_missing`
 */
export async function openWorktree(context: AppContext, taskId: string, path: string | undefined): Promise<string> {
  const site = await getTaskWorktree(context, taskId);
  const found = await findWorktreeFolder(site);
  if (found === undefined) throw await worktreeGone(site);
  const folder = realpathSync(found);
  const file = path === undefined || path === "" ? undefined : resolveInside(folder, path);
  const editor = await openInEditor({ folder, file }, context.config.environment);
  if (editor !== undefined) return `Opened ${path === undefined ? "the worktree" : path} in ${editor}.`;
  throw new AppError(
    "editor_missing",
    `Nothing was found here that can open ${folder}.`,
    "Put an editor such as code, cursor, zed or idea into the PATH of codex-mcp-server board, or open the folder yourself.",
  );
}

/** Returns the real path of a file within a folder. */
function resolveInside(folder: string, path: string): string {
  const outside = () =>
    new AppError("invalid_argument", "The path leads out of the task's worktree.", "Choose a file of the worktree.");
  if (isAbsolute(path) || path.includes("\0")) throw outside();
  const target = join(folder, path);
  if (!isWithin(target, folder)) throw outside();
  if (!pathExists(target)) {
    throw new AppError("nothing_to_read", "The worktree has no such file now.", "It may have been deleted or renamed.");
  }
  // A link in the worktree may lead anywhere.
  const real = realpathSync(target);
  if (!isWithin(real, folder)) throw outside();
  return real;
}

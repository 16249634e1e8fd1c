import { AppError } from "#base/errors.ts";
import { statIfAny } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { git, hasOutput } from "#git/git.ts";
import { getRunFolder, type WorktreePlan } from "./worktree.ts";

/**
 * Checks that a worktree will have the folder in which its task runs.
 * @param isSnapshot whether the worktree starts with the uncommitted work
 * @throws AppError `no_commit_holds_cwd`
 */
export async function checkHasCwd(plan: WorktreePlan, isSnapshot: boolean): Promise<void> {
  const { repository, action, branch } = plan;
  const { folder, subfolder, toplevel, commit } = repository;
  if (subfolder === "" || toplevel === undefined) return;
  if (action === "reuse") {
    if (statIfAny(getRunFolder(plan))?.isDirectory() === true) return;
    throw withoutFolder(`The worktree ${plan.path} of this topic has no folder ${subfolder}.`);
  }
  if (await hasFolder(folder, action === "attach" ? `refs/heads/${branch}` : commit, subfolder)) return;
  if (action === "attach") throw withoutFolder(`The branch ${branch} of this topic has no folder ${subfolder}.`);
  const isInSnapshot = await hasUncommittedFiles(toplevel, subfolder);
  if (!(isSnapshot && isInSnapshot)) throw uncommitted(plan, isInSnapshot);
}

async function hasFolder(folder: string, commit: string, subfolder: string): Promise<boolean> {
  const args = ["ls-tree", "-d", "-z", "--full-tree", commit, "--", subfolder];
  return (await git(folder, args, LITERAL_PATHS)).startsWith("040000 tree ");
}

const LITERAL_PATHS = { GIT_LITERAL_PATHSPECS: "1" };

async function hasUncommittedFiles(toplevel: string, subfolder: string): Promise<boolean> {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--", subfolder];
  return hasOutput(toplevel, args, { environment: LITERAL_PATHS });
}

function uncommitted({ repository }: WorktreePlan, isInSnapshot: boolean): AppError {
  const { subfolder, folder, commit } = repository;
  return new AppError(
    "no_commit_holds_cwd",
    `Commit ${commit.slice(0, 12)}, which the worktree would start from, has no folder ${subfolder}.`,
    isInSnapshot
      ? "Commit it first, set include_uncommitted: true, or start a read-only task, which runs in the folder itself."
      : `Commit a file in it first (git -C ${quoteForShell(folder)} add --force ${quoteForShell(subfolder)} if it is ignored; include_uncommitted does not add it), or start a read-only task, which runs in the folder itself.`,
  );
}

function withoutFolder(message: string): AppError {
  return new AppError(
    "no_commit_holds_cwd",
    message,
    "Merge a commit that has it into that branch, use an existing folder as cwd, or choose another topic.",
  );
}

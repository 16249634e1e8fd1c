import { AppError } from "#base/errors.ts";
import { statIfAny } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { hasOutput, git } from "#git/git.ts";
import { runFolderIn, type WorktreePlan } from "./worktree.ts";

/**
 * Checks that a worktree will have the folder in which its task runs.
 * @param isSnapshot whether the worktree starts with the uncommitted work
 * @throws AppError `no_commit_holds_cwd`
 */
export async function checkHoldsCwd(plan: WorktreePlan, isSnapshot: boolean): Promise<void> {
  const { repository, action, branch } = plan;
  const { folder, subfolder, toplevel, commit } = repository;
  if (subfolder === "" || toplevel === undefined) return;
  if (action === "reuse") {
    if (statIfAny(runFolderIn(plan))?.isDirectory() === true) return;
    throw withoutFolder(`The worktree ${plan.path}, in which this topic is worked on, has no folder ${subfolder}.`);
  }
  if (await holdsFolder(folder, action === "attach" ? `refs/heads/${branch}` : commit, subfolder)) return;
  if (action === "attach") throw withoutFolder(`The branch ${branch} of this topic has no folder ${subfolder}.`);
  const isInSnapshot = await hasUncommittedFiles(toplevel, subfolder);
  if (!(isSnapshot && isInSnapshot)) throw uncommitted(plan, isInSnapshot);
}

async function holdsFolder(folder: string, commit: string, subfolder: string): Promise<boolean> {
  const args = ["ls-tree", "-d", "-z", "--full-tree", commit, "--", subfolder];
  return (await git(folder, args, LITERALLY)).startsWith("040000 tree ");
}

const LITERALLY = { GIT_LITERAL_PATHSPECS: "1" };

async function hasUncommittedFiles(toplevel: string, subfolder: string): Promise<boolean> {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--", subfolder];
  return hasOutput(toplevel, args, { environment: LITERALLY });
}

function uncommitted({ repository }: WorktreePlan, isInSnapshot: boolean): AppError {
  const { subfolder, folder, commit } = repository;
  return new AppError(
    "no_commit_holds_cwd",
    `No commit holds cwd: ${commit.slice(0, 12)}, from which the worktree would begin, has no folder ${subfolder}.`,
    isInSnapshot
      ? "Commit it first, or give include_uncommitted: true; a read-only task can work in it as it is."
      : `Commit files in it first (git -C ${quoteForShell(folder)} add --force ${quoteForShell(subfolder)} where .gitignore leaves it out; include_uncommitted would not hold it), or let a read-only task work in it as it is.`,
  );
}

function withoutFolder(message: string): AppError {
  return new AppError(
    "no_commit_holds_cwd",
    message,
    "Merge a commit that has it into that branch, give a folder that is there as cwd, or take another description for the topic.",
  );
}

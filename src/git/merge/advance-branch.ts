import { tryLastingGit } from "../lasting-git.ts";
import { AppError } from "#lib/errors.ts";
import { git } from "../git.ts";
import { gitFailure } from "../git-failure.ts";
import { listWorktrees } from "../worktree-list.ts";

/** A branch is to point to another commit, which comes after the one it points to. */
export interface Advance {
  folder: string;
  /** Without `refs/heads/`. */
  branch: string;
  from: string;
  to: string;
}

/** Another git that holds the index is waited for so long. */
const PATIENCE_MS = 5000;

/**
 * Moves a branch forward, with the files of the working tree that has it checked out. That one step is done by one git
 * process in a session of its own, which goes on to its end whatever happens to this one.
 * @throws AppError `checkout_dirty` where it would overwrite something; nothing is changed then
 */
export async function advanceBranch({ folder, branch, from, to }: Advance): Promise<void> {
  const checkout = await findCheckout(folder, branch);
  if (checkout === undefined) {
    await git(folder, ["update-ref", `refs/heads/${branch}`, to, from]);
    return;
  }
  const args = ["merge", "--ff-only", "--quiet", "--no-autostash", "--no-verify-signatures", to];
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { exitCode, stderr } = await tryLastingGit(checkout, args);
    if (exitCode === 0) return;
    const isHeld = /index\.lock': File exists|cannot lock ref/.test(stderr);
    if (!isHeld || performance.now() > deadline) throw refusal(checkout, args, stderr);
    await Bun.sleep(50);
  }
}

/** Returns the working tree that has a branch checked out; undefined where none has. */
export async function findCheckout(folder: string, branch: string): Promise<string | undefined> {
  const worktrees = await listWorktrees(folder);
  return worktrees.find((worktree) => worktree.branch === branch && !worktree.isPrunable)?.path;
}

function refusal(path: string, args: readonly string[], stderr: string): AppError {
  if (!/would be overwritten|not concluded your merge|unmerged/i.test(stderr)) return gitFailure(path, args, stderr);
  const files = stderr
    .split("\n")
    .filter((line) => line.startsWith("\t"))
    .map((line) => line.trim());
  const named = files.length > 0 ? `: ${files.slice(0, 10).join(", ")}` : ", or a merge that is not finished";
  return new AppError(
    "checkout_dirty",
    `${path} has changes of its own where the merge would write${named}. Nothing was changed.`,
    "Commit or stash them there, and merge again.",
  );
}

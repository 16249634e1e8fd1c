import { rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { git } from "#git/git.ts";
import { GIT_FILES_DEADLINE_MS } from "#git/run-git.ts";
import { addWorktree } from "#git/worktree/worktree.ts";
import { copyIncluded } from "#git/worktree/worktree-include.ts";
import { AppError } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { canWriteInto, realPath } from "#base/paths.ts";
import { makePrivateFolder, writePrivateFile } from "#platform/files/files.ts";
import { helperMarkerOf, joinName } from "#domain/names.ts";
import { type CheckoutPaths, checkoutPaths } from "#store/store-paths.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import { type HeldLock, tryHold } from "#store/locks/held-lock.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import type { AppContext } from "#tasks/context.ts";
import { type CheckoutNote, removeCheckout } from "./sweep-checkouts.ts";

/** Request for a temporary worktree. */
export interface CheckoutRequest {
  /** Folder in which git commands for the repository run. */
  folder: string;
  /** The repository's common git folder. */
  repository: string;
  /** The user's working tree, whose `.worktreeinclude` selects the ignored files to copy; undefined if there is none. */
  source: string | undefined;
  /** Working tree beside which it is created if that folder is writable; otherwise it is created in the state folder. */
  beside: string | undefined;
  commit: string;
}

/** Temporary worktree with a detached HEAD. */
export interface TemporaryCheckout {
  path: string;
  paths: CheckoutPaths;
  /** Environment of the commands that run there, with a marker by which their processes are found. */
  environment: Record<string, string>;
  /** Checks out another commit, and keeps the files that git ignores. */
  switchTo: (commit: string) => Promise<void>;
}

/**
 * Creates a temporary worktree, runs a function with it, and removes it. No task has it, and no list shows it. If this process is killed
 * meanwhile, `sweepCheckouts` removes it.
 * @throws AppError as git's commands do
 */
export async function withTemporaryCheckout<T>(
  context: AppContext,
  request: CheckoutRequest,
  work: (checkout: TemporaryCheckout) => Promise<T>,
): Promise<T> {
  const { home, environment } = context.config;
  // Before the worktree exists, so that it is found whenever this process dies.
  const { paths, lock, note } = claimCheckout(home, request);
  const { path } = note;
  const { repository, folder, commit } = request;
  const marker = helperMarkerOf(home, note.id);
  try {
    await withRepositoryLock(context.store, repository, () =>
      addWorktree(folder, ["worktree", "add", "--quiet", "--detach", "--", path, commit]),
    );
    if (request.source !== undefined) await copyIncluded(request.source, path);
    return await work({
      path,
      paths,
      environment: { ...environment, [marker.name]: marker.value },
      switchTo: async (other) => {
        const args = ["checkout", "--quiet", "--force", "--detach", other];
        await git(path, args, {}, { deadlineMs: GIT_FILES_DEADLINE_MS });
      },
    });
  } finally {
    const isRemoved = await tryToRemove(context, note);
    lock.release();
    // With its note, the next sweep removes what is left.
    if (isRemoved) rmSync(paths.folder, { recursive: true, force: true });
  }
}

/** Note of a temporary worktree, and the lock that shows that its process is alive. */
interface ClaimedCheckout {
  paths: CheckoutPaths;
  lock: HeldLock;
  note: CheckoutNote;
}

/** Maximum number of attempts at a folder for the note: a sweep removes one whose lock is not held yet. */
const MAX_ATTEMPTS = 5;

/**
 * Creates the note and the lock of a temporary worktree.
 * @throws AppError `state_unusable`, `file_system_refused`
 */
function claimCheckout(home: string, request: CheckoutRequest): ClaimedCheckout {
  for (let attempt = 1; ; attempt++) {
    const id = crypto.randomUUID();
    const paths = checkoutPaths(home, id);
    let lock: HeldLock | undefined;
    try {
      inStateFolder(() => makePrivateFolder(paths.folder));
      lock = tryHold(paths.ownerLock);
      if (lock === undefined) throw new AppError("state_unusable", `${paths.ownerLock} is locked.`, "Try again.");
      const note = { id, path: choosePath(request, paths, id), repository: request.repository };
      inStateFolder(() => writePrivateFile(paths.note, JSON.stringify(note)));
      return { paths, lock, note };
    } catch (error) {
      lock?.release();
      if (attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** Removes a temporary worktree. A failure must not hide what was found out there. */
async function tryToRemove(context: AppContext, note: CheckoutNote): Promise<boolean> {
  try {
    await removeCheckout(context, note);
    return true;
  } catch (error) {
    logger("worktrees").warn`the temporary worktree ${note.path} could not be removed: ${String(error)}`;
    return false;
  }
}

function choosePath({ beside, repository }: CheckoutRequest, { folder }: CheckoutPaths, id: string): string {
  const parent = beside === undefined ? folder : dirname(beside);
  const name = joinName(basename(beside ?? repository), `-check-${id.slice(0, 8)}`);
  return join(realPath(canWriteInto(parent) ? parent : folder), name);
}

import { rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import * as v from "valibot";
import { git } from "#git/git.ts";
import { listGitWorktrees } from "#git/worktree/worktree-list.ts";
import { parseJsonAs } from "#base/json.ts";
import { errnoOf } from "#base/errors.ts";
import { IS_WINDOWS } from "#base/system.ts";
import { logger } from "#base/log.ts";
import { listNames, lstatIfAny, pathExists } from "#base/paths.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { endFamily } from "#platform/process/end-family.ts";
import { runProgram } from "#platform/start/run-program.ts";
import { helperMarkerOf } from "#domain/names.ts";
import { checkoutPaths, storePaths } from "#store/store-paths.ts";
import { tryHold } from "#store/locks/held-lock.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import type { AppContext } from "#tasks/context.ts";

/** Note of a temporary worktree, which outlives the process that created it. */
export interface CheckoutNote {
  id: string;
  path: string;
  /** The repository's common git folder. */
  repository: string;
}

const NoteSchema = v.object({ id: v.string(), path: v.string(), repository: v.string() });

/** Pattern of the names of temporary worktrees: nothing else is removed, whatever a note says. */
const CHECKOUT_NAME = /-check-([0-9a-f]{8})$/;

/** Ends the processes that still run in a temporary worktree, and removes it. */
export async function removeCheckout({ config, store }: AppContext, note: CheckoutNote): Promise<void> {
  const { id, path, repository } = note;
  const marker = helperMarkerOf(config.home, id);
  await endFamily({ root: undefined, marker: `${marker.name}=${marker.value}` });
  await removeFolder(path);
  if (!pathExists(repository)) return;
  await withRepositoryLock(store, repository, async () => {
    const isListed = (await listGitWorktrees(repository)).some((each) => each.path === path);
    if (isListed) await git(repository, ["worktree", "remove", "--force", "--force", "--", path]);
  });
}

/** Removes a folder, also one whose permissions a check has taken away. */
async function removeFolder(path: string): Promise<void> {
  const remove = () => rm(path, { recursive: true, force: true });
  await remove().catch(async (error: unknown) => {
    if (IS_WINDOWS || errnoOf(error) !== "EACCES") throw error;
    const command = ["chmod", "-R", "u+rwX", "--", path];
    await runProgram({ command, folder: "/", environment: process.env, deadlineMs: CHMOD_TIMEOUT_MS });
    await remove();
  });
}

const CHMOD_TIMEOUT_MS = 60_000;

/** Removes the temporary worktrees of processes that were killed. A failure is logged: the next call tries again. */
export async function sweepCheckouts(context: AppContext): Promise<void> {
  const { checkouts } = storePaths(context.config.home);
  for (const id of listNames(checkouts)) {
    try {
      await sweepOne(context, id);
    } catch (error) {
      logger("worktrees").warn`the temporary worktree ${id} could not be removed: ${String(error)}`;
    }
  }
}

async function sweepOne(context: AppContext, id: string): Promise<void> {
  const { folder, ownerLock, note: file } = checkoutPaths(context.config.home, id);
  if (lstatIfAny(folder)?.isDirectory() !== true) return;
  const lock = tryHold(ownerLock);
  if (lock === undefined) return; // its process is alive
  try {
    const note = parseJsonAs(NoteSchema, tryReadText(file));
    if (note !== undefined && isOwn(note, id)) await removeCheckout(context, note);
    rmSync(folder, { recursive: true, force: true });
  } finally {
    lock.release();
  }
}

function isOwn({ id, path }: CheckoutNote, folderName: string): boolean {
  return id === folderName && CHECKOUT_NAME.exec(path)?.[1] === id.slice(0, 8);
}

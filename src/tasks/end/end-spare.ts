import { existsSync, rmSync, statSync } from "node:fs";
import { removeChannelFiles } from "#codex/engines/connection/channel-files.ts";
import type { Config } from "#base/config.ts";
import { logger } from "#base/log.ts";
import { listNames } from "#base/paths.ts";
import { processMarkerOf, sparePrefixOf } from "#domain/names.ts";
import type { TaskRecord } from "#domain/record.ts";
import { sharedFileSystem } from "#platform/files/file-system.ts";
import { isFlocked } from "#platform/flock.ts";
import { ownSpace } from "#platform/host.ts";
import { endFamily } from "#platform/process/end-family.ts";
import type { ProcessIdentity } from "#platform/process/identity.ts";
import { readLockState } from "#store/locks/held-lock.ts";
import { sparePaths, storePaths } from "#store/store-paths.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { listUnfinishedIds } from "#store/tasks/list-tasks.ts";
import type { AppContext } from "#tasks/context.ts";

/** Age from which the folder of a spare process whose server has died is removed, in milliseconds: a younger one may be just being made. */
const STALE_MS = 60_000;

/** Time that an idle app-server has to end, in milliseconds. */
const END_TIMEOUT_MS = 1000;

/** Ends a spare process, which has done nothing, with whatever it has started, and removes its folder. */
export async function endSpare({ home }: Config, id: string, process?: ProcessIdentity): Promise<void> {
  const { name, value } = processMarkerOf(home, id, 1);
  await endFamily({ root: process, marker: `${name}=${value}` }, END_TIMEOUT_MS);
  // It may run in another container, where a task has it.
  if (isFlocked(sparePaths(home, id).processLock) !== true) removeSpare(home, id);
}

/** Ends the spare process that a task was given and did not run in. A run that has one ends it, and removes its folder. */
export async function endUnusedSpare({ config }: AppContext, { spare }: TaskRecord): Promise<void> {
  if (spare !== undefined && existsSync(sparePaths(config.home, spare.id).folder)) await endSpare(config, spare.id);
}

/** Removes the files of a spare process that has ended. */
export function removeSpare(home: string, id: string): void {
  const { folder, socket } = sparePaths(home, id);
  removeChannelFiles({ appServer: socket });
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    logger("app").warn`the folder of ${id} cannot be removed: ${String(error)}`;
  }
}

/** Ends the spare processes of servers that have died, and one that a task did not run in, and removes what they left. */
export async function sweepSpares(context: AppContext, ended: TaskRecord): Promise<void> {
  await endUnusedSpare(context, ended);
  const { home } = context.config;
  const { spares } = storePaths(home);
  // Locks of another host may not be seen here.
  const prefix = sharedFileSystem(home) === undefined ? "" : sparePrefixOf(ownSpace().host);
  const ids = listNames(spares).filter((id) => id.startsWith(prefix) && isStale(home, id));
  for (const id of ids) if (!isSpareInUse(context, id)) await endSpare(context.config, id);
}

function isStale(home: string, id: string): boolean {
  const changed = statSync(sparePaths(home, id).folder, { throwIfNoEntry: false })?.mtimeMs;
  return changed !== undefined && Math.abs(Date.now() - changed) > STALE_MS;
}

/** Returns whether a server keeps a spare process, or an unfinished task has it. */
export function isSpareInUse({ config, store }: AppContext, id: string): boolean {
  if (readLockState(sparePaths(config.home, id).ownerLock) === "held") return true;
  return listUnfinishedIds(store).some((taskId) => findTask(store, taskId)?.record.spare?.id === id);
}

import { secretVariables } from "#base/config.ts";
import { logger } from "#base/log.ts";
import { selfCommand } from "#platform/self-command.ts";
import { startDetached } from "#platform/start/start-detached.ts";
import { type EndNotices, isOpenNotice } from "#domain/end-notice.ts";
import { runIdOf } from "#domain/names.ts";
import { findNotices, listOpenNotices, type RunKey } from "#store/ends/record-end.ts";
import { readLockState } from "#store/locks/held-lock.ts";
import { noticesLockPath } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";

/** Number of ends whose notices are resumed at once; the next reader resumes further ones. */
const MAX_RESUMED = 20;

/** Time in which a process that was started must hold the lock, in milliseconds: until then, no second one is started from here. */
const START_GRACE_MS = 10_000;

/** Times at which this process has started notices, by run. */
const started = new Map<string, number>();

/**
 * Starts the process that gives the notices of a task's end, if any are wanted: it outlives the supervisor, whose session and locks must not
 * wait for it. The end is recorded before, so that another process starts it if this one is killed. A failure changes nothing.
 */
export function startEndHook(context: AppContext, run: RunKey): void {
  const { store, config } = context;
  if (store.isNewer || store.wantedNotices.length === 0) return;
  tryToNotify(run, () => {
    const notices = findNotices(store, run);
    if (notices === undefined || !canGive(context, notices) || isBeingGiven(config.home, run)) return;
    start(context, run);
  });
}

/** Starts the notices that are still to be given because the process that gave them, or was to start it, has died. */
export function resumeNotices(context: AppContext): void {
  const { store, config } = context;
  if (store.isNewer || store.wantedNotices.length === 0) return;
  tryToNotify(undefined, () => {
    for (const { notices, ...run } of listOpenNotices(store, MAX_RESUMED)) {
      if (canGive(context, notices) && !isBeingGiven(config.home, run)) start(context, run);
    }
  });
}

/** Returns whether there is something to do that this process is configured for: only its own environment has the command and address. */
function canGive({ store: { wantedNotices } }: AppContext, notices: EndNotices): boolean {
  return wantedNotices.some((channel) => isOpenNotice(notices[channel]));
}

function isBeingGiven(home: string, run: RunKey): boolean {
  const at = started.get(runIdOf(run));
  if (at !== undefined && performance.now() - at < START_GRACE_MS) return true;
  return readLockState(noticesLockPath(home, run)) === "held";
}

function start({ config }: AppContext, run: RunKey): void {
  started.set(runIdOf(run), performance.now());
  const command = [...selfCommand(), "end-hook", run.task_id, "--home", config.home, "--run", String(run.run)];
  const environment = { ...config.environment, ...secretVariables(config) };
  void startDetached(command, environment)
    .catch((error: unknown) => {
      logger("app").warn`the notices of the end of ${run.task_id} could not be started: ${String(error)}`;
    })
    .finally(() => started.delete(runIdOf(run)));
}

function tryToNotify(run: RunKey | undefined, work: () => void): void {
  try {
    work();
  } catch (error) {
    logger("app")
      .warn`the notices ${run === undefined ? "" : `of the end of ${run.task_id} `}cannot be started: ${String(error)}`;
  }
}

import { rmSync } from "node:fs";
import { type EndNotices, isOpenNotice, type NoticeChannel, type NoticeState } from "#domain/end-notice.ts";
import { type EndedTask, isEnded } from "#domain/record.ts";
import { findNotices, recordNotices, type RunKey } from "#store/ends/record-end.ts";
import { tryHold } from "#store/locks/held-lock.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { readEarlierMeta } from "#store/tasks/meta-file.ts";
import { noticesLockPath, taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";
import { deliverWebhook } from "./deliver-webhook.ts";
import { KILLED, runEndCommand } from "./run-end-command.ts";
import { buildMessage } from "./webhook-message.ts";

/**
 * Gives the notices of a run's end that are still to be given and that this process is configured for. It holds their lock meanwhile, so that
 * no second process gives them, and the next one continues if this one is killed.
 */
export async function giveNotices(context: AppContext, run: RunKey): Promise<void> {
  const lockFile = noticesLockPath(context.config.home, run);
  const lock = tryHold(lockFile);
  if (lock === undefined) return;
  try {
    const notices = findNotices(context.store, run);
    if (notices !== undefined) await giveEach(context, run, notices);
    const left = findNotices(context.store, run) ?? {};
    // A process that gets this file's lock after that finds nothing to do.
    if (!isOpenNotice(left.command) && !isOpenNotice(left.webhook)) rmSync(lockFile, { force: true });
  } finally {
    lock.release();
  }
}

async function giveEach(context: AppContext, run: RunKey, notices: EndNotices): Promise<void> {
  const { store, config } = context;
  const now = { ...notices };
  const recorder = (channel: NoticeChannel) => (state: NoticeState) => {
    now[channel] = state;
    recordNotices(store, run, now);
  };
  const task = findEndedRun(context, run);
  const { command, webhook } = notices;
  const work: Promise<void>[] = [];
  if (command !== undefined && isOpenNotice(command)) {
    const record = recorder("command");
    if (task === undefined) record(command.state === "started" ? KILLED : RECORD_GONE);
    else if (config.onEnd !== undefined) work.push(runEndCommand(context, config.onEnd, task, command, record));
  }
  if (webhook !== undefined && isOpenNotice(webhook)) {
    const record = recorder("webhook");
    if (task === undefined) record(RECORD_GONE);
    else if (config.webhook !== undefined) {
      const receiver = { url: config.webhook, secret: config.webhookSecret };
      work.push(deliverWebhook(receiver, buildMessage(task), webhook, record));
    }
  }
  const failed = (await Promise.allSettled(work)).find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

const RECORD_GONE: NoticeState = { state: "failed", why: "the task was removed before it could be given" };

/** Returns the record of a run, which another run may have followed. */
function findEndedRun({ store, config }: AppContext, { task_id, run }: RunKey): EndedTask | undefined {
  const newest = findTask(store, task_id)?.record;
  const record = newest?.run === run ? newest : readEarlierMeta(taskPaths(config.home, task_id), run);
  return record !== undefined && isEnded(record) ? record : undefined;
}

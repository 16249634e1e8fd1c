import type { EndedTurn, FollowUp, FollowUps } from "#domain/follow-up.ts";
import type { RunningTask } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";
import { Inbox } from "#store/tasks/inbox.ts";
import type { AppContext } from "#tasks/context.ts";
import { WorkCheck } from "#tasks/check/work-check.ts";
import { ReviewRepair } from "#tasks/review/repair-review.ts";
import { RunMessages } from "./run-messages.ts";

/**
 * Follow-ups of one run: the one place that is asked, at the end of each turn, what is said next in its session. The sources are asked in
 * their order, and again after each turn; the run is over when none has anything.
 */
export class RunFollowUps implements FollowUps {
  readonly messages: RunMessages;
  /** Check of the work, if the run has one. */
  readonly check: WorkCheck | undefined;
  readonly #sources: readonly FollowUps[];
  #current: FollowUps | undefined;

  /** @param others sources that are asked when no message waits */
  constructor(messages: RunMessages, others: readonly FollowUps[] = [], check?: WorkCheck) {
    this.messages = messages;
    this.check = check;
    // A message may come while the other sources work.
    this.#sources = [messages, ...others, ...(check === undefined ? [] : [check]), messages];
  }

  async next(turn: EndedTurn): Promise<FollowUp | undefined> {
    for (const source of this.#sources) {
      // oxlint-disable-next-line no-await-in-loop -- the first that has something decides
      const followUp = await source.next(turn);
      this.#current = source;
      if (followUp !== undefined) return followUp;
    }
    return undefined;
  }

  started(followUp: FollowUp): void {
    this.#current?.started(followUp);
  }

  /** Ends what the sources still do: the run is over. */
  async close(): Promise<void> {
    this.messages.close();
    await this.check?.close();
  }
}

/**
 * Opens the follow-ups of a run.
 * @param stop aborts when the run is to end
 */
export function openFollowUps(context: AppContext, task: RunningTask, stop: AbortSignal): RunFollowUps {
  const { config } = context;
  const messages = new RunMessages(new Inbox(taskPaths(config.home, task.task_id)));
  if (task.engine !== "app-server") messages.queueAll();
  const { check_request } = task;
  const check = check_request === undefined ? undefined : new WorkCheck(context, { ...task, check_request }, stop);
  return new RunFollowUps(messages, task.review === undefined ? [] : [new ReviewRepair(task)], check);
}

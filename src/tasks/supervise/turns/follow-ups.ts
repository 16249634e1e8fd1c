import type { EndedTurn, FollowUp, FollowUps } from "#domain/follow-up.ts";
import type { RunningTask } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";
import { Inbox } from "#store/tasks/inbox.ts";
import type { AppContext } from "#tasks/context.ts";
import { isBudgetUsed } from "#tasks/budget/token-limits.ts";
import { ReviewRepair } from "#tasks/review/repair-review.ts";
import { RunMessages } from "./run-messages.ts";

/**
 * Follow-ups of one run: the one place that is asked, at the end of each turn, what is said next in its session. The sources are asked in
 * their order, and again after each turn; the run is over when none has anything.
 */
export class RunFollowUps implements FollowUps {
  readonly messages: RunMessages;
  readonly #sources: readonly FollowUps[];
  readonly #isOver: () => boolean;
  #current: FollowUps | undefined;

  /**
   * @param others sources that are asked when no message waits
   * @param isOver returns whether no turn may follow, whatever the sources have; they are asked nevertheless
   */
  constructor(messages: RunMessages, others: readonly FollowUps[] = [], isOver: () => boolean = () => false) {
    this.messages = messages;
    this.#isOver = isOver;
    // A message may come while the other sources work.
    this.#sources = [messages, ...others, messages];
  }

  async next(turn: EndedTurn): Promise<FollowUp | undefined> {
    const asked: EndedTurn = this.#isOver() ? { ...turn, isLast: true } : turn;
    for (const source of this.#sources) {
      // oxlint-disable-next-line no-await-in-loop -- the first that has something decides
      const followUp = await source.next(asked);
      this.#current = source;
      if (followUp === undefined || asked.isLast === true) continue;
      // Other sources than messages may have taken long.
      return source !== this.messages && this.#isOver() ? undefined : followUp;
    }
    return undefined;
  }

  started(followUp: FollowUp): void {
    this.#current?.started(followUp);
  }
}

/** Opens the follow-ups of a run. */
export function openFollowUps(context: AppContext, task: RunningTask): RunFollowUps {
  const messages = new RunMessages(new Inbox(taskPaths(context.config.home, task.task_id)));
  if (task.engine !== "app-server") messages.queueAll();
  const others = task.review === undefined ? [] : [new ReviewRepair(task)];
  return new RunFollowUps(messages, others, () => isBudgetUsed(context, task));
}

import type { EndedTurn, FollowUp, FollowUps } from "#domain/follow-up.ts";
import type { RunningTask } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";
import { Inbox } from "#store/tasks/inbox.ts";
import type { AppContext } from "#tasks/context.ts";
import { WorkCheck } from "#tasks/check/work-check.ts";
import { QuotaWaits } from "#tasks/quota/quota-waits.ts";
import { isBudgetUsed } from "#tasks/budget/token-limits.ts";
import { ReviewRepair } from "#tasks/review/repair-review.ts";
import type { RunContext } from "#tasks/supervise/supervise-run.ts";
import { RunMessages } from "./run-messages.ts";

/** Sources of the further turns of a run. */
interface FollowUpSources {
  messages: RunMessages;
  /** Source that is asked before messages: after a failure that is only to be waited for, they come when it is over. */
  quota?: FollowUps;
  /** Sources that are asked when no message waits. */
  others?: readonly FollowUps[];
  /** Check of the work, which is asked when nothing else follows. */
  check?: WorkCheck | undefined;
  /** Returns whether no turn may follow, whatever the sources have; they are asked nevertheless. */
  isOver?: () => boolean;
}

/**
 * Follow-ups of one run: the one place that is asked, at the end of each turn, what is said next in its session. The sources are asked in
 * their order, and again after each turn; the run is over when none has anything.
 */
export class RunFollowUps implements FollowUps {
  readonly messages: RunMessages;
  /** Check of the work; undefined if the task has none. */
  readonly check: WorkCheck | undefined;
  readonly #sources: readonly FollowUps[];
  readonly #isOver: () => boolean;
  #current: FollowUps | undefined;

  constructor({ messages, quota, others = [], check, isOver = () => false }: FollowUpSources) {
    this.messages = messages;
    this.check = check;
    this.#isOver = isOver;
    // A message may come while the other sources work.
    this.#sources = [quota, messages, ...others, check, messages].filter((source) => source !== undefined);
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

  /** Ends what the sources still do: the run is over. */
  async close(): Promise<void> {
    this.messages.close();
    await this.check?.close();
  }
}

/** Opens the follow-ups of a run. */
export function openFollowUps(context: AppContext, task: RunningTask, around: RunContext): RunFollowUps {
  const messages = new RunMessages(new Inbox(taskPaths(context.config.home, task.task_id)));
  if (task.engine !== "app-server") messages.queueAll();
  const { check_request } = task;
  const isOver = () => isBudgetUsed(context, task);
  return new RunFollowUps({
    isOver,
    messages,
    quota: new QuotaWaits(context, task, around),
    others: task.review === undefined ? [] : [new ReviewRepair(task)],
    check:
      check_request === undefined ? undefined : new WorkCheck(context, { ...task, check_request }, around.stop.signal),
  });
}

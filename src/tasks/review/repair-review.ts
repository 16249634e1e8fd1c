import type { EndedTurn, FollowUp, FollowUps } from "#domain/follow-up.ts";
import { runIdOf } from "#domain/names.ts";
import type { RunningTask, TaskRequest } from "#domain/record.ts";
import { LineReader } from "#platform/files/json-lines.ts";
import { findReviewProblem } from "./read-review.ts";

/** Source of a further turn that asks once for an answer that can be read, if that of a review cannot be. */
export class ReviewRepair implements FollowUps {
  readonly #task: RunningTask;

  constructor(task: RunningTask) {
    this.#task = task;
  }

  async next({ isCompleted, lastMessage }: EndedTurn): Promise<FollowUp | undefined> {
    return isCompleted ? findRepair(this.#task, lastMessage) : undefined;
  }

  /** Does nothing: the run's log has the message, which any later supervisor finds there. */
  started(): void {}
}

/** Returns the message that asks for another answer; undefined if the answer can be read, the run was asked, or it is no review. */
export function findRepair(task: TaskRequest, lastMessage: string | undefined): FollowUp | undefined {
  const problem = findReviewProblem(task, lastMessage);
  const id = `${runIdOf(task)}-repair`;
  return problem === undefined || wasAsked(task.log_file, id) ? undefined : { id, text: repairPrompt(problem) };
}

/** Returns whether a run's log has a message of this name. */
function wasAsked(logFile: string, id: string): boolean {
  const mark = `"client_id":${JSON.stringify(id)}`;
  return new LineReader(logFile).read().some((line) => line.includes(mark));
}

function repairPrompt(problem: string): string {
  return `Your answer ${problem}. Answer again, with the same findings: one JSON object in the form that the first message describes, and nothing else, without a code fence.`;
}

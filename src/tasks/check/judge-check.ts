import type { Failure } from "#base/errors.ts";
import { formatPlural } from "#base/text.ts";
import type { RunResult } from "#codex/run/run-log.ts";
import { type CheckState, describeFailedCheck, isFinalCheck, nameCheck } from "#domain/check.ts";
import type { RunFacts, RunningTask } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";
import { readCheckState } from "#store/tasks/check-state.ts";
import type { AppContext } from "#tasks/context.ts";

/**
 * Judges a run by the last check of its work.
 * @param check last check as this process knows it; by default as recorded
 */
export function judgeCheck(
  { config }: AppContext,
  task: RunningTask,
  run: RunResult,
  check: CheckState | undefined = readCheckState(taskPaths(config.home, task.task_id), task.run),
): { facts: Pick<RunFacts, "check">; failure: Failure | undefined } {
  // One that has passed says nothing about the work of later turns, also of one that failed or was stopped.
  const isLatest = check?.turns === run.state.completedTurns && run.state.terminal?.kind === "completed";
  const isOld = check?.outcome.passed === true && !isLatest;
  const facts = check === undefined || isOld ? {} : { check: check.outcome };
  return { facts, failure: checkFailure(task, run, check) };
}

/** Returns the failure of a run, otherwise a success, whose work has not passed its check. */
function checkFailure(
  { check_request: request }: RunningTask,
  { state, stopped }: RunResult,
  check: CheckState | undefined,
): Failure | undefined {
  if (request === undefined) return undefined;
  if (!isFinalCheck(check, state.completedTurns) && stopped !== undefined) return stopped;
  // A further turn may have been due that could not be started.
  if (check?.turns !== state.completedTurns) return uncheckedFailure(request.command);
  if (check.outcome.passed) return undefined;
  const { attempts } = check.outcome;
  return {
    code: "check_failed",
    message: `${describeFailedCheck(check.outcome)} (${formatPlural(attempts, "attempt")}).`,
    hint: `Read ${check.outcome.output_file}, and call codex with resume to continue the task; its work is kept.`,
  };
}

function uncheckedFailure(command: string): Failure {
  return {
    code: "check_failed",
    message: `The check ${nameCheck(command)} did not finish: the task's processes were killed, or its outcome could not be recorded.`,
    hint: "Call codex with resume to continue the task, which runs its check again; its work is kept.",
  };
}

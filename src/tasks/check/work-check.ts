import { LogWriter } from "#codex/engines/log-writer.ts";
import { prepareSandbox } from "#codex/sandbox-command.ts";
import { foldLog } from "#codex/run/run-log.ts";
import { toFailure } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { removeCgroup } from "#platform/process/cgroup.ts";
import type { CheckOutcome, CheckRequest, CheckState } from "#domain/check.ts";
import type { EndedTurn, FollowUp, FollowUps } from "#domain/follow-up.ts";
import { helperMarkerOf, runMarkerOf } from "#domain/names.ts";
import type { RunningTask } from "#domain/record.ts";
import { readCheckState, writeCheckState } from "#store/tasks/check-state.ts";
import { taskPaths, type TaskPaths } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";
import { endLeftovers } from "#tasks/end/end-processes.ts";
import { containCheck } from "#tasks/supervise/run-containment.ts";
import { tryTo } from "#tasks/supervise/try-to.ts";
import { type CheckedWork, commitBeforeCheck, recordTraces } from "./checked-work.ts";
import { repairOf } from "./repair-prompt.ts";
import { type CheckEnd, outcomeOf, runCheck } from "./run-check.ts";

/** Checked run: its task has a check. */
export type CheckedTask = RunningTask & { check_request: CheckRequest };

/** Number of times that one attempt is begun: a check may itself kill the supervisor, or use up the memory. */
const MAX_STARTS = 4;
const KILLED_EACH_TIME = `it was started ${MAX_STARTS} times, and each time the task's supervisor was killed`;

/** End of a check, and whether Codex can do something about its failure. */
interface RepairableEnd extends CheckEnd {
  isRepairable: boolean;
}

/**
 * Source of further turns that checks the work after each completed turn. If the check fails and may be run again, its end is the text of
 * the next turn. Its state is in the task's folder, so that another supervisor neither forgets nor repeats a check that has ended.
 */
export class WorkCheck implements FollowUps {
  readonly #context: AppContext;
  readonly #task: CheckedTask;
  readonly #paths: TaskPaths;
  readonly #stop: AbortSignal;
  readonly #closing = new AbortController();
  #state: CheckState | undefined;
  /** Last check, which may still be running. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param stop aborts when the run is to end */
  constructor(context: AppContext, task: CheckedTask, stop: AbortSignal) {
    this.#context = context;
    this.#task = task;
    this.#paths = taskPaths(context.config.home, task.task_id);
    this.#stop = stop;
    this.#state = readCheckState(this.#paths, task.run);
  }

  /** Returns the last check that has ended. */
  get state(): CheckState | undefined {
    return this.#state;
  }

  async next({ isCompleted, isPursued = false, isLast = false, superseded }: EndedTurn): Promise<FollowUp | undefined> {
    if (!isCompleted || isPursued) return undefined;
    const signals = [this.#stop, this.#closing.signal, ...(superseded === undefined ? [] : [superseded])];
    const checked = this.#last
      .then(() => this.#check(AbortSignal.any(signals), !isLast))
      .catch((error: unknown) => {
        // Without an outcome, the run is no success.
        logger("tasks").error`the work of ${this.#task.task_id} could not be checked: ${String(error)}`;
        return undefined;
      });
    this.#last = checked;
    const state = await checked;
    return state === undefined ? undefined : repairOf(this.#task, state);
  }

  /** Does nothing: the number of turns shows that Codex has it. */
  started(): void {}

  /** Ends a check that is still running. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#last;
  }

  /**
   * Returns the check of the work as it is after the last turn; undefined if it did not come to an end.
   * @param mayContinue whether a further turn may follow
   */
  async #check(signal: AbortSignal, mayContinue: boolean): Promise<CheckState | undefined> {
    if (signal.aborted) return undefined;
    const { completedTurns: turns, isChecking, unendedChecks } = await foldLog(this.#task.log_file);
    if (this.#state?.turns === turns) {
      // An earlier supervisor has died after it had recorded the end.
      if (isChecking) this.#logEnd(this.#state.outcome);
      return this.#state;
    }
    const attempt = (this.#state?.outcome.attempts ?? 0) + 1;
    const { command } = this.#task.check_request;
    const isFatal = unendedChecks >= MAX_STARTS;
    if (!isFatal) this.#log({ type: "check.started", command, attempt });
    // With codex exec, commands that still run end with the turn.
    if (this.#task.engine !== "app-server") await endLeftovers(this.#context, this.#task);
    const work = await commitBeforeCheck(this.#context, this.#task, signal);
    const end = isFatal ? notRun(KILLED_EACH_TIME) : await this.#run(signal);
    await recordTraces(this.#task);
    if (signal.aborted) return undefined;
    const state = this.#toState(turns, attempt, work, { ...end, isRepairable: end.isRepairable && mayContinue });
    this.#state = state;
    tryTo(`the check of ${this.#task.task_id} could not be recorded`, () => writeCheckState(this.#paths, state));
    this.#logEnd(state.outcome);
    return state;
  }

  async #run(signal: AbortSignal): Promise<RepairableEnd> {
    const { config } = this.#context;
    const { sandbox, run_dir: folder, network, check_request } = this.#task;
    const markers = [runMarkerOf(config.home, this.#task), helperMarkerOf(config.home, this.#task.task_id)];
    const marks = Object.fromEntries(markers.map(({ name, value }) => [name, value]));
    const environment = { ...config.environment, ...marks };
    try {
      // It runs what Codex has written.
      const inside = { folder, environment, network: network === true, signal };
      const sandboxed = sandbox === "workspace-write" ? await prepareSandbox(config, inside) : undefined;
      if (sandboxed !== undefined && "why" in sandboxed) return notRun(sandboxed.why);
      const containment = containCheck(config, this.#task);
      const end = await runCheck({
        command: check_request.command,
        folder,
        environment,
        outputFile: this.#paths.checkLog,
        timeoutMs: config.checkTimeoutSeconds * 1000,
        signal,
        sandboxed: sandboxed?.words,
        containment,
      });
      if (containment.cgroup !== undefined) await removeCgroup(containment.cgroup);
      return { ...end, isRepairable: true };
    } catch (error) {
      return notRun(`it could not be run: ${toFailure(error).message}`);
    }
  }

  #toState(turns: number, attempt: number, work: CheckedWork, end: RepairableEnd): CheckState {
    const { command, attempts } = this.#task.check_request;
    const repairs = this.#state?.repairs ?? 0;
    const ended = outcomeOf(end);
    const continues = !ended.passed && end.isRepairable && repairs < attempts - 1;
    const outcome: CheckOutcome = {
      command,
      ...ended,
      attempts: attempt,
      output_file: this.#paths.checkLog,
      ...(work.commit !== undefined && { commit: work.commit }),
    };
    return {
      run: this.#task.run,
      turns,
      repairs: continues ? repairs + 1 : repairs,
      continues,
      outcome,
      ...(work.commitError !== undefined && { commit_error: work.commitError }),
    };
  }

  #logEnd({ command, passed, exit_code, attempts, seconds, output_tail, why }: CheckOutcome): void {
    const how = { ...(exit_code !== undefined && { exit_code }), ...(why !== undefined && { why }) };
    this.#log({ type: "check.completed", command, attempt: attempts, passed, ...how, seconds, output_tail });
  }

  #log(event: { type: string; [field: string]: unknown }): void {
    try {
      new LogWriter(this.#task.log_file).write([event]);
    } catch (error) {
      logger("tasks").warn`the log of ${this.#task.task_id} lacks ${event.type}: ${String(error)}`;
    }
  }
}

/** Returns the end of a check that could not be run, which Codex cannot change. */
function notRun(why: string): RepairableEnd {
  return { seconds: 0, outputTail: "", why, isRepairable: false };
}

import { withCollisions } from "#worktrees/collisions/collision-fields.ts";
import { answerNote, describeUndelivered, toAnswer, worktreeFields } from "#tasks/answer.ts";
import { cancelTask } from "#tasks/end/cancel-task.ts";
import type { AppContext } from "#tasks/context.ts";
import type { OpenRequest } from "#tasks/start/request/complete-request.ts";
import { toFailure } from "#base/errors.ts";
import { startOpenTask } from "#tasks/start/start-task.ts";
import { describeActivity } from "#tasks/follow/running-line.ts";
import { followLog } from "#tasks/follow/follow-log.ts";
import { waitForTask } from "#tasks/follow/wait-for-tasks.ts";
import { type EndedTask, isEnded, type TaskRecord } from "#domain/record.ts";
import { toCommandHint, withCommandHints } from "#base/command-hints.ts";
import { formatFindings } from "#cli/terminal/format-findings.ts";
import { describeEnd } from "#cli/terminal/format-task.ts";
import { shortenHome } from "#base/paths.ts";
import { notifyPerson } from "#cli/terminal/notify.ts";
import { isErrorTerminal, printErrors, printJson, printLines } from "#cli/terminal/output.ts";
import { compose, hangingIndent, multiline, paint, type Text, withoutControls } from "#cli/terminal/style.ts";
import { describeAudit } from "./describe-audit.ts";
import { ProgressPrinter } from "./print-progress.ts";
import { reportQuestions } from "./report-questions.ts";
import { listenForStop, type StopListener } from "./stop-listener.ts";

/** Exit code of a review with findings of the priority that is to fail. */
const EXIT_FINDINGS = 3;

/** Exit code after a time limit, the same as that of timeout(1). */
export const EXIT_TIMED_OUT = 124;

/** Form of the output. */
export interface RunOutput {
  isJson: boolean;
  /** Whether the task is left running once it is started. */
  isDetached: boolean;
  isQuiet: boolean;
  /** Lowest priority of a finding with which a review exits with 3; undefined if it never does. */
  failOn?: number | undefined;
}

/**
 * Starts a task, shows its progress and prints its result. A signal stops the task with all its processes.
 * @returns the exit code
 */
export async function runAndReport(context: AppContext, request: OpenRequest, output: RunOutput): Promise<number> {
  return startAndReport(context, async () => startOpenTask(context, request, async () => process.cwd()), output);
}

/** Starts a task by a function, and does the rest of {@link runAndReport}. @returns the exit code */
export async function startAndReport(
  context: AppContext,
  start: () => Promise<TaskRecord>,
  output: RunOutput,
): Promise<number> {
  const stop = listenForStop();
  try {
    const started = await start();
    if (!output.isQuiet) printErrors(describeStartedTask(started));
    if (output.isDetached && stop.exitCode === undefined) return await detach(context, started, output);
    const stopping = stop.asked.then(async () => cancel(context, started));
    const ended = await waitForEnd(context, started, output);
    if (stop.exitCode !== undefined) await stopping;
    return await report(context, ended, output, stop);
  } finally {
    stop.close();
  }
}

/** Stops a task for a signal. If that fails, the task is waited for as before; a second signal leaves it. */
async function cancel(context: AppContext, { task_id }: TaskRecord): Promise<void> {
  printErrors([`Stopping ${task_id}.`]);
  try {
    await cancelTask(context, task_id);
  } catch (error) {
    printErrors([hangingIndent(withoutControls(`${task_id} cannot be stopped: ${toFailure(error).message}`))]);
  }
}

async function detach(context: AppContext, task: TaskRecord, { isJson, isQuiet }: RunOutput): Promise<number> {
  const { task_id, topic, status, log_file } = task;
  if (isEnded(task)) return report(context, task, { isJson, isQuiet, isDetached: true }, undefined);
  const facts = { task_id, topic, status, log_file, ...worktreeFields(task), ...withCommandHints(answerNote(task)) };
  if (isJson) printJson(facts);
  else printLines([task_id]);
  if (!isQuiet && isErrorTerminal()) printErrors([paint(`codex-mcp-server logs -f ${task_id}`, "dim")]);
  return 0;
}

async function waitForEnd(context: AppContext, task: TaskRecord, { isQuiet }: RunOutput): Promise<EndedTask> {
  if (isEnded(task)) return task;
  if (isQuiet) return waitForTask(context, task);
  const over = new AbortController();
  void reportQuestions(context, task, over.signal, isErrorTerminal());
  try {
    return isErrorTerminal() ? await showUntilEnd(context, task) : await waitForTask(context, task);
  } finally {
    over.abort();
  }
}

async function showUntilEnd(context: AppContext, task: TaskRecord): Promise<EndedTask> {
  if (task.status === "queued") printErrors([paint(describeActivity(context, task), "dim")]);
  const progress = new ProgressPrinter();
  const ended = await followLog(context, task, (lines) => progress.show(lines));
  progress.finish(ended.status === "completed");
  notifyPerson(ended);
  return ended;
}

async function report(
  context: AppContext,
  ended: EndedTask,
  { isJson, isQuiet, failOn }: RunOutput,
  stop: StopListener | undefined,
): Promise<number> {
  const isCompleted = ended.status === "completed";
  if (!isQuiet || !isCompleted) printErrors(describeOutcome(ended));
  if (isJson) printJson(withCommandHints(await withCollisions(context, ended, toAnswer(ended), true)));
  else if (isCompleted && ended.findings !== undefined) printLines(formatFindings(ended));
  else if (isCompleted && ended.result !== undefined) printLines([multiline(ended.result)]);
  if (isCompleted) return failOn !== undefined && hasFinding(ended, failOn) ? EXIT_FINDINGS : 0;
  if (stop?.exitCode !== undefined) return stop.exitCode;
  return ended.code === "timeout" || ended.code === "idle_timeout" ? EXIT_TIMED_OUT : 1;
}

/** Returns whether a review found a fault of this priority or a more urgent one, in the diff or outside of it. */
function hasFinding({ findings = [], outside_diff = [] }: EndedTask, failOn: number): boolean {
  return [...findings, ...outside_diff].some(({ priority }) => priority <= failOn);
}

/** Describes in a line or two where a task was started. */
export function describeStartedTask(task: TaskRecord): Text[] {
  const { task_id, sandbox, worktree_dir, agent_branch, cwd } = task;
  const folder = shortenHome(worktree_dir ?? cwd);
  const branch = agent_branch === undefined ? "" : ` on ${agent_branch}`;
  const { note } = answerNote(task);
  return [
    compose`${paint(task_id, "bold")} (${sandbox}) in ${withoutControls(folder + branch)}`,
    ...(note === undefined ? [] : [paint(withoutControls(toCommandHint(note, task_id)), "yellow")]),
  ];
}

function describeOutcome(ended: EndedTask): Text[] {
  const { task_id, worktree_dir, status } = ended;
  const lines: Text[] = [...describeEnd(ended)];
  if (ended.status === "failed") lines.push(hangingIndent(withoutControls(toCommandHint(ended.hint, task_id))));
  if (ended.commit_error !== undefined) {
    lines.push(hangingIndent(compose`not committed: ${withoutControls(ended.commit_error)}`));
  }
  const undelivered = describeUndelivered(ended);
  if (undelivered !== undefined) {
    lines.push(hangingIndent(paint(withoutControls(toCommandHint(undelivered, task_id)), "yellow")));
  }
  const { readonly_audit: audit } = ended;
  if (audit !== undefined && audit.verdict !== "CLEAN") lines.push(...describeAudit(audit));
  const commands = worktree_dir === undefined || status !== "completed" ? [] : ["diff", "merge"];
  if (isErrorTerminal()) lines.push(...commands.map((each) => paint(`codex-mcp-server ${each} ${task_id}`, "dim")));
  return lines;
}

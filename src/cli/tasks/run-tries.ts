import { toAnswer } from "#tasks/answer.ts";
import { cancelTasks } from "#tasks/end/cancel-tasks.ts";
import type { AppContext } from "#tasks/context.ts";
import { waitForTask } from "#tasks/follow/wait-for-tasks.ts";
import type { OpenRequest } from "#tasks/start/request/complete-request.ts";
import { type StartedTries, startTries, type TriesOptions } from "#tasks/start/start-tries.ts";
import { compareTasks } from "#worktrees/compare/compare-tasks.ts";
import { AppError } from "#base/errors.ts";
import type { TryVariant } from "#domain/group.ts";
import { type EndedTask, isEnded, type TaskRecord } from "#domain/record.ts";
import { toCommandHint, withCommandHints } from "#base/command-hints.ts";
import { formatComparison } from "#cli/terminal/format-comparison.ts";
import { describeEnd } from "#cli/terminal/format-task.ts";
import { notifyPerson } from "#cli/terminal/notify.ts";
import { printErrors, printJson, printLines, terminalWidth } from "#cli/terminal/output.ts";
import { compose, hangingIndent, join, paint, withoutControls } from "#cli/terminal/style.ts";
import { describeStartedTask, type RunOutput } from "./run-and-report.ts";
import { reportQuestions } from "./report-questions.ts";
import { listenForStop } from "./stop-listener.ts";

/** Parameters of a variant, by their names on the command line. */
const SETTINGS = { model: "model", effort: "reasoningEffort", profile: "profile" } as const;

/**
 * Parses a variant: `model=x,effort=high,profile=p,prompt=text`, of which each part is optional and `prompt` is the last.
 * @throws AppError `invalid_argument`
 */
export function parseVariant(text: string): TryVariant {
  const [, settings = "", promptSuffix] = /^(.*?)(?:(?:^|,)prompt=(.*))?$/s.exec(text) ?? [];
  const variant: TryVariant = promptSuffix === undefined ? {} : { promptSuffix };
  for (const part of settings.split(",").filter((each) => each.trim() !== "")) {
    const [, name = "", value = ""] = /^\s*(\w+)=(.+?)\s*$/s.exec(part) ?? [];
    if (!isSetting(name)) throw badVariant(text);
    variant[SETTINGS[name]] = value;
  }
  return variant;
}

function isSetting(name: string): name is keyof typeof SETTINGS {
  return Object.hasOwn(SETTINGS, name);
}

function badVariant(text: string): AppError {
  return new AppError(
    "invalid_argument",
    `--variant takes settings such as model=gpt-5,effort=high, not "${text}".`,
    "Use model, effort, profile, and last prompt.",
  );
}

/**
 * Starts several tries, waits for all and prints a comparison. A signal stops all.
 * @returns the exit code
 */
export async function runTriesAndReport(
  context: AppContext,
  request: OpenRequest,
  options: TriesOptions,
  output: RunOutput,
): Promise<number> {
  const stop = listenForStop();
  try {
    const started = await startTries(context, request, options, async () => process.cwd());
    const { tasks } = started;
    if (!output.isQuiet) printErrors(tasks.flatMap(describeStartedTask));
    printErrors(started.notStarted.map(describeNotStarted));
    if (output.isDetached && stop.exitCode === undefined) return detach(started, output);
    const stopping = stop.asked.then(async () => cancelAll(context, started));
    const ended = await waitForAll(context, tasks, output);
    if (stop.exitCode !== undefined) await stopping;
    await report(context, started, ended, output);
    if (stop.exitCode !== undefined) return stop.exitCode;
    return hasAllSucceeded(started, ended) ? 0 : 1;
  } finally {
    stop.close();
  }
}

function describeNotStarted({ number, failure }: StartedTries["notStarted"][number]): ReturnType<typeof hangingIndent> {
  return hangingIndent(
    paint(withoutControls(`Try ${number} was not started: ${failure.message} ${toCommandHint(failure.hint)}`), "red"),
  );
}

async function cancelAll(context: AppContext, { group, tasks }: StartedTries): Promise<void> {
  printErrors([`Stopping ${group}.`]);
  const ids = tasks.map(({ task_id }) => task_id);
  for (const { task_id, failure } of (await cancelTasks(context, ids)).failed) {
    printErrors([hangingIndent(withoutControls(`${task_id} cannot be stopped: ${failure.message}`))]);
  }
}

function detach({ group, tasks, notStarted }: StartedTries, { isJson, isQuiet }: RunOutput): number {
  const ids = tasks.map(({ task_id }) => task_id);
  if (isJson) printJson({ group, task_ids: ids });
  else printLines(ids);
  if (!isQuiet) printErrors([paint(`codex-mcp-server wait ${group}`, "dim")]);
  const isRunning = (task: TaskRecord) => !isEnded(task) || task.status === "completed";
  return notStarted.length === 0 && tasks.every(isRunning) ? 0 : 1;
}

async function waitForAll(
  context: AppContext,
  tasks: readonly TaskRecord[],
  { isQuiet }: RunOutput,
): Promise<EndedTask[]> {
  const over = new AbortController();
  try {
    return await Promise.all(
      tasks.map(async (task) => {
        void reportQuestions(context, task, over.signal);
        const ended = await waitForTask(context, task);
        if (isQuiet) return ended;
        printErrors([compose`${paint(ended.task_id, "bold")}: ${join(describeEnd(ended), ", ")}`]);
        notifyPerson(ended);
        return ended;
      }),
    );
  } finally {
    over.abort();
  }
}

function hasAllSucceeded({ notStarted }: StartedTries, ended: readonly EndedTask[]): boolean {
  return notStarted.length === 0 && ended.every(({ status }) => status === "completed");
}

async function report(
  context: AppContext,
  started: StartedTries,
  ended: readonly EndedTask[],
  { isJson, isQuiet }: RunOutput,
): Promise<void> {
  const { group, tasks } = started;
  if (isJson) {
    const answers = ended.map((task) => withCommandHints(toAnswer(task)));
    printJson({ success: hasAllSucceeded(started, ended), group, tasks: answers });
  } else if (tasks.length > 1) {
    printLines(formatComparison(await compareTasks(context, [group]), terminalWidth()));
  }
  if (!isQuiet) printErrors([paint(`codex-mcp-server compare ${group}`, "dim")]);
}

import { withCollisions } from "#worktrees/collisions/collision-fields.ts";
import type { AppContext } from "#tasks/context.ts";
import { findGroup, type NamedGroup, resolveTask, resolveTasks } from "#tasks/lookup.ts";
import { describeTasks } from "#tasks/overview.ts";
import { showGroup, showTask } from "#tasks/show-task.ts";
import { listTaskFacts, type ShownTask } from "#tasks/task-facts.ts";
import type { Config } from "#base/config.ts";
import { shorten } from "#base/text.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { isEnded, mayBeJoined, type TaskRecord } from "#domain/record.ts";
import { defineCommand, JSON_OPTION } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printJson, printLines, terminalWidth } from "#cli/terminal/output.ts";
import { formatFindings } from "#cli/terminal/format-findings.ts";
import { formatEvent, formatStatus, formatTasks } from "#cli/terminal/format-task.ts";
import { formatDuration } from "#base/format-values.ts";
import { shortenHome } from "#base/paths.ts";
import { compose, hangingIndent, multiline, paint, type Text, withoutControls } from "#cli/terminal/style.ts";
import { sliceToWidth, wrapToWidth } from "#cli/terminal/table.ts";
import { toCommandHint, withCommandHints } from "#base/command-hints.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { formatQuestion } from "./answer.ts";
import { describeAudit } from "./describe-audit.ts";

export const showCommand = defineCommand({
  name: "show",
  aliases: ["status", "info"],
  group: "tasks",
  summary: "Show the state, progress and result of a task",
  operands: { usage: "<task|group>", min: 1, max: 1, kind: "task or group" },
  options: { json: JSON_OPTION },
  examples: [["show review-auth-v1", "Show a task by its topic; the beginning is enough if it is unique"]],
  run: async ({ options, operands: [name = ""] }) => {
    const context = openCommandContext();
    const group = findGroup(context, name);
    if (group !== undefined) return showTries(context, group, options.json);
    const { record } = resolveTask(context, name);
    const shown = await showTask(context, record.task_id);
    const detail = await withCollisions(context, shown, shown, false);
    const stored = findTask(context.store, record.task_id);
    if (options.json) printJson(withCommandHints(detail));
    else printLines(describe(detail, stored?.record ?? record, context.config));
    return 0;
  },
});

/** Shows a line for each try of a group. */
async function showTries(context: AppContext, group: NamedGroup, isJson: boolean): Promise<number> {
  if (isJson) {
    printJson(await showGroup(context, group));
    return 0;
  }
  const [titles = "", ...rows] = formatTasks(
    await describeTasks(context, resolveTasks(context, group.id)),
    terminalWidth(),
  );
  printLines([paint(titles, "dim"), ...rows, paint(`codex-mcp-server compare ${group.id}`, "dim")]);
  return 0;
}

/** Maximum number of recent events that are shown. */
const MAX_EVENTS = 8;

function describe(detail: ShownTask, record: TaskRecord, config: Config): Text[] {
  return [
    compose`${paint(detail.task_id, "bold")}  ${formatStatus(detail.status)}  ${formatDuration(detail.elapsed_seconds)}`,
    ...fields(detail, record),
    ...describePrompt(record),
    ...describeChanges(detail),
    ...describeEvents(detail),
    ...(detail.questions === undefined ? [] : ["", ...detail.questions.flatMap(formatQuestion).slice(0, -1)]),
    ...describeMessages(detail),
    ...describeCheckOutput(detail),
    ...describeOutcome(detail),
    ...describeFindings(detail, record),
    "",
    ...nextSteps(detail, record, config).map((line) => paint(line, "dim")),
  ];
}

function fields(detail: ShownTask, record: TaskRecord): Text[] {
  const facts = listTaskFacts(detail, record);
  const width = Math.max(...facts.map(({ name }) => name.length));
  return facts.map(({ name, value }) => compose`${paint(name.padEnd(width), "dim")}  ${withoutControls(value)}`);
}

/** Maximum number of characters and lines of the prompt that are shown. */
const MAX_PROMPT = 2000;
const MAX_PROMPT_LINES = 12;

function describePrompt({ prompt_file }: TaskRecord): Text[] {
  const prompt = tryReadText(prompt_file)?.trim();
  if (!prompt) return [];
  const lines = shorten(prompt, MAX_PROMPT).split("\n");
  const more = lines.length > MAX_PROMPT_LINES || prompt.length > MAX_PROMPT;
  const shown = multiline(withoutControls(lines.slice(0, MAX_PROMPT_LINES).join("\n")));
  const rest = more ? [paint(withoutControls(`The whole prompt is in ${shortenHome(prompt_file)}.`), "dim")] : [];
  return ["", paint("Prompt", "bold"), shown, ...rest];
}

function describeChanges({ diff_stat, commits_ahead, uncommitted_changes = [] }: ShownTask): Text[] {
  if (diff_stat === undefined) return [];
  const lines: Text[] = ["", paint("Changes", "bold"), `${diff_stat || "none"}; commits: ${commits_ahead ?? 0}`];
  return [...lines, ...uncommitted_changes.map((line) => compose`  ${withoutControls(line)}`)];
}

function describeEvents({ recent_events = [] }: ShownTask): Text[] {
  if (recent_events.length === 0) return [];
  const lines = recent_events.slice(-MAX_EVENTS).map((event) => {
    const { text, style } = formatEvent({ ...event, text: event.text.replace(/\s+/g, " ").trim() });
    return paint(sliceToWidth(text, terminalWidth()), style);
  });
  return ["", paint("Recent events", "bold"), ...lines];
}

function describeMessages({ messages = [] }: ShownTask): Text[] {
  if (messages.length === 0) return [];
  const lines = messages.map(({ text, when, state }) => {
    const line = `${state} (${when}): ${text.replace(/\s+/g, " ").trim()}`;
    return paint(sliceToWidth(withoutControls(line), terminalWidth()), state === "undelivered" ? "yellow" : "plain");
  });
  return ["", paint("Messages", "bold"), ...lines];
}

/** Maximum number of lines of a failed check's output that are shown. */
const MAX_CHECK_LINES = 20;

/** Returns the end of the output of a check that has failed. */
function describeCheckOutput({ check }: ShownTask): Text[] {
  const { passed, output_tail = "", output_file } = check ?? {};
  if (passed !== false || output_tail.trim() === "") return [];
  const lines = output_tail.trimEnd().split("\n").slice(-MAX_CHECK_LINES);
  const file = paint(withoutControls(`The whole output is in ${shortenHome(output_file ?? "")}.`), "dim");
  return ["", paint("Check", "bold"), multiline(withoutControls(lines.join("\n"))), file];
}

function describeOutcome({ task_id, result, error, code, hint, exit_code, readonly_audit: audit }: ShownTask): Text[] {
  const lines: Text[] = [];
  if (error !== undefined) {
    // Codex itself may have ended well.
    const status = exit_code === undefined || exit_code === 0 ? "" : `, exit status ${exit_code}`;
    const failure = compose`${withoutControls(error)} [${code ?? ""}${status}]`;
    lines.push("", hangingIndent(paint(failure, "red")), ...wrap(toCommandHint(hint ?? "", task_id)));
  }
  if (audit !== undefined) {
    lines.push("", ...describeAudit(audit));
  }
  if (result !== undefined) lines.push("", paint("Result", "bold"), multiline(withoutControls(result)));
  return lines;
}

function describeFindings({ findings }: ShownTask, record: TaskRecord): Text[] {
  if (findings === undefined || !isEnded(record)) return [];
  return ["", paint("Review", "bold"), ...formatFindings(record)];
}

function wrap(text: string): string[] {
  return wrapToWidth(multiline(withoutControls(text)), terminalWidth(), { isHard: false });
}

function nextSteps(
  { task_id: id, worktree_dir, status, questions }: ShownTask,
  record: TaskRecord,
  { pane }: Config,
): string[] {
  if (questions !== undefined) return [`codex-mcp-server answer ${id}`];
  if (status === "queued" || status === "waiting") return [`codex-mcp-server cancel ${id}`];
  if (status === "running") {
    const canAttach = record.tmux_session !== undefined || (pane === "tui" && mayBeJoined(record));
    return [`codex-mcp-server ${canAttach ? "attach" : "logs -f"} ${id}`];
  }
  const work = worktree_dir === undefined ? [] : ["diff", "merge", "discard"];
  return [...work, "logs"].map((command) => `codex-mcp-server ${command} ${id}`);
}

import { resolve } from "node:path";
import { type DayUse, describeDayUse, readDayUse } from "#tasks/budget/token-limits.ts";
import { listOverview } from "#tasks/overview.ts";
import { readCurrentLimits } from "#tasks/quota/account-limits.ts";
import type { TaskPage } from "#tasks/list-tasks.ts";
import { AppError } from "#base/errors.ts";
import { expandHome } from "#base/paths.ts";
import { type AccountLimits, describeLimits } from "#domain/limits.ts";
import { VISIBLE_STATUSES } from "#domain/record.ts";
import { defineCommand, JSON_OPTION } from "#cli/framework/command.ts";
import { toCommandHint } from "#base/command-hints.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { isTerminal, printJson, printLines, terminalWidth } from "#cli/terminal/output.ts";
import { compose, paint, type Text, withoutControls } from "#cli/terminal/style.ts";
import { formatTasks } from "#cli/terminal/format-task.ts";
import { watchTasks } from "./watch/watch-tasks.ts";

/** Maximum number of listed tasks if no other is given. */
const DEFAULT_LIMIT = 30;

export const tasksCommand = defineCommand({
  name: "tasks",
  aliases: ["ls", "list", "ps", "status"],
  group: "tasks",
  summary: "List tasks, newest first",
  options: {
    watch: { type: "boolean", short: "w", summary: "Show a live list on the whole terminal" },
    status: { type: "string", short: "s", choices: VISIBLE_STATUSES, summary: "List only tasks in this state" },
    cwd: { type: "string", placeholder: "folder", kind: "folder", summary: "List only tasks of this workspace" },
    limit: { type: "count", short: "n", summary: `Maximum number of tasks (default: ${DEFAULT_LIMIT})` },
    json: JSON_OPTION,
  },
  examples: [
    ["tasks --watch", "Watch all tasks; keys attach to one, show its log or cancel it"],
    ["tasks --status running", "List the running tasks"],
    ["tasks --cwd . --json", "Print the tasks of the current folder as JSON"],
  ],
  run: async ({ options: { watch, status, cwd, limit = DEFAULT_LIMIT, json } }) => {
    const filter = { status, cwd: cwd === undefined ? undefined : resolve(expandHome(cwd)) };
    if (watch) {
      if (!isTerminal() || json) throw watchNeedsTerminal();
      return watchTasks(openCommandContext(), filter);
    }
    const context = openCommandContext();
    const page = await listOverview(context, { ...filter, limit });
    const limits = readCurrentLimits(context.config);
    const today = readDayUse(context);
    const lines = page.tasks.length === 0 ? [describeNone(filter)] : describePage(page, limit);
    const account = { ...(limits !== undefined && { limits }), ...(today !== undefined && { tokens_today: today }) };
    if (json) printJson({ ...page, ...account });
    else printLines([...lines, ...describeUnreadable(page), ...describeAccount(limits), ...describeToday(today)]);
    return 0;
  },
});

function describeNone({ status, cwd }: { status: unknown; cwd: unknown }): string {
  if (status !== undefined || cwd !== undefined) return "No matching tasks.";
  return "No tasks yet. `codex-mcp-server run` starts one, and so do MCP clients: `codex-mcp-server install` sets one up.";
}

function describePage({ tasks: list, next_cursor }: Awaited<ReturnType<typeof listOverview>>, limit: number): Text[] {
  const [titles = "", ...rows] = formatTasks(list, terminalWidth());
  const more =
    next_cursor === undefined || !isTerminal()
      ? []
      : [paint(`Only the newest ${limit} are shown; --limit shows more.`, "dim")];
  return [paint(titles, "dim"), ...rows, ...more];
}

function describeAccount(limits: AccountLimits | undefined): Text[] {
  return limits === undefined || !isTerminal() ? [] : [paint(`Limits: ${describeLimits(limits)}`, "dim")];
}

/** Says on a terminal how many tokens of today are used. Elsewhere each line is a task. */
function describeToday(today: DayUse | undefined): Text[] {
  return today === undefined || !isTerminal() ? [] : [paint(describeDayUse(today), "dim")];
}

/** Describes the tasks that cannot be listed, with what to do. */
function describeUnreadable({ unreadable = [] }: Pick<TaskPage, "unreadable">): Text[] {
  return unreadable.flatMap(({ task_id, problem, fix }) => [
    compose`${paint(task_id, "bold")} ${paint("cannot be read", "red")}: ${withoutControls(problem)}`,
    paint(compose`  ${withoutControls(toCommandHint(fix))}`, "dim"),
  ]);
}

function watchNeedsTerminal(): AppError {
  return new AppError(
    "invalid_argument",
    "--watch needs a terminal.",
    "Use `codex-mcp-server tasks --json` or `codex-mcp-server wait`.",
  );
}

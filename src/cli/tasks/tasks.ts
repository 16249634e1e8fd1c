import { resolve } from "node:path";
import { listOverview } from "#tasks/overview.ts";
import type { TaskPage } from "#tasks/list-tasks.ts";
import { AppError } from "#base/errors.ts";
import { expandHome } from "#base/paths.ts";
import type { TaskStatus } from "#domain/record.ts";
import type { Input } from "#cli/framework/command.ts";
import { readCount } from "#cli/framework/option-values.ts";
import { openCommandContext } from "#cli/terminal/open.ts";
import { isTerminal, printJson, printLines, terminalWidth } from "#cli/terminal/output.ts";
import { compose, paint, type Text, withoutControls } from "#cli/terminal/style.ts";
import { formatTasks } from "#cli/terminal/task-table.ts";

const DEFAULT_LIMIT = 30;

interface TasksOptions {
  status: TaskStatus | undefined;
  cwd: string | undefined;
  limit: string | undefined;
  json: boolean;
  watch: boolean;
}

/** Lists tasks, newest first, or shows them live. */
export async function tasks({ options }: Input<TasksOptions>): Promise<number> {
  const filter = {
    status: options.status,
    cwd: options.cwd === undefined ? undefined : resolve(expandHome(options.cwd)),
  };
  if (options.watch) {
    if (!isTerminal() || options.json) throw watchNeedsTerminal();
    const { watchTasks } = await import("#cli/tasks/watch/watch-tasks.ts");
    return watchTasks(openCommandContext(), filter);
  }
  const limit = readCount("--limit", options.limit) ?? DEFAULT_LIMIT;
  const page = await listOverview(openCommandContext(), { ...filter, limit });
  if (options.json) printJson(page);
  else if (page.tasks.length === 0) printLines([describeNone(filter), ...describeUnreadable(page)]);
  else printLines([...describePage(page, limit), ...describeUnreadable(page)]);
  return 0;
}

function describeNone({ status, cwd }: { status: unknown; cwd: unknown }): string {
  if (status !== undefined || cwd !== undefined) return "No such tasks.";
  return "No tasks. An MCP client starts them; codex-mcp-server install sets one up.";
}

function describePage({ tasks: list, next_cursor }: Awaited<ReturnType<typeof listOverview>>, limit: number): Text[] {
  const [titles = "", ...rows] = formatTasks(list, terminalWidth());
  const more =
    next_cursor === undefined || !isTerminal() ? [] : [paint(`The newest ${limit}; --limit shows more.`, "dim")];
  return [paint(titles, "dim"), ...rows, ...more];
}

/** Describes the tasks that cannot be listed, with what to do. */
function describeUnreadable({ unreadable = [] }: Pick<TaskPage, "unreadable">): Text[] {
  return unreadable.flatMap(({ task_id, problem, fix }) => [
    compose`${paint(task_id, "bold")} ${paint("cannot be read", "red")}: ${withoutControls(problem)}`,
    paint(compose`  ${withoutControls(fix)}`, "dim"),
  ]);
}

function watchNeedsTerminal(): AppError {
  return new AppError(
    "invalid_argument",
    "--watch shows tasks on a terminal.",
    "For programs there is tasks --json, and wait, which ends when tasks have ended.",
  );
}

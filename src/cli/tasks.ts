import { resolve } from "node:path";
import { listOverview } from "#app/overview.ts";
import type { TaskPage } from "#app/list-tasks.ts";
import { AppError } from "#lib/errors.ts";
import { expandHome } from "#lib/paths.ts";
import type { TaskStatus } from "#task/record.ts";
import type { Input } from "./command.ts";
import { readCount } from "./option-values.ts";
import { openForPerson } from "./open.ts";
import { isTerminal, printJson, printLines, terminalWidth } from "./output.ts";
import { compose, paint, type Text, withoutControls } from "./style.ts";
import { formatTasks } from "./task-table.ts";

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
    const { watchTasks } = await import("./watch/watch-tasks.ts");
    return watchTasks(openForPerson(), filter);
  }
  const limit = readCount("--limit", options.limit) ?? DEFAULT_LIMIT;
  const page = await listOverview(openForPerson(), { ...filter, limit });
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

/** What cannot be listed, with what to do. */
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

import { attachTask } from "#tasks/attach-task.ts";
import { cancelTask } from "#tasks/end/cancel-task.ts";
import type { AppContext } from "#tasks/context.ts";
import { listOverview, type TaskOverview } from "#tasks/overview.ts";
import { readRecentEvents } from "#tasks/follow/read-progress.ts";
import { toFailure } from "#base/errors.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { countTasks } from "#store/tasks/list-tasks.ts";
import type { TaskStatus } from "#domain/record.ts";
import { compose, type Text } from "#cli/terminal/style.ts";
import { formatEvent, formatStatus } from "#cli/terminal/format-task.ts";
import { type ListState, refresh, select, selectionStep } from "./list-state.ts";
import { Screen } from "./screen.ts";
import { drawList, drawLog, visibleTaskCount } from "./view.ts";

/** Filter of the tasks that are shown. */
export interface WatchFilter {
  status: TaskStatus | undefined;
  cwd: string | undefined;
}

const REFRESH_INTERVAL_MS = 1000;
/** Largest number of tasks in the list; the summary counts all. */
const MAX_TASKS = 500;
const MAX_LOG_BYTES = 256 * 1024;

/**
 * Shows the tasks live on the whole terminal until the user quits.
 * @returns the exit code
 */
export async function watchTasks(context: AppContext, filter: WatchFilter): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const watch = new Watch(context, filter, () => resolve(0));
  await watch.start();
  try {
    return await promise;
  } finally {
    watch.stop();
  }
}

/** View that determines the meaning of the keys. */
type Mode = { kind: "list" } | { kind: "log"; taskId: string; up: number } | { kind: "confirm"; taskId: string };

class Watch {
  readonly #context: AppContext;
  readonly #filter: WatchFilter;
  readonly #quit: () => void;
  readonly #screen: Screen;
  #timer: ReturnType<typeof setInterval> | undefined;
  #mode: Mode = { kind: "list" };
  #isRefreshing = false;
  #state: ListState = {
    tasks: [],
    counts: {},
    isUnfinishedOnly: false,
    selected: 0,
    top: 0,
    message: undefined,
  };

  constructor(context: AppContext, filter: WatchFilter, quit: () => void) {
    this.#context = context;
    this.#filter = filter;
    this.#quit = quit;
    this.#screen = new Screen(
      (key) => void this.#press(key).catch((error: unknown) => this.#showMessage(toFailure(error).message)),
      () => this.#draw(),
    );
  }

  async start(): Promise<void> {
    await this.#refresh();
    this.#screen.open();
    this.#draw();
    this.#timer = setInterval(() => void this.#refresh().then(() => this.#draw()), REFRESH_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#screen.close();
  }

  /** Reads the tasks again. An error (a full disk, a locked index) is shown, but does not end the view. */
  async #refresh(): Promise<void> {
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    try {
      const tasks = this.#state.isUnfinishedOnly
        ? [...(await this.#list("running")), ...(await this.#list("queued"))]
        : await this.#list(this.#filter.status);
      this.#state = { ...refresh(this.#state, tasks, this.#page), counts: countTasks(this.#context.store) };
    } catch (error) {
      this.#state = { ...this.#state, message: toFailure(error).message };
    } finally {
      this.#isRefreshing = false;
    }
  }

  async #list(status: TaskStatus | undefined): Promise<TaskOverview[]> {
    return (await listOverview(this.#context, { cwd: this.#filter.cwd, status, limit: MAX_TASKS })).tasks;
  }

  get #page(): number {
    return visibleTaskCount(this.#screen.size);
  }

  #draw(): void {
    const { size } = this.#screen;
    this.#screen.draw(this.#mode.kind === "log" ? this.#drawLog(this.#mode) : drawList(this.#state, size));
  }

  #drawLog({ taskId, up }: { taskId: string; up: number }): Text[] {
    const record = findTask(this.#context.store, taskId)?.record;
    const events = record === undefined ? [] : readRecentEvents(record.log_file, MAX_LOG_BYTES);
    const lines = events.map((event) => formatEvent(event));
    const title = compose`${taskId}  ${record === undefined ? "removed" : formatStatus(record.status)}`;
    return drawLog(title, lines, up, this.#screen.size);
  }

  #showMessage(message: string | undefined): void {
    this.#state = { ...this.#state, message };
    this.#draw();
  }

  async #press(key: string): Promise<void> {
    const mode = this.#mode;
    if (key === "ctrl-c") return this.#quit();
    if (mode.kind === "log") this.#pressInLog(mode, key);
    else if (mode.kind === "confirm") await this.#confirm(mode.taskId, key);
    else await this.#pressInList(key);
  }

  #pressInLog(mode: { kind: "log"; taskId: string; up: number }, key: string): void {
    const step = selectionStep(key, this.#screen.size.height - 2);
    if (step !== undefined) this.#mode = { ...mode, up: Math.max(0, Math.min(mode.up - step, 100_000)) };
    else if (["q", "escape", "l", "return"].includes(key)) this.#mode = { kind: "list" };
    this.#draw();
  }

  async #pressInList(key: string): Promise<void> {
    this.#state = { ...this.#state, message: undefined };
    const step = selectionStep(key, this.#page);
    const task = this.#state.tasks[this.#state.selected];
    if (step !== undefined) this.#state = select(this.#state, this.#state.selected + step, this.#page);
    else if (key === "q" || key === "escape") return this.#quit();
    else if (key === "f") await this.#toggleFilter();
    else if (task !== undefined) await this.#actOn(task, key);
    this.#draw();
  }

  async #toggleFilter(): Promise<void> {
    this.#state = { ...this.#state, isUnfinishedOnly: !this.#state.isUnfinishedOnly };
    await this.#refresh();
  }

  async #actOn(task: TaskOverview, key: string): Promise<void> {
    if (key === "l" || key === "return") this.#mode = { kind: "log", taskId: task.task_id, up: 0 };
    if (key === "a") await this.#attach(task);
    if (key !== "c") return;
    if (!isUnfinished(task)) return this.#showMessage(`${task.task_id} has already ended.`);
    this.#mode = { kind: "confirm", taskId: task.task_id };
    this.#showMessage(`Cancel ${task.task_id}? y/n`);
  }

  /** Shows a task's tmux session, which has the terminal until the user detaches. */
  async #attach({ task_id }: TaskOverview): Promise<void> {
    const record = findTask(this.#context.store, task_id)?.record;
    if (record === undefined) return;
    this.#screen.close();
    try {
      await attachTask(this.#context, record, false);
    } finally {
      this.#screen.open();
      await this.#refresh();
    }
  }

  async #confirm(taskId: string, key: string): Promise<void> {
    this.#mode = { kind: "list" };
    if (key !== "y") return this.#showMessage(undefined);
    this.#showMessage(`Cancelling ${taskId} …`);
    const { record, note } = await cancelTask(this.#context, taskId);
    await this.#refresh();
    this.#showMessage(`${taskId}: ${note ?? record.status}`);
  }
}

function isUnfinished({ status }: TaskOverview): boolean {
  return status === "queued" || status === "running";
}

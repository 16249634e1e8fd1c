import { resetTerminal } from "#cli/tasks/attach.ts";
import { attachTask } from "#tasks/attach/attach-task.ts";
import type { AppContext } from "#tasks/context.ts";
import type { TaskOverview } from "#tasks/overview.ts";
import { answerInTerminal } from "#cli/tasks/answer.ts";
import { openQuestions, type TaskRecord, visibleStatus } from "#domain/record.ts";
import { toFailure } from "#base/errors.ts";
import { compose, type Text } from "#cli/terminal/style.ts";
import { formatStatus } from "#cli/terminal/format-task.ts";
import { arrange, type ListState, refresh, select, selectionStep } from "./list-state.ts";
import { Screen } from "./screen.ts";
import { ACTIONS, type TaskAction } from "./task-actions.ts";
import { TaskSource, type WatchFilter } from "./task-source.ts";
import { nextTab, OPENING_KEYS, readDiff, readLive, readResult, type Tab, type TabLine } from "./task-tabs.ts";
import { drawHelp, drawList, drawTask, visibleTaskCount } from "./view.ts";

const REFRESH_INTERVAL_MS = 1000;
/** Longest text to search for, in characters. */
const MAX_QUERY = 60;

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

/** Page of one task. */
interface Page {
  taskId: string;
  tab: Tab;
  scrolled: number;
  diff: readonly TabLine[];
}

/** Question that the next key answers, before it means anything to the view. */
type Question = { kind: "search" } | { kind: "help" } | { kind: "confirm"; taskId: string; action: TaskAction };

class Watch {
  readonly #context: AppContext;
  readonly #source: TaskSource;
  readonly #quit: () => void;
  readonly #screen: Screen;
  #timer: ReturnType<typeof setInterval> | undefined;
  #page: Page | undefined;
  #question: Question | undefined;
  #isRefreshing = false;
  #state: ListState = {
    tasks: [],
    counts: {},
    isUnfinishedOnly: false,
    query: "",
    selected: 0,
    top: 0,
    message: undefined,
  };

  constructor(context: AppContext, filter: WatchFilter, quit: () => void) {
    this.#context = context;
    this.#source = new TaskSource(context, filter);
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
      const counts = await this.#source.read(this.#state.isUnfinishedOnly);
      this.#state = { ...this.#state, counts };
      this.#arrange();
    } catch (error) {
      this.#state = { ...this.#state, message: toFailure(error).message };
    } finally {
      this.#isRefreshing = false;
    }
  }

  #arrange(): void {
    this.#state = refresh(this.#state, arrange(this.#source.tasks, this.#state.query), this.#rows);
  }

  get #rows(): number {
    return visibleTaskCount(this.#screen.size);
  }

  #draw(): void {
    const { size } = this.#screen;
    if (this.#question?.kind === "help") this.#screen.draw(drawHelp(size));
    else this.#screen.draw(this.#page === undefined ? drawList(this.#state, size) : this.#drawPage(this.#page));
  }

  #drawPage({ taskId, tab, scrolled, diff }: Page): Text[] {
    const record = this.#source.findRecord(taskId);
    const status = record === undefined ? undefined : visibleStatus(record);
    const title = compose`${taskId}  ${status === undefined ? "removed" : formatStatus(status)}`;
    const isWaiting = record !== undefined && openQuestions(record).length > 0;
    const lines =
      record === undefined ? [] : tab === "Live" ? readLive(record) : tab === "Result" ? readResult(record) : diff;
    return drawTask({ title, isWaiting, tab, lines, scrolled, message: this.#state.message }, this.#screen.size);
  }

  #showMessage(message: string | undefined): void {
    this.#state = { ...this.#state, message };
    this.#draw();
  }

  async #press(key: string): Promise<void> {
    const question = this.#question;
    if (key === "ctrl-c") return this.#quit();
    if (question?.kind === "search") return this.#search(key);
    this.#question = undefined;
    this.#state = { ...this.#state, message: undefined };
    if (question?.kind === "confirm") await this.#confirm(question, key);
    else if (question?.kind !== "help") await this.#pressInView(key);
    this.#draw();
  }

  async #pressInView(key: string): Promise<void> {
    if (this.#page === undefined) await this.#pressInList(key);
    else await this.#pressInPage(this.#page, key);
  }

  #search(key: string): void {
    const { query } = this.#state;
    const typed = key === "space" ? " " : key;
    if (key === "return") this.#question = undefined;
    else if (key === "escape") {
      this.#question = undefined;
      this.#state = { ...this.#state, query: "" };
    } else if (key === "backspace") this.#state = { ...this.#state, query: query.slice(0, -1) };
    else if (typed.length === 1) this.#state = { ...this.#state, query: (query + typed).slice(0, MAX_QUERY) };
    this.#arrange();
    this.#showMessage(
      this.#question === undefined ? undefined : `/${this.#state.query}▏  Enter keeps, Escape shows all`,
    );
  }

  async #pressInList(key: string): Promise<void> {
    const step = selectionStep(key, this.#rows);
    const task = this.#state.tasks[this.#state.selected];
    if (step !== undefined) this.#state = select(this.#state, this.#state.selected + step, this.#rows);
    else if (key === "escape" && this.#state.query !== "") {
      this.#state = { ...this.#state, query: "" };
      this.#arrange();
    } else if (key === "q" || key === "escape") this.#quit();
    else if (key === "f") {
      this.#state = { ...this.#state, isUnfinishedOnly: !this.#state.isUnfinishedOnly };
      await this.#refresh();
    } else if (key === "/") {
      this.#question = { kind: "search" };
      this.#search("");
    } else {
      const tab = OPENING_KEYS.get(key);
      if (task === undefined || tab === undefined) await this.#pressAnywhere(task, key);
      else await this.#open(task.task_id, tab);
    }
  }

  async #pressInPage(page: Page, key: string): Promise<void> {
    const step = selectionStep(key, this.#screen.size.height - 2);
    const next = nextTab(page.tab, key);
    if (key === "q" || key === "escape" || key === "return") this.#page = undefined;
    else if (next !== undefined) await this.#open(page.taskId, next);
    else if (step !== undefined) {
      const towards = page.tab === "Live" ? -step : step;
      this.#page = { ...page, scrolled: Math.max(0, Math.min(page.scrolled + towards, 100_000)) };
    } else {
      const task = this.#source.tasks.find(({ task_id }) => task_id === page.taskId);
      await this.#pressAnywhere(task, key);
    }
  }

  async #open(taskId: string, tab: Tab): Promise<void> {
    this.#page = { taskId, tab, scrolled: 0, diff: [{ text: "Comparing …", style: "dim" }] };
    this.#draw();
    if (tab !== "Diff") return;
    const diff = await readDiff(this.#context, taskId);
    // The user may have gone elsewhere meanwhile.
    if (this.#page?.taskId === taskId && this.#page.tab === "Diff") this.#page = { ...this.#page, diff };
  }

  async #pressAnywhere(task: TaskOverview | undefined, key: string): Promise<void> {
    const action = ACTIONS[key];
    if (key === "?") this.#question = { kind: "help" };
    else if (task === undefined) return;
    else if (key === "a") await this.#leaveFor(task, (record) => this.#join(record));
    else if (key === "w") await this.#leaveFor(task, (record) => answerInTerminal(this.#context, record));
    else if (action !== undefined) {
      const refusal = action.refuse(task);
      if (refusal === undefined) this.#question = { kind: "confirm", taskId: task.task_id, action };
      this.#showMessage(refusal ?? `${action.question(task)} y/n`);
    }
  }

  /** Leaves the terminal to something else: a task's tmux session, or its questions. */
  async #leaveFor({ task_id }: TaskOverview, use: (record: TaskRecord) => Promise<unknown>): Promise<void> {
    const record = this.#source.findRecord(task_id);
    if (record === undefined) return;
    this.#screen.close();
    try {
      await use(record);
    } finally {
      this.#screen.open();
      await this.#refresh();
    }
  }

  #join(record: TaskRecord): Promise<unknown> {
    return attachTask(this.#context, record, "join", resetTerminal);
  }

  async #confirm({ taskId, action }: Extract<Question, { kind: "confirm" }>, key: string): Promise<void> {
    if (key !== "y") return;
    this.#showMessage(`${action.doing} ${taskId} …`);
    const done = await action.run(this.#context, taskId);
    await this.#refresh();
    this.#showMessage(done);
  }
}

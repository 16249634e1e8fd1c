import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { TestBoard } from "./board.ts";
import { TestBrowser } from "./browser.ts";
import { APP_SERVER } from "./task-pages.ts";
import { World } from "./world.ts";

/** A world in which a user does everything on the board's page: two tasks that change the same line, and what became of them. */
export class StoryWorld {
  readonly world = new World();
  readonly repo: string;
  readonly page: Page;
  readonly #board: TestBoard;
  readonly #browser: TestBrowser;
  readonly #failed: string[] = [];

  private constructor(world: World, repo: string, board: TestBoard, browser: TestBrowser, page: Page) {
    this.world = world;
    this.repo = repo;
    this.page = page;
    this.#board = board;
    this.#browser = browser;
    page.on("response", (response) => {
      // A page that shows a task's changes reads them again when they are discarded: there are none then.
      const isGone = response.status() === 400 && response.url().endsWith("/diff?since=base");
      if (response.status() >= 400 && !isGone) this.#failed.push(`${response.status()} ${response.url()}`);
    });
    page.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "";
      // A page that is left ends its requests.
      if (!why.includes("ERR_ABORTED")) this.#failed.push(`${why} ${request.url()}`);
    });
  }

  static async open(): Promise<StoryWorld> {
    const world = new World();
    const repo = await world.repository();
    const board = await TestBoard.start(world, [], APP_SERVER);
    const browser = await TestBrowser.launch();
    return new StoryWorld(world, repo, board, browser, await browser.open(board));
  }

  /** Gives the model a script that edits a line of the README and then waits. @returns a function that lets it go on */
  scriptEdit(marker: string, line: string): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.world.stub.script(marker, [
      { run: `echo '${line}' > README.md` },
      { until: () => promise },
      { say: `${marker} is done.` },
    ]);
    return resolve;
  }

  /** Whether the model was sent a text by a user. */
  wasSent(text: string): boolean {
    const sent = this.world.stub.requests.flatMap(({ input }) => input.filter(({ role }) => role === "user"));
    return sent.some(({ content = [] }) => content.some((part) => part.text?.includes(text) === true));
  }

  /** The repository: what a merge, a discard and an undo change. */
  async state(): Promise<{ log: string[]; readme: string; branches: string[]; worktrees: number; changes: string }> {
    const lines = async (...args: string[]) => (await this.world.git(this.repo, ...args)).split("\n");
    return {
      log: await lines("log", "--format=%s"),
      readme: readFileSync(join(this.repo, "README.md"), "utf8"),
      branches: await lines("branch", "--format=%(refname:short)"),
      worktrees: (await lines("worktree", "list")).length,
      changes: await this.world.git(this.repo, "status", "--porcelain"),
    };
  }

  /** The column of the board that has a task. */
  card(column: string, title: string) {
    const region = this.page.getByRole("region", { name: column, exact: true });
    return region.getByRole("article").filter({ hasText: title });
  }

  /** What went wrong in the page, and the requests that failed. */
  faults(): string[] {
    return [...this.#browser.faults.filter((fault) => !fault.startsWith("Failed to load resource")), ...this.#failed];
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#board.stop();
    await this.world.close();
  }
}

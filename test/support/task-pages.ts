import { expect } from "bun:test";
import type { Locator, Page } from "playwright-core";
import { untilEnded } from "./asking-tasks.ts";
import { TestBoard } from "./board.ts";
import { TestBrowser } from "./browser.ts";
import type { McpClient } from "./mcp-client.ts";
import { World } from "./world.ts";

/** Settings with which tasks can be sent messages, and can ask. */
export const APP_SERVER = { CODEXMCP_ENGINE: "app-server" };

/** A world with a board and a browser, and tasks whose pages are looked at. */
export class TaskPages {
  readonly world: World;
  readonly client: McpClient;
  readonly board: TestBoard;
  readonly browser: TestBrowser;
  readonly repo: string;
  #count = 0;

  private constructor(world: World, client: McpClient, board: TestBoard, browser: TestBrowser, repo: string) {
    this.world = world;
    this.client = client;
    this.board = board;
    this.browser = browser;
    this.repo = repo;
  }

  static async open(): Promise<TaskPages> {
    const world = new World();
    const client = await world.client(APP_SERVER);
    const repo = await world.repository();
    const board = await TestBoard.start(world, [], APP_SERVER);
    return new TaskPages(world, client, board, await TestBrowser.launch(), repo);
  }

  /** Starts a task whose prompt has a script's marker. @returns its id */
  async start(marker: string, sandbox = "full-access", more: object = {}): Promise<string> {
    const topic = `test-page_${++this.#count}-v1`;
    const request = { prompt: `${marker} please`, cwd: this.repo, topic, sandbox, ...more };
    const { data } = await this.client.call("codex_dispatch", request);
    expect(data).not.toHaveProperty("error");
    return String(data["task_id"]);
  }

  /** Runs a task with a command to its end. @returns its id */
  async run(marker: string, command: string): Promise<string> {
    this.world.stub.script(marker, [{ run: command }, { say: `${marker} is done.` }]);
    const id = await this.start(marker);
    await untilEnded(this.client, id);
    return id;
  }

  /** What `codex_status` says about a task. */
  async show(id: string): Promise<Record<string, unknown>> {
    return (await this.client.call("codex_status", { task_id: id })).data;
  }

  /** Opens the page of a task. @param query with the question mark */
  async visit(id: string, query = "", board = this.board): Promise<Page> {
    this.browser.faults.length = 0;
    const page = await this.browser.open(board, `/tasks/${id}${query}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    return page;
  }

  /** Closes a page on which no script has failed. */
  async leave(page: Page): Promise<void> {
    expect(this.browser.faults).toEqual([]);
    await page.context().close();
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.board.stop();
    await this.world.close();
  }
}

/** The button with exactly this name. */
export function buttonOf(page: Page, name: string): Locator {
  return page.getByRole("button", { name, exact: true });
}

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { BrowserContext, Page } from "playwright-core";
import { TestBoard } from "../support/board.ts";
import { BoardLoad } from "../support/board-load.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { World } from "../support/world.ts";

describe.skipIf(!HAS_BROWSER)("pages of one browser, and requests that fail", () => {
  let world: World;
  let load: BoardLoad;
  let browser: TestBrowser;
  let board: TestBoard;

  beforeAll(async () => {
    world = new World();
    load = await BoardLoad.create(world, { tasks: 20, repositories: 1, worktrees: 1 });
    browser = await TestBrowser.launch();
    board = await TestBoard.start(world);
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
    load.close();
    await world.close();
  });

  const running = (page: Page) => page.getByRole("region", { name: "Running" });
  const paused = (page: Page) => page.getByText(/Paused: this is the state of \d/);

  async function openAnother(context: BrowserContext): Promise<Page> {
    const page = await browser.page(context);
    await page.goto(board.origin);
    await running(page).waitFor();
    return page;
  }

  test("more pages than a browser allows connections are all shown; those opened first pause, and continue when they are wanted", async () => {
    const first = await browser.open(board);
    await running(first).waitFor();
    const pages = [first];
    // A browser opens six connections to a server: a seventh page would wait for ever.
    for (let count = 1; count < 9; count++) pages.push(await openAnother(first.context()));
    await paused(first).waitFor();
    await first.getByRole("button", { name: "Continue here" }).click();
    await paused(first).waitFor({ state: "detached" });
    load.change(load.ids.running[0] ?? "", (record) => ({ ...record, title: "after the pause" }));
    await running(first).getByText("after the pause").waitFor();
    const last = pages.at(-1) ?? first;
    await running(last).getByText("after the pause").waitFor();
    await first.context().close();
  });

  test("a page of another version than the board says so, and can be reloaded", async () => {
    const page = await browser.open(board);
    const html = await (await board.request("/")).text();
    const [, script = ""] = /<script[^>]* src="([^"]+)"/.exec(html) ?? [];
    await page.route("**/old.js", async (route) => route.continue({ url: `${board.origin}${script}` }));
    const serveOld = async () =>
      page.route(/\/timeline$/, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: (await response.text()).replace(script, "/old.js") });
      });
    await serveOld();
    await page.goto(`${board.origin}/timeline`);
    await page.getByText("The board was updated since this page was loaded.").waitFor();
    await page.unroute(/\/timeline$/);
    await page.getByRole("button", { name: "Reload the page" }).click();
    await page.getByRole("button", { name: "Now" }).waitFor();
    expect(await page.getByText("The board was updated").count()).toBe(0);
    await page.context().close();
  });

  test("a read that fails on the way is tried again", async () => {
    const page = await browser.open(board);
    let count = 0;
    await page.route(/\/api\/usage/, async (route) => (++count === 1 ? route.abort() : route.continue()));
    await page.goto(`${board.origin}/usage`);
    await page.getByRole("heading", { name: "Tokens" }).first().waitFor();
    expect(count).toBe(2);
    await page.context().close();
  });

  test("an export whose secrets cannot be looked for says so", async () => {
    const page = await browser.open(board, `/tasks/${load.ids.running[1]}`);
    await page.route(/\/export-check/, async (route) => route.abort());
    await page.getByRole("button", { name: "Export…" }).click();
    await page.getByText("Secrets could not be looked for: The board cannot be reached.").waitFor();
    expect(await page.getByText("Looking for secrets…").count()).toBe(0);
    await page.context().close();
  });

  test("an action without an answer is not repeated, and may have been carried out", async () => {
    const [id = ""] = load.ids.running;
    const page = await browser.open(board, `/tasks/${id}`);
    let count = 0;
    await page.route(/\/cancel$/, async (route) => {
      count++;
      await route.abort("connectionreset");
    });
    await page.getByRole("button", { name: "Cancel…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel the task" }).click();
    await page.getByText("it is not known whether this was done").waitFor();
    expect(count).toBe(1);
    await page.context().close();
  });
});

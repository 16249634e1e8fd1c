import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { PING_INTERVAL_MS } from "#board/api/event.ts";
import { TestBoard } from "../support/board.ts";
import { BoardLoad } from "../support/board-load.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { World } from "../support/world.ts";

describe.skipIf(!HAS_BROWSER)("the connection between a page and its board", () => {
  let world: World;
  let load: BoardLoad;
  let browser: TestBrowser;
  let board: TestBoard;
  let page: Page;

  beforeAll(async () => {
    world = new World();
    load = await BoardLoad.create(world, { tasks: 20, repositories: 1, worktrees: 0 });
    browser = await TestBrowser.launch();
  });
  afterAll(async () => {
    await browser.close();
    load.close();
    await world.close();
  });
  beforeEach(async () => {
    board = await start();
    page = await browser.open(board);
    await running("").first().waitFor();
  });
  afterEach(async () => {
    await page.context().close();
    await board.stop("SIGKILL");
  });

  /** Starts the board; one that is killed leaves its temporary folder in the world. */
  const start = async (args: readonly string[] = []) => TestBoard.start(world, args, { TMPDIR: world.folder("tmp") });
  const running = (text: string) => page.getByRole("region", { name: "Running" }).getByText(text);
  const banner = () => page.getByText(/Not connected/);
  const portOf = (of: TestBoard) => new URL(of.origin).port;

  test("a board that is killed: the page says since when, and shows the new state by itself when the board is there again", async () => {
    const [id = ""] = load.ids.running;
    load.change(id, (record) => ({ ...record, title: "before the end" }));
    await running("before the end").waitFor();
    await board.stop("SIGKILL");
    await banner().waitFor();
    expect(await banner().textContent()).toMatch(/this is the state of \d/);
    load.change(id, (record) => ({ ...record, title: "while away" }));
    expect(await running("while away").count()).toBe(0);
    board = await start(["--port", portOf(board)]);
    await banner().waitFor({ state: "detached" });
    await running("while away").waitFor();
    load.change(id, (record) => ({ ...record, title: "afterwards" }));
    await running("afterwards").waitFor();
  });

  test("a board that ends says so at once", async () => {
    expect(await board.stop()).toBe(0);
    await banner().waitFor();
  });

  test("a board that no longer answers is lost after a while, and live when it continues", async () => {
    await page.clock.install();
    // The page waits for the next event by this clock from now on.
    load.change(load.ids.running[0] ?? "", (record) => ({ ...record, title: "by another clock" }));
    await running("by another clock").waitFor();
    process.kill(board.pid, "SIGSTOP");
    try {
      await page.clock.fastForward(PING_INTERVAL_MS * 3);
      await banner().waitFor();
    } finally {
      process.kill(board.pid, "SIGCONT");
    }
    await page.clock.runFor(10_000);
    await banner().waitFor({ state: "detached" });
  });

  test("another board at the same port does not know the page, which says what to do, and continues once its address was opened", async () => {
    const other = new World();
    const [port, context] = [portOf(board), page.context()];
    await board.stop("SIGKILL");
    try {
      board = await TestBoard.start(other, ["--port", port]);
      await page.getByText(/This board was ended/).waitFor();
      const second = await browser.page(context);
      await second.goto(board.address);
      await second.waitForURL(`${board.origin}/`);
      await page.bringToFront();
      await page.evaluate("dispatchEvent(new Event('focus'))");
      await page.getByText(/This board was ended/).waitFor({ state: "detached" });
    } finally {
      await board.stop();
      await other.close();
    }
  });
});

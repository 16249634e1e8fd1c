import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

describe.skipIf(!HAS_BROWSER)("the board in a browser", () => {
  let world: World;
  let client: McpClient;
  let board: TestBoard;
  let browser: TestBrowser;

  beforeAll(async () => {
    world = new World();
    client = await world.client();
    board = await TestBoard.start(world);
    browser = await TestBrowser.launch();
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
    await world.close();
  });

  test("shows a task that another program starts, and its end", async () => {
    const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
    world.stub.script("WATCHED", [{ until: () => isSeen }, { say: "Done." }]);
    const page = await browser.open(board);
    const cwd = await world.repository();
    const { data } = await client.call("codex_dispatch", { prompt: "WATCHED work", cwd, sandbox: "read-only" });
    await page.getByRole("region", { name: "Running" }).getByText("WATCHED work").waitFor();
    see();
    await world.waitForEnd(client, String(data["task_id"]));
    await page.getByRole("region", { name: "Running" }).getByText("WATCHED work").waitFor({ state: "detached" });
    await page.getByText("WATCHED work").waitFor();
    expect(browser.faults).toEqual([]);
  });
});

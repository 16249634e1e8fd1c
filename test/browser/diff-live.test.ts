import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

/** Script that returns the text of the line 60 pixels below the upper edge of the list, and its distance from the edge. */
const LINE_AT_TOP = `(() => {
  const list = document.querySelector(".diff-rows .virtual-list").getBoundingClientRect();
  const row = document.elementFromPoint(list.left + 200, list.top + 60).closest(".virtual-row");
  return [row.textContent, Math.round(row.getBoundingClientRect().top - list.top)];
})()`;

describe.skipIf(!HAS_BROWSER)("the changes of a task that works", () => {
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

  test("are shown as they come, and what the reader looks at stays where it is", async () => {
    const cwd = await world.repository();
    const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
    const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
    world.stub.script("GROWING", [
      { run: "for n in 1 2 3 4 5 6; do seq -f 'file '$n' line %g' 100 > many-$n.txt; done" },
      { say: "Half." },
      { until: () => isSeen },
      { run: "seq 30 > another.txt" },
      { until: () => isOver },
      { say: "Done." },
    ]);
    const { data } = await client.call("codex_dispatch", { prompt: "GROWING", cwd, sandbox: "full-access" });
    const id = String(data["task_id"]);
    await world.until(async () => {
      const answer = await board.request(`/api/tasks/${id}/diff`);
      return answer.ok && (await answer.text()).includes("many-6.txt");
    });
    const page = await browser.open(board, `/tasks/${id}?tab=changes`);
    await page.getByRole("list", { name: "Files" }).getByText("many-4.txt").click();
    await page.getByText("file 4 line 9", { exact: true }).waitFor();
    const before = await page.evaluate(LINE_AT_TOP);
    expect(before).toEqual([expect.stringContaining("file 4 line"), expect.any(Number)]);
    see();
    await page.getByRole("list", { name: "Files" }).getByText("another.txt").waitFor();
    expect(await page.evaluate(LINE_AT_TOP)).toEqual(before);
    end();
    await world.waitForEnd(client, id);
    expect(browser.faults).toEqual([]);
  });
});

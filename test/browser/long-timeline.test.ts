import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { addPastRuns, storeAt, variedRuns } from "../support/past-runs.ts";
import { World } from "../support/world.ts";

const HOUR = 3_600_000;

describe.skipIf(!HAS_BROWSER)("the timeline with 2,000 runs", () => {
  test("is zoomed and moved without long work", async () => {
    const world = new World();
    mkdirSync(world.stateHome, { recursive: true, mode: 0o700 });
    addPastRuns(storeAt(world.stateHome), variedRuns(2100, 6 * 24 * HOUR));
    const board = await TestBoard.start(world, [], { CODEXMCP_KEEP_TASKS: "5000" });
    const browser = await TestBrowser.launch();
    try {
      const page = await browser.open(board, "/timeline?span=7d");
      await page.getByRole("group", { name: /^Timeline of 2000 runs/ }).waitFor();
      await page.getByText("100 older runs are not shown").waitFor();
      const session = await page.context().newCDPSession(page);
      // The processor's time: other tests, which run at the same time, do not count.
      await session.send("Performance.enable", { timeDomain: "threadTicks" });
      const workSeconds = async () => {
        const { metrics } = await session.send("Performance.getMetrics");
        return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
      };
      const keys = ["ArrowLeft", "-", "+", "ArrowRight", "j", "+", "-", "j", "ArrowLeft", "ArrowRight"];
      const before = await workSeconds();
      for (const key of keys) {
        await page.keyboard.press(key);
        await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => resolve()))");
      }
      // Required: no task over 100 ms.
      expect((await workSeconds()) - before).toBeLessThan(keys.length * 0.1);
      expect(browser.faults).toEqual([]);
    } finally {
      await browser.close();
      await board.stop();
      await world.close();
    }
  });
});

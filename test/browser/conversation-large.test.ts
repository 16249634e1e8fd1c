import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { commandEvent, endedTask, messageEvent } from "../support/task-log.ts";
import { World } from "../support/world.ts";

const MB = 1024 * 1024;

/** Writes 60 MB: ordinary entries, and among them one of 10 MB and one that is too long. */
function fill(log: string): void {
  const file = openSync(log, "a");
  const write = (event: object) => writeSync(file, `${JSON.stringify(event)}\n`);
  for (let index = 0; index < 3000; index++) {
    write(
      commandEvent(
        `c${index}`,
        `make part-${index}`,
        `output ${index}\n${"some output\n".repeat(600)}`,
        index % 5 === 0 ? 2 : 0,
      ),
    );
    write(
      messageEvent(
        `**Part ${index}** is done.\n\n- one\n- two\n\n\`\`\`\ncode ${index}\n\`\`\`\n${"words ".repeat(index % 40)}`,
      ),
    );
    if (index === 1500) {
      write(
        commandEvent("ten", "cat ten-megabytes", `the start\n${"0123456789abcde\n".repeat((10 * MB) / 16)}the end`),
      );
      writeSync(file, `${"x".repeat(20 * MB)}\n`);
    }
  }
  write(messageEvent("The very end."));
  closeSync(file);
}

describe.skipIf(!HAS_BROWSER)("the conversation with a large log", () => {
  let world: World;
  let client: McpClient;
  let board: TestBoard;
  let browser: TestBrowser;

  beforeAll(async () => {
    world = new World();
    client = await world.client();
    board = await TestBoard.start(world);
    browser = await TestBrowser.launch();
    world.stub.script("LOGGED", [{ say: "Ready." }]);
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
    await world.close();
  });

  test("opens, scrolls without long tasks, finds the other end, and stays small", async () => {
    const { id, log } = await endedTask(world, client, "LOGGED large", await world.repository());
    fill(log);
    expect(statSync(log).size).toBeGreaterThan(50 * MB);
    const page = await browser.open(board, `/tasks/${id}`);
    const list = page.getByRole("list", { name: "Entries of the conversation" });
    await page.getByText("The very end.").waitFor();
    const session = await page.context().newCDPSession(page);
    // The time of the page's thread, which does not depend on what else the machine does.
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const worked = async () => {
      const { metrics } = await session.send("Performance.getMetrics");
      return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0);
    };
    await list.hover();
    const steps: number[] = [];
    for (let step = 0; step < 60; step++) {
      const before = await worked();
      await page.mouse.wheel(0, -1000);
      await page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))");
      steps.push((await worked()) - before);
    }
    // Scrolling has no task over 100 ms.
    expect(steps.filter((duration) => duration > 100)).toEqual([]);
    expect(await list.getByRole("listitem").count()).toBeLessThan(80);

    await page.keyboard.press("f");
    await page.keyboard.type("part-1\u0020");
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Enter");
    await list.getByText("make part-1", { exact: true }).waitFor();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("ten-megabytes");
    await page.keyboard.press("Enter");
    await list.getByText("cat ten-megabytes").first().waitFor();
    await list.getByText("is too long").waitFor();
    const entry = list.getByRole("listitem").filter({ hasText: "cat ten-megabytes" });
    await entry.getByRole("button", { name: /Full output/ }).click();
    await page.getByRole("dialog").getByText("the start").waitFor();
    await page.getByRole("dialog").locator(".virtual-list").press("End");
    await page.getByRole("dialog").getByText("the end").waitFor();
    await page.keyboard.press("Escape");

    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    expect(usedSize).toBeLessThan(100 * MB);
    const [, rss = "0"] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${board.pid}/status`, "utf8")) ?? [];
    expect(Number(rss) / 1024).toBeLessThan(600);
    expect(browser.faults).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { seriousFaults } from "../support/axe.ts";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { addPastRuns, storeAt } from "../support/past-runs.ts";
import { World } from "../support/world.ts";

const HOUR = 3_600_000;
const FORMULA = `=HYPERLINK("http://evil.example","\u202ex")`;

describe.skipIf(!HAS_BROWSER)("usage in a browser", () => {
  let world: World;
  let board: TestBoard;
  let browser: TestBrowser;

  beforeAll(async () => {
    world = new World();
    board = await TestBoard.start(world);
    browser = await TestBrowser.launch();
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
    await world.close();
    expect(browser.faults).toEqual([]);
  });

  test("says so while nothing was used, and shows the first run without being asked again", async () => {
    const page = await browser.open(board, "/usage");
    await page.getByText("No task ran in the last 30 days.").waitFor();
    mkdirSync(world.stateHome, { recursive: true, mode: 0o700 });
    const now = Date.now();
    const usage = { input_tokens: 5000, cached_input_tokens: 1000, output_tokens: 1000 };
    addPastRuns(storeAt(world.stateHome), [
      {
        task_id: "codex-a-v1",
        queuedAt: now - 2 * HOUR,
        endedAt: now - HOUR,
        repository: "/code/shop",
        model: FORMULA,
        usage,
      },
      {
        task_id: "codex-b-v1",
        queuedAt: now - 2 * HOUR,
        endedAt: now - HOUR,
        repository: "/code/shop",
        status: "cancelled",
        usage,
      },
      {
        task_id: "codex-c-v1",
        queuedAt: now - 50 * HOUR,
        endedAt: now - 49 * HOUR,
        repository: "/code/billing",
        usage,
      },
    ]);
    await total(page, "Tokens", "15.0kand 3.0k cached input").waitFor();
    await total(page, "Time", "3h00m1h00m a run").waitFor();
    await total(page, "Success rate", "67%2 of 3").waitFor();
    await total(page, "Cancelled", "5.0ktokens, 1h00m in 1 run").waitFor();
    await page.context().close();
  });

  test("groups by keys and buttons; its address keeps what is shown", async () => {
    const page = await open();
    await page.getByRole("img", { name: /^Tokens by day: 15.0k in 30 days/ }).waitFor();
    await page.keyboard.press("o");
    await page.getByRole("heading", { name: "Totals by outcome" }).waitFor();
    await page.getByRole("region", { name: "Tokens by day" }).getByText("Cancelled").waitFor();
    await page.keyboard.press("1");
    await page
      .getByRole("img", { name: /in 7 days/ })
      .first()
      .waitFor();
    await page.waitForURL(/days=7&by=outcome/);
    await page.reload();
    await page.getByRole("heading", { name: "Totals by outcome" }).waitFor();
    await page.getByRole("button", { name: "Model" }).click();
    await page.getByRole("heading", { name: "Totals by model" }).waitFor();
    await page.context().close();
  });

  test("reads single days of a plot by the pointer and by keys", async () => {
    const page = await open();
    const plot = page.getByRole("img", { name: /^Tokens by day/ });
    const readout = page.getByRole("region", { name: "Tokens by day" }).getByRole("status");
    expect(await readout.textContent()).toBe("All days 15.0k");
    await plot.focus();
    await page.keyboard.press("ArrowLeft");
    await readout.getByText("All days").waitFor({ state: "detached" });
    const today = await readout.textContent();
    await page.keyboard.press("ArrowLeft");
    expect(await readout.textContent()).not.toBe(today);
    const box = await plot.boundingBox();
    if (box === null) throw new Error("the plot has no place");
    await page.mouse.move(box.x + box.width - 30, box.y + 80);
    await world.until(async () => (await readout.textContent()) === today);
    await page.context().close();
  });

  test("has a table behind each plot, which can be sorted, copied and downloaded as CSV", async () => {
    const page = await open("/usage?by=model");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: board.origin });
    const section = page.getByRole("region", { name: "Totals by model" });
    await section.first().getByRole("button", { name: "Table" }).click();
    const table = section.getByRole("table");
    await table.waitFor();
    const models = async () => table.locator("tbody th").allTextContents();
    expect((await models()).toSorted()).toEqual([`=HYPERLINK("http://evil.example","\\u202ex")`, "default"]);
    await table.getByRole("button", { name: "Runs" }).click();
    expect(await models()).toEqual(["default", `=HYPERLINK("http://evil.example","\\u202ex")`]);
    await section.getByRole("button", { name: "Copy as CSV" }).click();
    await page.getByText("The table was copied as CSV.").waitFor();
    const copied = await page.evaluate<string>("navigator.clipboard.readText()");
    const line = (start: string) => copied.split("\r\n").find((each) => each.startsWith(start));
    expect(line("Model,Runs")).toBe(
      "Model,Runs,Completed,Failed,Cancelled,Success %,Tokens,Input,Cached input,Output,Reasoning,Seconds",
    );
    expect(line("default")).toBe("default,2,1,0,1,50,10000,10000,2000,2000,0,7200");
    expect(line(`"'=`)).toBe(
      `"'=HYPERLINK(""http://evil.example"",""\u202ex"")",1,1,0,0,100,5000,5000,1000,1000,0,3600`,
    );
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      section.getByRole("button", { name: "Download CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("usage-by-model.csv");
    expect(readFileSync(await download.path(), "utf8")).toBe(copied);
    for (const name of ["Tokens by day", "Time by day"]) {
      await page.getByRole("region", { name }).first().getByRole("button", { name: "Table" }).click();
      await page.getByRole("table", { name }).waitFor();
    }
    await page.waitForURL(/tables=/);
    await page.context().close();
  });

  test.each([
    { colorScheme: "light", viewport: { width: 360, height: 740 } },
    { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  ] as const)(
    "has no serious fault for assistive technology, and fits ($viewport.width, $colorScheme)",
    async (options) => {
      const page = await open("/usage", options);
      const overflow = () => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      expect(await seriousFaults(page)).toEqual([]);
      expect(await overflow()).toBeLessThanOrEqual(0);
      for (const button of await page.getByRole("button", { name: "Table" }).all()) await button.click();
      await page.getByRole("table").nth(2).waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      expect(await overflow()).toBeLessThanOrEqual(0);
      await page.context().close();
    },
  );

  test("draws in the colours of the theme, also when that changes", async () => {
    const page = await open("/usage", { colorScheme: "light" });
    const pixels = async () => page.evaluate<string>("document.querySelector('.usage-plot canvas').toDataURL()");
    await page.locator(".usage-plot canvas").first().waitFor();
    const light = await pixels();
    await page.emulateMedia({ colorScheme: "dark" });
    await world.until(async () => (await pixels()) !== light);
    await page.context().close();
  });

  async function open(path = "/usage", options: Parameters<TestBrowser["open"]>[2] = {}): Promise<Page> {
    const page = await browser.open(board, path, options);
    await total(page, "Tokens", "15.0k").waitFor();
    return page;
  }
});

/** One of the totals, with the text of its value and note. */
function total(page: Page, name: string, text: string) {
  return page.locator(".usage-totals > div", { hasText: `${name}${text}` });
}

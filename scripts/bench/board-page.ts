import type { Page } from "playwright-core";
import type { TestBoard } from "../../test/support/board.ts";
import type { BoardLoad } from "../../test/support/board-load.ts";
import { TestBrowser } from "../../test/support/browser.ts";
import { report, type Samples } from "./report.ts";

/** Script that notes when the first card and the largest part of the page were painted. */
const WATCH_PAINT = `
  new PerformanceObserver((list) => (window.largest = list.getEntries().at(-1).startTime))
    .observe({ type: "largest-contentful-paint", buffered: true });
  new MutationObserver((_, observer) => {
    if (document.querySelector(".card-row") === null) return;
    observer.disconnect();
    requestAnimationFrame(() => (window.firstCard = performance.now()));
  }).observe(document, { subtree: true, childList: true });
`;

/** Measures the first paint of pages of new profiles, and the time from a change in the index to the page. */
export async function measurePage(board: TestBoard, load: BoardLoad, paints: number, changes: number): Promise<void> {
  const browser = await TestBrowser.launch();
  try {
    const samples: Samples = { "first paint": [], "first card": [], "largest paint": [], "state changed": [] };
    for (let round = 0; round < paints; round++) {
      const page = await browser.page(await browser.browser.newContext({ viewport: { width: 1280, height: 800 } }));
      await page.addInitScript(WATCH_PAINT);
      await page.goto(board.address);
      await page.waitForURL(`${board.origin}/`);
      await page.locator(".card-row").first().waitFor();
      await page.waitForTimeout(500);
      samples["first paint"]?.push(
        await page.evaluate<number>(`performance.getEntriesByName("first-contentful-paint")[0].startTime`),
      );
      samples["first card"]?.push(await page.evaluate<number>("window.firstCard"));
      samples["largest paint"]?.push(await page.evaluate<number>("window.largest"));
      await page.context().close();
    }
    const page = await browser.open(board);
    await page.locator(".card-row").first().waitFor();
    for (let round = 0; round < changes; round++) {
      samples["state changed"]?.push(await timeChange(page, load, `Changed ${round} times.`));
      await Bun.sleep(200 + Math.random() * 200);
    }
    report("page", samples);
  } finally {
    await browser.close();
  }
}

/** Returns the milliseconds from a change of a task's title to the page that shows it. */
async function timeChange(page: Page, load: BoardLoad, title: string): Promise<number> {
  const [id = ""] = load.ids.running;
  await page.evaluate(`window.shown = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector(".board").textContent.includes(${JSON.stringify(title)})) return;
      observer.disconnect();
      resolve(performance.timeOrigin + performance.now());
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  }); undefined`);
  const began = performance.timeOrigin + performance.now();
  load.change(id, (task) => ({ ...task, title }));
  return (await page.evaluate<number>("window.shown")) - began;
}

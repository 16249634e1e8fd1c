import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import type { Page } from "playwright-core";
import { seriousFaults } from "../support/axe.ts";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { addPastRuns, storeAt } from "../support/past-runs.ts";
import { World } from "../support/world.ts";

const HOUR = 3_600_000;
const EVIL = "\u202e<img src=x onerror=alert(1)><script>alert(2)</script>\u001b[31m";

/** The element with the bars, by its name for those who cannot see them. */
const chartOf = (page: Page, facts = "") => page.getByRole("group", { name: new RegExp(`^Timeline of ${facts}`) });

describe.skipIf(!HAS_BROWSER)("the timeline in a browser", () => {
  let world: World;
  let client: McpClient;
  let board: TestBoard;
  let browser: TestBrowser;

  beforeAll(async () => {
    world = new World();
    mkdirSync(world.stateHome, { recursive: true, mode: 0o700 });
    const now = Date.now();
    addPastRuns(storeAt(world.stateHome), [
      {
        task_id: "codex-implement-shop-v1",
        topic: "implement-shop-v1",
        title: "Build the shop",
        queuedAt: now - 5 * HOUR,
        startedAt: now - 4.5 * HOUR,
        endedAt: now - 3 * HOUR,
        messages: [{ at: now - 4 * HOUR, text: "Use fewer words" }],
      },
      {
        task_id: "codex-implement-shop-v2",
        topic: "implement-shop-v2",
        title: "Build it better",
        status: "failed",
        queuedAt: now - 2 * HOUR,
        endedAt: now - HOUR,
      },
      {
        task_id: "codex-review-evil-v1",
        topic: "review-evil-v1",
        title: EVIL,
        repository: `/code/${EVIL.replaceAll("/", "")}`,
        queuedAt: now - 3 * HOUR,
        endedAt: now - 2 * HOUR,
      },
      { task_id: "codex-review-old-v1", topic: "review-old-v1", title: "Long ago", queuedAt: now - 72 * HOUR },
    ]);
    client = await world.client();
    board = await TestBoard.start(world);
    browser = await TestBrowser.launch();
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
    await world.close();
    // One test ends its board.
    expect(browser.faults.filter((fault) => !fault.includes("net::ERR_"))).toEqual([]);
  });

  /** Opens the timeline and waits for its bars. */
  async function open(path = "/timeline", options: Parameters<TestBrowser["open"]>[2] = {}): Promise<Page> {
    const page = await browser.open(board, path, options);
    await chartOf(page, "[1-9]").waitFor();
    return page;
  }

  test("goes from run to run by keys, shows what each is, and opens the task", async () => {
    const page = await open();
    await page.keyboard.press("j");
    const first = page.locator("a.timeline-bar");
    expect(await first.getAttribute("aria-label")).toContain("completed");
    await page.keyboard.press("k");
    await page.keyboard.press("j");
    await page.getByText("Build it better").waitFor();
    expect(await page.locator(".timeline-details").textContent()).toContain("/code/project");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/tasks/codex-implement-shop-v2");
    await page.context().close();
  });

  test("shows details below the pointer; a click opens the task, a drag only moves the time", async () => {
    const page = await open("/timeline?q=shop");
    await chartOf(page, "2 runs").waitFor();
    await page.keyboard.press("j");
    const box = await page.locator("a.timeline-bar").boundingBox();
    if (box === null) throw new Error("the bar has no place");
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.getByText("Use fewer words").waitFor();
    await page.mouse.down();
    await page.mouse.move(x + 40, y, { steps: 4 });
    await page.mouse.move(x + 120, y, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/[?&]end=/);
    expect(new URL(page.url()).pathname).toBe("/timeline");
    await page.getByRole("button", { name: "Now", exact: true }).click();
    await page.waitForURL((url) => !url.search.includes("end="));
    await page.mouse.click(x, y);
    await page.waitForURL("**/tasks/codex-implement-shop-v1");
    await page.context().close();
  });

  test("zooms by keys, buttons and the wheel; its address keeps what is shown", async () => {
    const page = await open();
    await page.keyboard.press("4");
    await chartOf(page, "4 runs").waitFor();
    await page.waitForURL(/span=7d/);
    await page.getByRole("button", { name: "1 hour" }).click();
    await page.waitForURL(/span=1h/);
    await page.getByRole("button", { name: "Zoom out" }).click();
    await page.waitForURL(/span=7200s/);
    await chartOf(page).hover();
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, 400);
    await page.keyboard.up("Control");
    await page.waitForURL((url) => !url.search.includes("7200s"));
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await page.waitForURL(/[?&]end=/);
    await page.getByRole("button", { name: "By host" }).click();
    await page.waitForURL(/by=host/);
    await page.getByLabel("Filter runs").fill("long");
    await page.waitForURL(/q=long/);
    const before = page.url();
    await page.reload();
    await page.getByText("hidden by the filter").waitFor();
    expect(await page.getByLabel("Filter runs").inputValue()).toBe("long");
    expect(await page.getByRole("button", { name: "By host" }).getAttribute("aria-pressed")).toBe("true");
    expect(page.url()).toBe(before);
    await page.context().close();
  });

  test("shows a task that another program starts, its growth, and its end", async () => {
    const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
    world.stub.script("GROWING", [{ until: () => isSeen }, { say: "Done." }]);
    const page = await open("/timeline?span=1h");
    const cwd = await world.repository();
    const { data } = await client.call("codex_dispatch", { prompt: "GROWING work", cwd, sandbox: "read-only" });
    await chartOf(page, "\\d+ runs in \\d lanes, 1 not ended").waitFor();
    await page.getByLabel("Filter runs").fill("growing");
    await page.keyboard.press("Tab");
    await page.keyboard.press("j");
    const bar = page.locator("a.timeline-bar[aria-label*=running]");
    await bar.waitFor();
    const width = async () => (await bar.boundingBox())?.width ?? 0;
    // A minute is 20 pixels wide here.
    for (const key of ["+", "+", "+", "+", "+", "+"]) await page.keyboard.press(key);
    const before = await width();
    await world.until(async () => (await width()) > before + 2);
    see();
    await world.waitForEnd(client, String(data["task_id"]));
    await chartOf(page, "\\d+ runs in \\d lanes, 0 not ended").waitFor();
    await page.context().close();
  });

  test("does not grow while the board cannot be reached", async () => {
    const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
    world.stub.script("FROZEN", [{ until: () => isSeen }, { say: "Done." }]);
    const { data } = await client.call("codex_dispatch", { prompt: "FROZEN", cwd: world.root, sandbox: "read-only" });
    const other = await TestBoard.start(world);
    const page = await browser.open(other);
    await page.clock.install();
    await page.goto(`${other.origin}/timeline?span=1h&q=frozen`);
    await chartOf(page, "1 runs").waitFor();
    await page.keyboard.press("j");
    const bar = page.locator("a.timeline-bar");
    const width = async () => (await bar.boundingBox())?.width ?? 0;
    await bar.waitFor();
    await other.stop();
    await page.getByText("Not connected").waitFor();
    const seen = await width();
    // A live bar would be 200 pixels longer.
    await page.clock.fastForward(600_000);
    await page.keyboard.press("-");
    await page.keyboard.press("+");
    await page.waitForURL(/span=1h/);
    expect(await width()).toBeLessThan(seen + 10);
    see();
    await world.waitForEnd(client, String(data["task_id"]));
    await page.context().close();
  });

  test("shows hostile titles and paths as text, in bars, lanes and the table", async () => {
    const page = await open();
    await page.getByRole("heading", { name: /\\u202e<img src=x/ }).waitFor();
    await page.keyboard.press("t");
    const table = page.getByRole("table", { name: /Runs of the time/ });
    await table.getByRole("link", { name: /\\u202e<img src=x onerror=alert\(1\)><script>.*\\x1b\[31m/ }).waitFor();
    expect(await table.getByRole("row").count()).toBeGreaterThan(3);
    expect(await page.locator("main img, main script").count()).toBe(0);
    await page.context().close();
  });

  test.each([
    { colorScheme: "light", viewport: { width: 360, height: 740 } },
    { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  ] as const)(
    "has no serious fault for assistive technology, and fits ($viewport.width, $colorScheme)",
    async (options) => {
      const page = await open("/timeline", options);
      await page.keyboard.press("j");
      expect(await seriousFaults(page)).toEqual([]);
      const overflow = () => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      expect(await overflow()).toBeLessThanOrEqual(0);
      await page.keyboard.press("t");
      await page.getByRole("table").waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      expect(await overflow()).toBeLessThanOrEqual(0);
      await page.context().close();
    },
  );
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { MAX_RUNNING, type Scene, setScene } from "../../scripts/screenshots/scene.ts";
import { seriousFaults } from "../support/axe.ts";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { findLayoutFaults } from "../support/layout-faults.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { PAGE_STATES } from "../support/page-states.ts";
import { World } from "../support/world.ts";

/** Sizes of windows in pixels: phones, tablets, screens up to 4K; 640 x 400 is 1280 x 800 at a zoom of 200 %. */
const SIZES = [
  [360, 640],
  [640, 400],
  [768, 1024],
  [1280, 800],
  [1920, 1080],
  [2560, 1440],
  [3840, 2160],
] as const;
/** Size of the font of those who enlarge only the text to 200 %. */
const LARGE_FONT = "28px";
const LIMITS = { CODEXMCP_MAX_CONCURRENT: String(MAX_RUNNING) };

/** Script that describes the element with the focus, and says how it shows it. */
const READ_FOCUS = `(() => {
  const element = document.activeElement;
  if (element === null || element === document.body) return undefined;
  const box = element.getBoundingClientRect();
  const has = (style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0);
  const marked = [getComputedStyle(element), getComputedStyle(element, "::after"), getComputedStyle(element, "::before")];
  const around = element.closest("label");
  if (around !== null) marked.push(getComputedStyle(around));
  return {
    name: element.localName + " " + (element.getAttribute("aria-label") ?? element.textContent ?? "").slice(0, 40),
    isMarked: marked.some(has),
    isShown: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
  };
})()`;

describe.skipIf(!HAS_BROWSER)("everywhere", () => {
  let world: World;
  let bare: World;
  let client: McpClient;
  let scene: Scene;
  let board: TestBoard;
  let empty: TestBoard;
  let browser: TestBrowser;

  beforeAll(async () => {
    [world, bare] = [new World(), new World()];
    client = await world.client(LIMITS);
    scene = await setScene(world, client);
    board = await TestBoard.start(world, [], LIMITS);
    empty = await TestBoard.start(bare);
    browser = await TestBrowser.launch();
  }, 60_000);
  afterEach(async () => {
    for (const context of browser.browser.contexts()) await context.close();
    expect(browser.faults.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    scene.finish();
    await browser.close();
    await board.stop();
    await empty.stop();
    for (const id of [scene.running, scene.asking]) await client.call("codex_cancel", { task_id: id });
    await world.close();
    await bare.close();
  });

  /** Returns the faults of a page's layout after it has settled. */
  async function layoutFaults(page: Page): Promise<string[]> {
    let faults: string[] = [];
    for (let frames = 0; frames < 10; frames++) {
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
      faults = await findLayoutFaults(page);
      if (faults.length === 0) break;
    }
    return faults;
  }

  test.each(PAGE_STATES.map((state) => [state.name, state] as const))(
    "%s: is accessible in both themes, and fits at each size of windows and texts",
    async (_name, { path, show, isEmpty = false, isMissing = false }) => {
      const page = await browser.open(isEmpty ? empty : board, path(scene), { colorScheme: "light" });
      await show(page);
      expect(await seriousFaults(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await seriousFaults(page, "html", ["color-contrast"])).toEqual([]);
      const faults: Record<string, string[]> = {};
      for (const [width, height] of SIZES) {
        await page.setViewportSize({ width, height });
        faults[`${width}`] = await layoutFaults(page);
      }
      await page.evaluate(`document.documentElement.style.fontSize = "${LARGE_FONT}"`);
      for (const [width, height] of [
        [360, 640],
        [1280, 800],
      ] as const) {
        await page.setViewportSize({ width, height });
        faults[`${width} with large texts`] = await layoutFaults(page);
      }
      expect(Object.entries(faults).filter(([, found]) => found.length > 0)).toEqual([]);
      if (isMissing) browser.faults.length = 0;
    },
    60_000,
  );

  test.each([
    ["/", "none"],
    ["/", "active"],
    ["/new", "none"],
    ["review", "none"],
    ["asking", "active"],
  ] as const)("the focus is always seen: %s, forced colours: %s", async (place, forcedColors) => {
    const path = place === "review" || place === "asking" ? `/tasks/${scene[place]}` : place;
    const page = await browser.open(board, path, { forcedColors, reducedMotion: "reduce" });
    await page.getByRole("heading", { level: 1 }).first().waitFor({ state: "attached" });
    await page.getByRole("article").or(page.getByRole("button")).first().waitFor();
    const stops: string[] = [];
    for (let presses = 0; presses < 45; presses++) {
      await page.keyboard.press("Tab");
      const stop = await page.evaluate<{ name: string; isMarked: boolean; isShown: boolean } | undefined>(READ_FOCUS);
      if (stop === undefined) break;
      expect(stop).toEqual({ name: stop.name, isMarked: true, isShown: true });
      stops.push(stop.name);
    }
    // The page for a new task begins in its prompt.
    if (path !== "/new") expect(stops.slice(0, 3)).toEqual(["a Skip to content", "a codex-mcp-server", "a Board"]);
    expect(await page.evaluate("document.getAnimations().length")).toBe(0);
  });

  test.each(["Merge…", "Discard…", "Export…"])("the focus returns from the dialog of %s", async (name) => {
    const page = await browser.open(board, `/tasks/${scene.review}`);
    await page.getByRole("button", { name }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await page.locator(":focus").innerText()).toBe(name);
  });

  test("what is announced does not change while nothing happens but time", async () => {
    const page = await browser.open(board);
    const times = page.getByRole("region", { name: "Running" }).locator(".card-facts").first();
    await times.waitFor();
    await page.evaluate(`{
      window.announced = [];
      const note = (changes) => announced.push(...changes.map(({ target }) => target.textContent));
      const options = { childList: true, characterData: true, subtree: true };
      for (const each of document.querySelectorAll("[aria-live], [role=status], [role=alert]")) new MutationObserver(note).observe(each, options);
    }`);
    for (let ticks = 0; ticks < 2; ticks++) {
      const before = await times.innerText();
      await world.until(async () => (await times.innerText()) !== before);
    }
    expect(await page.evaluate<string[]>("announced")).toEqual([]);
  });

  test("a board that has ended is accessible, too, in both themes", async () => {
    const other = await TestBoard.start(world, [], LIMITS);
    const page = await browser.open(other);
    await page.getByText("Migrate the build").waitFor();
    await other.stop();
    await page.getByText(/Not connected/).waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousFaults(page)).toEqual([]);
      expect(await layoutFaults(page)).toEqual([]);
    }
    // What the browser says about requests that failed is no fault of the page.
    browser.faults.length = 0;
  });
});

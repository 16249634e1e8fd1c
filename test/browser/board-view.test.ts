import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { seriousFaults } from "../support/axe.ts";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { longestTask } from "../support/long-tasks.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { writeOldTasks } from "../support/old-tasks.ts";
import { World } from "../support/world.ts";

const OLD = 300;
/** Prompt that nothing of may run, and whose direction is not changed. */
const HOSTILE = "FAILS at once <img src=x onerror='throw 1'><script>throw 2</script> \u202ekcab";
const KEEP = { CODEXMCP_KEEP_TASKS: "1000" };

describe.skipIf(!HAS_BROWSER)("the board's columns", () => {
  let world: World;
  let client: McpClient;
  let board: TestBoard;
  let browser: TestBrowser;
  let page: Page;
  /** Ends the task that runs. */
  let endRunning: () => void;
  let running: string;

  const start = async (args: object): Promise<string> =>
    String((await client.call("codex_dispatch", args)).data["task_id"]);
  const column = (name: string) => page.getByRole("region", { name, exact: true });
  const card = (name: string, title: string) => column(name).getByRole("link", { name: title });
  const focused = async () => page.locator("*:focus").innerText();

  beforeAll(async () => {
    world = new World();
    writeOldTasks(world.stateHome, OLD);
    const { promise: isOver, resolve } = Promise.withResolvers<void>();
    endRunning = resolve;
    world.stub.script("RUNS", [{ run: "echo working" }, { until: () => isOver }, { say: "Done." }]);
    world.stub.script("WORKS", [{ run: "echo more >> README.md" }, { say: "Changed the file." }]);
    world.stub.script("FAILS", [{ fail: "The model is broken." }]);
    client = await world.client(KEEP);
    const [one, other] = [await world.repository("one"), await world.repository("other")];
    const work = await start({ prompt: "WORKS on the readme", cwd: one, sandbox: "full-access" });
    const failure = await start({ prompt: HOSTILE, cwd: other, sandbox: "read-only" });
    await world.waitForEnd(client, work);
    await world.waitForEnd(client, failure);
    running = await start({ prompt: "RUNS for long\nand more", cwd: other, sandbox: "read-only" });
    board = await TestBoard.start(world, [], KEEP);
    browser = await TestBrowser.launch();
  });
  afterAll(async () => {
    endRunning();
    await browser.close();
    await board.stop();
    await world.close();
  });
  beforeEach(async () => {
    await page?.context().close();
    page = await browser.open(board);
    await card("Running", "RUNS for long").waitFor();
  });

  test("show each task where it belongs, with what to know about it", async () => {
    const review = column("To review").getByRole("article");
    expect(await review.innerText()).toMatch(
      /WORKS on the readme[\s\S]*one[\s\S]*branch\s+implement-[\s\S]*ended\s+just now[\s\S]*ran [\s\S]*no sandbox/,
    );
    const failed = column("Failed").getByRole("article");
    expect(await failed.innerText()).toMatch(/FAILS at once[\s\S]*other[\s\S]*failed: codex_failed/);
    expect(await failed.innerText()).toContain("<img src=x onerror='throw 1'><script>throw 2</script> \\u202ekcab");
    expect(await card("Running", "RUNS for long").innerText()).toBe("RUNS for long");
    expect(await column("Running").getByRole("heading").innerText()).toMatch(/^Running\s1$/);
    // Its time passes without an event of the server.
    const time = async () => column("Running").locator(".card-facts span").first().innerText();
    const before = await time();
    await world.until(async () => (await time()) !== before);
    expect(browser.faults).toEqual([]);
  });

  test("scroll through hundreds of cards, of which few exist, without long tasks", async () => {
    const list = page.getByRole("list", { name: /^Merged/ });
    const cards = list.getByRole("article");
    expect(await cards.count()).toBeLessThan(40);
    await list.hover();
    const scrollTo = async (index: number, by: number) =>
      world.until(async () => {
        await page.mouse.wheel(0, by);
        return (await list.locator(`[data-card='codex-review-old_${index}-v1']`).count()) === 1;
      });
    const longest = await longestTask(page, async () => {
      await scrollTo(0, 1500);
      expect(await cards.count()).toBeLessThan(40);
      await scrollTo(OLD - 1, -1500);
    });
    expect(longest).toBeLessThanOrEqual(100);
  });

  test("are filtered by text, repository and state; the address keeps it, and hidden tasks are counted", async () => {
    const all = OLD + 3;
    const count = page.locator(".filter-count");
    expect(await count.innerText()).toBe(`${all} tasks`);
    await page.getByLabel("Filter by text").fill("readme works");
    await page.getByText(`1 of ${all} tasks, ${all - 1} hidden`).waitFor();
    await page.waitForURL("**/?q=readme+works");
    await page.reload();
    await page.getByText(`1 of ${all} tasks, ${all - 1} hidden`).waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByText(`${all} tasks`, { exact: true }).waitFor();
    await page.getByLabel("Repository").selectOption({ label: "other" });
    await page.getByText(`2 of ${all} tasks`).waitFor();
    await page.getByLabel("State").selectOption("Failed");
    await page.getByText(`1 of ${all} tasks`).waitFor();
    await page.waitForURL(/\?repository=.*other&state=failed$/);
    await page.getByLabel("Filter by text").fill("nothing has this");
    await page.getByText("No task matches the filters.").waitFor();
    await page.getByRole("button", { name: `Show all ${all} tasks` }).click();
    await card("To review", "WORKS on the readme").waitFor();
    await page.waitForURL(`${board.origin}/`);
  });

  test("are walked, filtered and opened by keyboard", async () => {
    await page.keyboard.press("j");
    expect(await focused()).toBe("RUNS for long");
    await page.keyboard.press("l");
    expect(await focused()).toBe("WORKS on the readme");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toContain("review-old_298");
    await page.keyboard.press("End");
    await page.keyboard.press("h");
    expect(await focused()).toBe("WORKS on the readme");
    await page.keyboard.press(" ");
    await page.keyboard.press("h");
    await page.keyboard.press(" ");
    await page.getByText("2 tasks marked").waitFor();
    await page.keyboard.press("c");
    await page.waitForURL(/\/compare\?task=codex-.*&task=codex-/);
    await page.goBack();
    // The focus is where it was.
    await page.locator(":focus", { hasText: "RUNS for long" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("2 tasks marked").waitFor({ state: "detached" });
    await page.keyboard.press("/");
    await page.keyboard.type("fails");
    await page.getByText(/^1 of/).waitFor();
    await page.keyboard.press("Enter");
    expect(await focused()).toContain("FAILS at once");
    await page.keyboard.press("m");
    await page.getByText("The task has no work that can be merged now.").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/tasks\/codex-[^?]*$/);
    await page.goBack();
    await page.locator(":focus", { hasText: "FAILS at once" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByText(`${OLD + 3} tasks`, { exact: true }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).getByText("Mark for comparing").waitFor();
    await page.keyboard.press("Escape");
    expect(browser.faults).toEqual([]);
  });

  test.each([
    ["x", "RUNS for long", "cancel"],
    ["m", "WORKS on the readme", "merge"],
    ["d", "WORKS on the readme", "discard"],
  ])("open a task's page to act on it: %s", async (key, title, action) => {
    await page.getByRole("link", { name: title }).focus();
    await page.keyboard.press(key);
    await page.waitForURL(new RegExp(`/tasks/codex-[^?]*\\?do=${action}$`));
  });

  test("are marked by mouse, too", async () => {
    for (const title of ["RUNS for long", "WORKS on the readme"]) {
      await page.getByRole("article").filter({ hasText: title }).hover();
      await page.getByLabel(`Mark for comparing: ${title}`).check();
    }
    await page.getByRole("main").getByRole("link", { name: "Compare" }).click();
    await page.waitForURL(/\/compare\?task=codex-.*&task=codex-/);
  });

  test("are tabs on a narrow screen, which does not scroll sideways", async () => {
    await page.setViewportSize({ width: 360, height: 700 });
    expect(await page.getByRole("tab", { selected: true }).innerText()).toBe("Review 1");
    await page.getByRole("tab", { name: "Failed" }).click();
    await card("Failed", "FAILS at once").waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await card("Running", "RUNS for long").waitFor();
    expect(
      await page.locator("html").evaluate((html) => (html as unknown as { scrollWidth: number }).scrollWidth),
    ).toBe(360);
  });

  test.each(["light", "dark"] as const)(
    "have no serious fault of accessibility in the %s theme",
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await seriousFaults(page)).toEqual([]);
      }
    },
  );

  test("keep the focus on a task that ends, and show its card as not live without a connection", async () => {
    await page.keyboard.press("j");
    expect(await focused()).toBe("RUNS for long");
    endRunning();
    await world.waitForEnd(client, running);
    await card("Running", "RUNS for long").waitFor({ state: "detached" });
    await card("Merged", "RUNS for long").or(card("To review", "RUNS for long")).waitFor();
    expect(await focused()).toBe("RUNS for long");
    // An answer that this browser has shown needs no decision.
    await page.evaluate(`localStorage.setItem("codexmcp-seen", JSON.stringify(["1 ${running}"]))`);
    await page.reload();
    await card("Merged", "RUNS for long").waitFor();
    const other = await TestBoard.start(world, [], KEEP);
    const lost = await browser.open(other);
    await lost.getByRole("link", { name: "FAILS at once" }).waitFor();
    await other.stop();
    await lost.locator(".not-live").waitFor();
  });
});

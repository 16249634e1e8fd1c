// Three tries at one prompt side by side: their facts, what differs, one taken, the others restorable.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { linesOf, type TryLine, workIn } from "../support/tries.ts";
import { World } from "../support/world.ts";

const HOSTILE = "<img src=x onerror='window.hit = 1'> \u202Ereversed [link](javascript:window.hit=1)";

describe.skipIf(!HAS_BROWSER)("the page Compare", () => {
  let world: World;
  let repository: string;
  let board: TestBoard;
  let browser: TestBrowser;
  let tries: TryLine[];

  beforeAll(async () => {
    world = new World();
    world.stub.script("SMALL-WAY", [{ run: "echo small > result.txt" }, { say: "Small." }]);
    const large = [{ run: "seq 50 > result.txt" }, { run: "echo more > other.txt" }] as const;
    world.stub.script("LARGE-WAY", [...large, { say: `Large. ${"word ".repeat(200)}the end.` }]);
    world.stub.script("ODD-WAY", [{ run: "echo small > result.txt" }, { say: HOSTILE }]);
    repository = await world.repository();
    const client = await world.client();
    const variants = ["SMALL-WAY", "LARGE-WAY", "ODD-WAY"].map((prompt_suffix) => ({ prompt_suffix }));
    const request = workIn(repository, "parser", { prompt: "Write the parser.", variants });
    const { data } = await client.call("codex", request);
    tries = linesOf(data);
    board = await TestBoard.start(world);
    browser = await TestBrowser.launch();
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
    await world.close();
  });

  // A page that stays open would go on reading.
  afterEach(async () => {
    for (const context of browser.browser.contexts()) await context.close();
  });

  const idOf = (index: number) => tries[index]?.task_id ?? "";
  const folderOf = (index: number) => tries[index]?.worktree_dir ?? "";
  const row = (page: Page, name: string) =>
    page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
  const openGroup = async () => {
    const page = await browser.open(board, "/compare");
    await page.getByRole("link", { name: "Write the parser." }).click();
    await page.getByRole("heading", { name: "Compare 3 tries" }).waitFor();
    return page;
  };

  test("leads from a group to its tries, with their facts and the best values in words", async () => {
    const page = await openGroup();
    expect(await row(page, "State").getByRole("cell").allInnerTexts()).toEqual(["completed", "completed", "completed"]);
    const [small = "", large = "", odd = ""] = await row(page, "Changes").getByRole("cell").allInnerTexts();
    expect(small).toContain("1 file +1 −0");
    expect(small).toContain(`same files as ${idOf(2)}`);
    expect([small, odd].every((text) => text.includes("smallest"))).toBe(true);
    expect(large).toBe("2 files +51 −0");
    const tokens = await row(page, "Tokens").getByRole("cell").allInnerTexts();
    expect(tokens.map((text) => text.includes("fewest"))).toEqual([true, false, true]);
    await page.getByText("changed by all").waitFor();
    expect(browser.faults).toEqual([]);
  });

  test("shows hostile results as text, and hidden characters", async () => {
    const page = await openGroup();
    const text = await row(page, "Result").getByRole("cell").nth(2).innerText();
    expect(text).toContain("\\u202e");
    expect(await page.evaluate("window.hit")).toBeUndefined();
    const links = await row(page, "Result").getByRole("link").all();
    for (const link of links) expect(await link.getAttribute("href")).toStartWith("http");
    expect(browser.faults).toEqual([]);
  });

  test("reads the whole result on demand", async () => {
    const page = await openGroup();
    const cell = row(page, "Result").getByRole("cell").nth(1);
    expect(await cell.innerText()).not.toContain("the end.");
    await cell.getByRole("button", { name: "Show the whole result" }).click();
    await cell.getByText("the end.").waitFor();
  });

  test("shows what differs between two, which the address keeps", async () => {
    const page = await openGroup();
    await page.keyboard.press("d");
    await page.getByText("2 files changed").waitFor();
    await page.getByRole("combobox", { name: "To" }).selectOption(idOf(2));
    await page.getByText("No differences").waitFor();
    await page.reload();
    await page.getByText("No differences").waitFor();
    expect(new URL(page.url()).searchParams.get("to")).toBe(idOf(2));
    expect(browser.faults).toEqual([]);
  });

  test("compares tasks that are marked, by keyboard alone", async () => {
    const page = await browser.open(board, "/compare");
    await page.getByLabel("Filter").fill("_try2");
    await page.getByRole("checkbox").focus();
    await page.keyboard.press("Space");
    await page.getByText("1 marked").waitFor();
    await page.getByLabel("Filter").fill("_try1");
    await page.getByRole("checkbox", { name: "_try1" }).focus();
    await page.keyboard.press("Space");
    await page.getByText("2 marked").waitFor();
    await page.keyboard.press("c");
    await page.getByRole("heading", { name: "Compare 2 tries" }).waitFor();
  });

  test("takes one: shows its merge first, merges it, discards the others, and restores them", async () => {
    const page = await openGroup();
    await page.getByRole("button", { name: `Take this one: ${idOf(1)}` }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Merges cleanly").waitFor();
    expect(await dialog.getByRole("checkbox", { checked: true }).count()).toBe(2);
    expect(existsSync(join(repository, "result.txt"))).toBe(false);
    await dialog.getByRole("button", { name: "Merge and discard 2 others" }).click();
    await page.getByText(`Merged ${idOf(1)} into main: 2 files changed`).waitFor();
    expect(readFileSync(join(repository, "other.txt"), "utf8")).toBe("more\n");
    expect([0, 1, 2].map((index) => existsSync(folderOf(index)))).toEqual([false, true, false]);
    await page.getByRole("button", { name: "Undo the discards" }).click();
    await page.getByText(`Restored ${idOf(0)}, ${idOf(2)}.`).waitFor();
    expect(readFileSync(join(folderOf(0), "result.txt"), "utf8")).toBe("small\n");
    await page.getByRole("button", { name: `Take this one: ${idOf(0)}` }).waitFor();
    expect(browser.faults).toEqual([]);
  });

  test("refuses to take one while another is running, and what does not name tasks", async () => {
    const answer = async (body: object) => {
      const { status, ...response } = await board.act("/api/compare/take", body).then(async (each) => ({
        status: each.status,
        ...((await each.json()) as { code: string }),
      }));
      return [status, response.code];
    };
    expect(await answer({})).toEqual([400, "invalid_argument"]);
    expect(await answer({ take: idOf(0), discard: [idOf(0)] })).toEqual([400, "invalid_argument"]);
    expect(await answer({ take: "codex-implement-none-v1", discard: [] })).toEqual([404, "unknown_task"]);
    expect(await answer({ take: idOf(0), discard: "all" })).toEqual([400, "invalid_argument"]);
    expect(existsSync(folderOf(0))).toBe(true);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Locator, Page } from "playwright-core";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { addEvents, commandEvent, endedTask, messageEvent, runningTask } from "../support/task-log.ts";
import { World } from "../support/world.ts";

/** Waits until the page has been drawn a few times. */
const FRAMES =
  "(async () => { for (let i = 0; i < 5; i++) await new Promise((resolve) => requestAnimationFrame(resolve)); })()";

describe.skipIf(!HAS_BROWSER)("the conversation of a task", () => {
  let world: World;
  let client: McpClient;
  let board: TestBoard;
  let browser: TestBrowser;
  let cwd: string;

  beforeAll(async () => {
    world = new World();
    client = await world.client();
    board = await TestBoard.start(world);
    browser = await TestBrowser.launch();
    cwd = await world.repository();
    world.stub.script("LOGGED", [{ say: "Ready." }]);
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
    await world.close();
  });

  const openTask = async (id: string, options = {}): Promise<{ page: Page; pane: Locator; list: Locator }> => {
    const page = await browser.open(board, `/tasks/${id}`, options);
    const pane = page.getByRole("region", { name: "Conversation" });
    await pane.getByRole("listitem").first().waitFor();
    return { page, pane, list: pane.getByRole("list", { name: "Entries of the conversation" }) };
  };
  const isInView = async (entry: Locator): Promise<boolean> =>
    entry.evaluate((element) => {
      const list = element.closest(".virtual-list")?.getBoundingClientRect();
      const own = element.getBoundingClientRect();
      return list !== undefined && own.bottom > list.top && own.top < list.bottom;
    });

  test("shows what Codex does as it does it: thoughts, commands, patches and messages", async () => {
    const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
    world.stub.script("WATCHED", [
      { think: "**Reading**\n\nThe `README.md` first." },
      { run: "printf 'one\\033[31m two\\033[0m\\n'; exit 3" },
      { patch: "*** Begin Patch\n*** Add File: new.txt\n+fresh line\n*** End Patch" },
      { until: () => isSeen },
      { say: "## All done\n\nSee [the manual](https://example.com/)." },
    ]);
    const prompt = "WATCHED work\n\nwith a second paragraph";
    const { data } = await client.call("codex_dispatch", { prompt, cwd, sandbox: "workspace-write" });
    const { page, pane } = await openTask(String(data["task_id"]));
    await pane.getByText("with a second paragraph").waitFor();
    await pane.getByText("Reading", { exact: true }).waitFor();
    await pane.getByText("fresh line").waitFor();
    await pane.getByText("new.txt", { exact: true }).waitFor();
    const command = pane.getByRole("button", { name: /printf/ });
    expect(await command.textContent()).toContain("exit 3");
    expect(await pane.getByText("one two").count()).toBe(0);
    await command.click();
    await pane.getByText("one two").waitFor();
    see();
    await pane.getByRole("heading", { name: "All done" }).waitFor();
    expect(await pane.getByRole("link", { name: "the manual" }).getAttribute("rel")).toBe("noreferrer noopener");
    await page.context().close();
    expect(browser.faults).toEqual([]);
  });

  test("shows plans, questions and answers, tools, checks, waits and events that it does not know", async () => {
    const { id, log } = await endedTask(world, client, "LOGGED kinds", cwd);
    const steps = [
      { text: "First step", completed: true },
      { text: "Second step", completed: false },
    ];
    const question = { id: "q1-1", kind: "command", text: "May I?", decisions: ["accept"], command: "npm install x" };
    addEvents(
      log,
      { type: "item.updated", item: { id: "plan", type: "todo_list", items: steps } },
      { type: "question", question },
      { type: "answer", id: "q1-1", decision: "accept", by: "a person" },
      { type: "item.completed", item: { id: "t", type: "mcp_tool_call", server: "hub", tool: "issue", given: 42 } },
      { type: "item.completed", item: { id: "w", type: "web_search", query: "rules of quoting" } },
      { type: "check.completed", command: "make test", attempt: 2, passed: false, output_tail: "1 failed" },
      { type: "quota.waiting", until: "2099-01-01T00:00:00Z", message: "Limit reached.", seconds: 5 },
      { type: "brand.new.event" },
      { type: "turn.failed", error: { message: "It broke." } },
    );
    const { page, pane } = await openTask(id);
    await pane.getByText("It broke.").waitFor();
    const text = await pane.innerText();
    const words = text.replaceAll(/\s+/g, " ");
    for (const part of ["Plan, 1 of 2 done", "Done: First step", "To do: Second step", "attempt 2", "make test"]) {
      expect(words).toContain(part);
    }
    for (const part of ["May I?", "npm install x", "by a person", "hub.issue", "rules of quoting", "brand.new.event"]) {
      expect(words).toContain(part);
    }
    expect(words).toContain("Limit reached.");
    await pane.getByRole("listitem").filter({ hasText: "hub.issue" }).getByRole("button", { name: "Details" }).click();
    await page.getByRole("dialog").getByText('"given": 42').waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.context().close();
  });

  test("follows until the reader scrolls up, counts what is new, and leads there", async () => {
    const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
    world.stub.script("FOLLOWED", [{ say: "Begun." }, { run: "true" }, { until: () => isOver }, { say: "Over." }]);
    const { id, log } = await runningTask(world, client, "FOLLOWED task", cwd);
    addEvents(log, ...Array.from({ length: 100 }, (_, index) => messageEvent(`Message ${index}`)));
    const { page, pane, list } = await openTask(id);
    await pane.getByText("Message 99", { exact: true }).waitFor();
    addEvents(log, messageEvent("While at the end"));
    const atEnd = pane.getByText("While at the end");
    await atEnd.waitFor();
    await world.until(async () => isInView(atEnd));
    await list.hover();
    await page.mouse.wheel(0, -800);
    await pane.getByRole("button", { name: "End ↓" }).waitFor();
    const top = await list.evaluate((element) => element.scrollTop);
    addEvents(log, messageEvent("New one"), messageEvent("New two"));
    const button = pane.getByRole("button", { name: "2 new ↓" });
    await button.waitFor();
    expect(Math.abs((await list.evaluate((element) => element.scrollTop)) - top)).toBeLessThan(3);
    await button.click();
    const last = pane.getByText("New two");
    await last.waitFor();
    await world.until(async () => isInView(last));
    await button.waitFor({ state: "detached" });
    end();
    await world.waitForEnd(client, id);
    await page.context().close();
  });

  test("loads what precedes when the reader scrolls up, and what is read stays where it is", async () => {
    const { id, log } = await endedTask(world, client, "LOGGED early", cwd);
    const filler = "words ".repeat(40);
    addEvents(log, ...Array.from({ length: 1500 }, (_, index) => messageEvent(`Entry ${index}. ${filler}`)));
    const { page, pane, list } = await openTask(id);
    await pane.getByText("Entry 1499.").waitFor();
    const first = async () =>
      list.evaluate((element) => {
        const top = element.getBoundingClientRect().top;
        const rows = [...element.querySelectorAll("[data-key]")];
        const row = rows.find((each) => each.getBoundingClientRect().top >= top);
        return { text: row?.textContent.slice(0, 40), at: (row?.getBoundingClientRect().top ?? 0) - top };
      });
    const { promise: isRead, resolve: go } = Promise.withResolvers<void>();
    await page.route(/log\?.*before=/, async (route) => {
      await isRead;
      await route.continue();
    });
    const asked = page.waitForRequest(/before=/);
    await list.evaluate((element) => (element.scrollTop = 700));
    await asked;
    await page.evaluate(FRAMES);
    const before = await first();
    go();
    await world.until(async () => (await list.evaluate((element) => element.scrollTop)) > 5000);
    await page.evaluate(FRAMES);
    const after = await first();
    expect(after.text).toBe(before.text);
    expect(Math.abs(after.at - before.at)).toBeLessThan(30);
    await world.until(async () => {
      await list.evaluate((element) => (element.scrollTop = 0));
      return (await pane.getByText("LOGGED early").count()) > 0;
    });
    await pane.getByText("LOGGED early").waitFor();
    expect(await list.getByRole("listitem").count()).toBeLessThan(60);
    await page.context().close();
  });

  test("searches the whole run and leads to each hit, also in parts that are not loaded", async () => {
    const { id, log } = await endedTask(world, client, "LOGGED search", cwd);
    const filler = Array.from({ length: 1200 }, (_, index) => messageEvent(`Filler ${index} ${"x".repeat(300)}`));
    addEvents(log, messageEvent("The needle at the start"), ...filler.slice(600));
    addEvents(log, commandEvent("c", "make", "A NEEDLE in an output"), ...filler);
    const { page, pane } = await openTask(id);
    await pane.getByText("Filler 1199").waitFor();
    await page.keyboard.press("f");
    await page.keyboard.type("needle");
    await page.keyboard.press("Enter");
    const start = pane.getByText("The needle at the start");
    await start.waitFor();
    await world.until(async () => isInView(start));
    expect(await pane.getByRole("search").textContent()).toContain("1 of 2");
    await page.keyboard.press("Enter");
    const output = pane.getByText("A NEEDLE in an output");
    await output.waitFor();
    await world.until(async () => isInView(output));
    await page.keyboard.press("Shift+Enter");
    await world.until(async () => (await start.count()) > 0 && (await isInView(start)));
    await page.keyboard.press("Control+a");
    await page.keyboard.type("nowhere");
    await page.keyboard.press("Enter");
    await pane.getByText("Not found").waitFor();
    await page.context().close();
  });

  test("is used by keyboard alone: entries, folds, the end, and the whole output", async () => {
    const { id, log } = await endedTask(world, client, "LOGGED keys", cwd);
    addEvents(
      log,
      commandEvent("c", "make all", `first line\n${"more\n".repeat(3000)}last line`),
      messageEvent("End."),
    );
    const { page, pane } = await openTask(id);
    await pane.getByText("End.", { exact: true }).waitFor();
    await page.keyboard.press("e");
    await page.keyboard.press("k");
    const entry = pane.getByRole("listitem").filter({ hasText: "make all" });
    await world.until(async () => (await entry.getAttribute("aria-current")) === "true");
    await page.keyboard.press("o");
    await pane.getByText("first line").waitFor();
    await entry.getByRole("button", { name: /Full output/ }).press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("first line").waitFor();
    await dialog.getByRole("list").or(dialog.locator(".virtual-list")).first().press("End");
    await dialog.getByText("last line").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("o");
    await pane.getByText("first line").waitFor({ state: "detached" });
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("End of the conversation").waitFor();
    await page.context().close();
  });

  test("shows earlier runs of the task", async () => {
    const { id } = await endedTask(world, client, "LOGGED the first prompt", cwd);
    world.stub.script("AGAIN", [{ say: "The second answer." }]);
    const topic = id.replace(/^codex-/, "");
    await client.call("codex", { prompt: "AGAIN please", cwd, topic, sandbox: "read-only" });
    const { page, pane } = await openTask(id);
    await pane.getByText("The second answer.").waitFor();
    await pane.getByLabel("Run", { exact: true }).selectOption("1");
    await pane.getByText("LOGGED the first prompt").waitFor();
    await pane.getByText("Ready.").waitFor();
    expect(await pane.getByText("The second answer.").count()).toBe(0);
    await page.context().close();
    expect(browser.faults).toEqual([]);
  });
});

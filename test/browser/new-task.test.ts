import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { KEY_HEADER } from "#board/api/failure.ts";
import { seriousFaults } from "../support/axe.ts";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

describe.skipIf(!HAS_BROWSER)("the form for a new task", () => {
  let world: World;
  let client: McpClient;
  let board: TestBoard;
  let browser: TestBrowser;
  let page: Page;
  let one: string;
  let other: string;

  const prompt = () => page.getByLabel("Prompt");
  /** Id of the task whose page is shown, after its end. */
  const shownTask = async () => {
    await page.waitForURL(/\/tasks\/codex-/);
    return world.waitForEnd(client, new URL(page.url()).pathname.slice("/tasks/".length));
  };

  beforeAll(async () => {
    world = new World();
    world.stub.script("HELLO", [{ say: "Hello." }]);
    world.stub.script("WORK", [{ run: "echo more >> README.md" }, { say: "Changed the file." }]);
    [one, other] = [await world.repository("one"), await world.repository("other")];
    await world.git(other, "branch", "feature");
    client = await world.client();
    board = await TestBoard.start(world);
    browser = await TestBrowser.launch();
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
    await world.close();
  });
  beforeEach(async () => {
    await page?.context().close();
    page = await browser.open(board);
  });

  test("is offered where there are no tasks; its faults are at their fields, and nothing typed is lost", async () => {
    await page.getByRole("heading", { name: "No tasks yet" }).waitFor();
    await page.getByRole("link", { name: "Start one on this page" }).click();
    const folder = page.getByLabel("Repository");
    await folder.fill("one");
    await page.getByRole("button", { name: "Start task" }).click();
    await page.getByText("Enter the absolute path of the folder").waitFor();
    expect(await folder.getAttribute("aria-invalid")).toBe("true");
    await folder.fill("/does/not/exist");
    await page.getByRole("button", { name: "Start task" }).click();
    await page.getByText("Describe the work for Codex.").waitFor();
    await prompt().fill("HELLO\n\nto all");
    await page.getByRole("button", { name: "Start task" }).click();
    await page.getByText("The folder /does/not/exist does not exist.").waitFor();
    await page.locator("input:focus").waitFor();
    await page.reload();
    expect(await prompt().inputValue()).toBe("HELLO\n\nto all");
    expect(await folder.inputValue()).toBe("/does/not/exist");
    await folder.fill(one);
    await page.getByRole("button", { name: "Start task" }).click();
    const task = await shownTask();
    expect([task["status"], task["sandbox"], task["client"] ?? "board"]).toEqual(["completed", "read-only", "board"]);
    await page.goto(`${board.origin}/new`);
    expect(await prompt().inputValue()).toBe("");
  });

  test("starts a task that changes files from a branch, by mouse", async () => {
    await page.getByRole("link", { name: "New task" }).click();
    // The repository of the task before is known.
    await page.getByLabel("Repository").selectOption("Another folder…");
    await page.getByLabel("Path of the folder").fill(other);
    await prompt().fill("WORK on it");
    expect(await page.getByLabel("Base").isDisabled()).toBe(true);
    await page.getByRole("radio", { name: /Full access/ }).check();
    await page.getByText("No sandbox: Codex can do whatever you can do on this machine.").waitFor();
    await page.getByLabel("Base").fill("nothing");
    await page.getByRole("button", { name: "Start task" }).click();
    await page.getByText('base "nothing" is not a branch').waitFor();
    await page.getByLabel("Base").fill("feature");
    await page.getByText("More", { exact: true }).click();
    await page.getByLabel("Topic").fill("grow the readme");
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByLabel("Check").fill("grep more README.md");
    await page.getByRole("button", { name: "Start task" }).click();
    expect(await shownTask()).toMatchObject({
      status: "completed",
      base_branch: "feature",
      topic: expect.stringContaining("grow_the_readme"),
      check: { command: "grep more README.md", passed: true },
    });
  });

  test("starts several tries by keyboard alone; the board then shows only them", async () => {
    await page.getByRole("heading", { name: "To review" }).waitFor();
    await page.keyboard.press("n");
    await page.locator("textarea:focus").waitFor();
    await page.keyboard.type("HELLO again");
    const tries = page.locator("input[name=tries]");
    for (let tabs = 0; tabs < 10 && !(await tries.evaluate((input) => input.matches(":focus"))); tabs++) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("ArrowUp");
    await page.getByRole("button", { name: "Start 2 tries" }).waitFor();
    await page.keyboard.press("Control+Enter");
    await page.waitForURL(/\/\?group=/);
    await page.getByText(/^2 of \d+ tasks, \d+ hidden$/).waitFor();
    expect(await page.getByRole("article").count()).toBe(2);
    // From the card of a try, too.
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByRole("link", { name: "all tries" }).first().click();
    await page.getByText(/^2 of \d+ tasks, \d+ hidden$/).waitFor();
    await page.getByRole("button", { name: /^Remove the filter: tries of/ }).click();
    await page.getByText(/^\d+ tasks$/).waitFor();
    for (const { task_id } of (await client.call("codex_status", {})).data["tasks"] as { task_id: string }[]) {
      await world.waitForEnd(client, task_id);
    }
    expect(browser.faults.filter((fault) => !fault.includes("status of 400"))).toEqual([]);
  });

  test("says on a read-only board that it starts nothing, which the server refuses, too", async () => {
    const reading = await TestBoard.start(world, ["--read-only"]);
    try {
      const shown = await browser.open(reading, "/new");
      await shown.getByText("This board is read-only.").waitFor();
      expect(await shown.getByRole("button", { name: "Start task" }).isDisabled()).toBe(true);
      const answer = await reading.act("/api/tasks", { repository: one, prompt: "HELLO", sandbox: "read-only" });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, "read_only"]);
      const unproven = await reading.request("/api/tasks", { method: "POST", headers: { [KEY_HEADER]: "x" } });
      expect(unproven.status).toBe(403);
    } finally {
      await reading.stop();
    }
  });
});

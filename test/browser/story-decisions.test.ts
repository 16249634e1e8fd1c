// What tasks want to be decided on the board's page: by mouse, and once more by keyboard alone.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { escalation } from "../support/asking-tasks.ts";
import { HAS_BROWSER } from "../support/browser.ts";
import { Keyboard } from "../support/keyboard.ts";
import { StoryWorld } from "../support/story-world.ts";
import { buttonOf } from "../support/task-pages.ts";

describe.skipIf(!HAS_BROWSER)("decisions on the board's page", () => {
  let story: StoryWorld;
  let page: Page;
  let keys: Keyboard;

  beforeAll(async () => {
    story = await StoryWorld.open();
    ({ page } = story);
    keys = new Keyboard(page);
    await page.getByRole("link", { name: "Start one on this page" }).click();
    await page.getByLabel("Repository").fill(story.repo);
    await page.getByRole("link", { name: "Back to the board" }).click();
  });
  afterAll(() => story.close());
  afterEach(() => expect(story.faults()).toEqual([]));

  const label = (text: string) => page.locator(".task-head").getByText(text, { exact: true });
  const questions = () => page.getByRole("region", { name: "Questions" });
  const decline = () => questions().getByRole("button", { name: "Decline", exact: true });

  test("a question is answered by its button", async () => {
    const outside = join(story.world.root, "approved");
    story.world.stub.script("ASKS-ONCE", [escalation(outside), { say: "Done." }]);
    await page.getByRole("link", { name: "Start one on this page" }).click();
    await page.getByLabel("Prompt").fill("ASKS-ONCE");
    await page.getByRole("radio", { name: /Change files/ }).check();
    await page.getByText("More", { exact: true }).click();
    await page.getByRole("checkbox", { name: /Codex may ask/ }).check();
    await buttonOf(page, "Start task").click();
    await label("Waiting for you").waitFor();
    await page.getByRole("link", { name: "Back to the board" }).click();
    expect(await page.title()).toStartWith("(1) Board");
    await story.card("Waiting for you", "ASKS-ONCE").getByText("1 question").waitFor();
    await page.getByRole("link", { name: "ASKS-ONCE" }).click();
    await questions().getByText(`touch ${outside}`).waitFor();
    expect(existsSync(outside)).toBe(false);
    await questions().getByRole("button", { name: "Approve", exact: true }).click();
    await label("Completed").waitFor();
    expect(existsSync(outside)).toBe(true);
  }, 60_000);

  test("a question is answered by keyboard alone", async () => {
    const outside = join(story.world.root, "declined");
    story.world.stub.script("ASKS-AGAIN", [escalation(outside), { say: "Done." }]);
    await keys.does("Board");
    await keys.does("New task");
    await page.locator("textarea:focus").waitFor();
    await keys.type("ASKS-AGAIN");
    await keys.press("Control+Enter");
    await label("Waiting for you").waitFor();
    await keys.does("Answer the question");
    await keys.tabTo(decline());
    await keys.press("Enter");
    await label("Completed").waitFor();
    expect(existsSync(outside)).toBe(false);
  }, 60_000);

  test("a task is cancelled by mouse, and one by keyboard alone", async () => {
    story.world.stub.script("ENDLESS", [{ run: "sleep 600" }, { say: "Never." }]);
    await keys.does("Board");
    await page.getByRole("link", { name: "New task" }).click();
    await page.getByLabel("Prompt").fill("ENDLESS one");
    await page.getByRole("radio", { name: /Full access/ }).check();
    await buttonOf(page, "Start task").click();
    await page.getByRole("list", { name: "Entries of the conversation" }).getByText("sleep 600").waitFor();
    await buttonOf(page, "Cancel…").click();
    await buttonOf(page, "Cancel the task").click();
    await label("Cancelled").waitFor();

    await keys.does("Board");
    await keys.does("New task");
    await page.locator("textarea:focus").waitFor();
    await keys.type("ENDLESS two");
    await keys.press("Control+Enter");
    await page.getByRole("list", { name: "Entries of the conversation" }).getByText("sleep 600").waitFor();
    await keys.does("Back to the board");
    await story.card("Running", "ENDLESS two").waitFor();
    await keys.does("Next card");
    for (let moves = 0; moves < 4 && !(await keys.hasFocus(page.getByRole("link", { name: "ENDLESS two" }))); moves++) {
      await keys.does("Column to the left");
    }
    await keys.does("Cancel the task");
    await keys.tabTo(buttonOf(page, "Cancel the task"));
    await keys.press("Enter");
    await label("Cancelled").waitFor();
    await keys.does("Back to the board");
    await story.card("Failed", "ENDLESS two").getByText("cancelled", { exact: true }).waitFor();
    expect(await page.getByRole("region", { name: "Failed", exact: true }).getByRole("article").count()).toBe(2);
  }, 60_000);

  test("one of three tries is taken by mouse, and one of two by keyboard alone; the others are restored", async () => {
    story.world.stub.script("TRY-IT", [{ run: "echo $PWD > tried.txt" }, { say: "Tried." }]);
    await keys.does("Board");
    await page.getByRole("link", { name: "New task" }).click();
    await page.getByLabel("Prompt").fill("TRY-IT thrice");
    await page.getByLabel("Tries").fill("3");
    await buttonOf(page, "Start 3 tries").click();
    await page.getByRole("region", { name: "To review" }).getByText("merges cleanly").nth(2).waitFor();
    await page.getByRole("link", { name: "TRY-IT thrice" }).first().click();
    await page.getByRole("link", { name: "Compare 3 tries" }).click();
    await page
      .getByRole("button", { name: /^Take this one/ })
      .nth(1)
      .click();
    await page.getByRole("dialog").getByText("Merges cleanly").waitFor();
    const before = await story.state();
    expect(before.readme).toBe("# project\n");
    await buttonOf(page, "Merge and discard 2 others").click();
    await buttonOf(page, "Undo the discards").click();
    await page.getByText(/^Restored /).waitFor();
    const after = await story.state();
    expect({ ...after, log: after.log.slice(1) }).toEqual(before);

    await keys.does("New task");
    await page.locator("textarea:focus").waitFor();
    await keys.type("TRY-IT twice");
    await keys.tabTo(page.locator("input[name=tries]"));
    await keys.press("ArrowUp", "Control+Enter");
    await page.getByRole("region", { name: "To review" }).getByText("merges cleanly").nth(1).waitFor();
    await keys.does("Next card");
    await keys.does("Compare the marked tasks, or else all tries of the prompt");
    await page.getByRole("heading", { name: "Compare 2 tries" }).waitFor();
    const take = [...(await keys.list()).keys()].find((effect) => effect.startsWith("Take ")) ?? "";
    await keys.does(take);
    await page.getByRole("dialog").getByText("Merges cleanly").waitFor();
    await keys.tabTo(buttonOf(page, "Merge and discard 1 other"));
    await keys.press("Enter");
    await buttonOf(page, "Undo the discards").waitFor();
    await keys.does("Do what the newest message offers, such as Undo");
    await page.getByText(/^Restored .*twice/).waitFor();
    const end = await story.state();
    expect({ ...end, log: end.log.slice(1) }).toEqual({
      ...after,
      branches: end.branches,
      worktrees: after.worktrees + 2,
    });
  }, 60_000);
});

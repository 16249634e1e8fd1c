// The whole story of two tasks on the board's page: by mouse, and once more by keyboard alone.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { HAS_BROWSER } from "../support/browser.ts";
import { Keyboard } from "../support/keyboard.ts";
import { StoryWorld } from "../support/story-world.ts";
import { buttonOf } from "../support/task-pages.ts";

describe.skipIf(!HAS_BROWSER)("the story of two tasks that change the same line", () => {
  let story: StoryWorld;
  let page: Page;
  let endFirst: () => void;
  let endSecond: () => void;

  beforeEach(async () => {
    story = await StoryWorld.open();
    ({ page } = story);
    endFirst = story.scriptEdit("FIRST-WORK", "first");
    endSecond = story.scriptEdit("SECOND-WORK", "second");
    story.world.stub.script("FRIENDLIER", [{ run: "echo friendlier > README.md" }, { say: "Friendlier now." }]);
  });
  afterEach(() => story.close());

  const dialog = () => page.getByRole("dialog");
  const label = (text: string) => page.locator(".task-head").getByText(text, { exact: true });
  const expectComment = async () => {
    await page.getByRole("list", { name: "Messages sent" }).getByText("FRIENDLIER, please").waitFor();
    endFirst();
    await label("Completed, to review").waitFor();
    expect(story.wasSent("1 comment on your changes:\n\nREADME.md, line 1:\n> first\nFRIENDLIER, please")).toBe(true);
    // As many lines as before, with another content.
    await page.locator(".line.added").filter({ hasText: "friendlier" }).waitFor();
    expect(await page.locator("form.composer").evaluate((form) => form.scrollWidth - form.clientWidth)).toBe(0);
  };
  const expectEnd = async (before: Awaited<ReturnType<StoryWorld["state"]>>) => {
    const after = await story.state();
    expect({ ...after, log: after.log.slice(1) }).toEqual({
      ...before,
      log: ["Start"],
      readme: "friendlier\n",
    });
    expect(after.branches.length).toBe(3);
    expect(after.worktrees).toBe(3);
    expect(story.faults()).toEqual([]);
  };

  test("by mouse", async () => {
    await page.getByRole("link", { name: "Start one on this page" }).click();
    await page.getByLabel("Repository").fill(story.repo);
    await page.getByLabel("Prompt").fill("FIRST-WORK\n\nin the README");
    await page.getByRole("radio", { name: /Full access/ }).check();
    await buttonOf(page, "Start task").click();
    await label("Running").waitFor();
    await page.getByRole("list", { name: "Entries of the conversation" }).getByText("echo 'first'").waitFor();
    await page.getByRole("link", { name: "Board", exact: true }).click();
    await story.card("Running", "FIRST-WORK").waitFor();

    await page.getByRole("link", { name: "New task" }).click();
    await page.getByLabel("Prompt").fill("SECOND-WORK");
    expect(await page.getByRole("radio", { name: /Full access/ }).isChecked()).toBe(true);
    await buttonOf(page, "Start task").click();
    await label("Running").waitFor();
    await page.getByRole("link", { name: "Back to the board" }).click();
    await story.card("Running", "SECOND-WORK").waitFor();
    endSecond();
    await story.card("To review", "SECOND-WORK").waitFor();

    await story.card("Running", "FIRST-WORK").getByRole("link", { name: "FIRST-WORK" }).click();
    await page.getByRole("button", { name: "Comment on new line 1" }).click();
    await page.getByRole("textbox", { name: "Comment on line 1" }).fill("FRIENDLIER, please");
    await buttonOf(page, "Add comment").click();
    await page.getByRole("region", { name: "Comments" }).getByRole("button", { name: "Send" }).click();
    await expectComment();

    await page.getByRole("link", { name: "Back to the board" }).click();
    await story.card("To review", "FIRST-WORK").getByText("merges cleanly").waitFor();
    await story.card("To review", "SECOND-WORK").getByText("merges cleanly").waitFor();
    const before = await story.state();
    await story.card("To review", "FIRST-WORK").getByRole("link", { name: "FIRST-WORK" }).click();
    await buttonOf(page, "Merge…").click();
    await dialog().getByText("Merges cleanly into main: 1 file changed").waitFor();
    expect(await story.state()).toEqual(before);
    await buttonOf(page, "Merge into main").click();
    await label("Merged").waitFor();
    const merged = await story.state();
    expect([merged.readme, merged.log.length]).toEqual(["friendlier\n", 2]);

    await page.getByRole("link", { name: "Back to the board" }).click();
    await story.card("Merged", "FIRST-WORK").waitFor();
    await story.card("To review", "SECOND-WORK").getByText("conflicts with main").waitFor();
    await story.card("To review", "SECOND-WORK").getByRole("link", { name: "SECOND-WORK" }).click();
    await label("Conflicts with main").waitFor();
    await buttonOf(page, "Merge…").click();
    await dialog().getByText("Conflicts with main in 1 file. Nothing was changed.").waitFor();
    await dialog().getByText("README.md").waitFor();
    expect(await buttonOf(page, "Merge into main").isDisabled()).toBe(true);
    await buttonOf(page, "Close").click();
    expect(await story.state()).toEqual(merged);
    await buttonOf(page, "Discard…").click();
    await dialog().getByRole("button", { name: "Discard", exact: true }).click();
    await label("Discarded").waitFor();
    expect((await story.state()).worktrees).toBe(2);
    await buttonOf(page, "Undo").click();
    await label("Conflicts with main").waitFor();
    await expectEnd(before);
  }, 60_000);

  test("by keyboard alone, with the keys that ? lists", async () => {
    const keys = new Keyboard(page);
    await page.getByRole("heading", { name: "No tasks yet" }).waitFor();
    await keys.does("New task");
    const repository = page.getByLabel("Repository");
    await repository.waitFor();
    expect(await keys.hasFocus(repository)).toBe(true);
    await keys.type(story.repo);
    await keys.press("Tab");
    await keys.type("FIRST-WORK");
    await keys.press("Tab");
    await keys.arrowTo(page.getByRole("radio", { name: /Full access/ }));
    await keys.press("Control+Enter");
    await label("Running").waitFor();
    await keys.does("Back to the board");
    await story.card("Running", "FIRST-WORK").waitFor();

    await keys.does("New task");
    await page.locator("textarea:focus").waitFor();
    await keys.type("SECOND-WORK");
    await keys.press("Control+Enter");
    await label("Running").waitFor();
    await keys.does("Board");
    await story.card("Running", "SECOND-WORK").waitFor();
    endSecond();
    await story.card("To review", "SECOND-WORK").waitFor();

    await chooseCard(keys, "FIRST-WORK");
    await keys.does("Open the task");
    await page.getByRole("button", { name: "Comment on new line 1" }).waitFor();
    await keys.does("Next change");
    await keys.does("Next line");
    const added = page.getByRole("button", { name: "Comment on new line 1" });
    for (let lines = 0; lines < 3 && !(await keys.hasFocus(added)); lines++) await keys.does("Next line");
    expect(await keys.hasFocus(added)).toBe(true);
    await keys.does("Comment on the line");
    await page.locator("textarea:focus").waitFor();
    await keys.type("FRIENDLIER, please");
    await keys.press("Control+Enter");
    await page.getByRole("region", { name: "Comments" }).waitFor();
    await page.locator("textarea:focus").waitFor({ state: "detached" });
    // The reader goes on from the line that has the comment.
    await page.locator('[aria-label="Comment on new line 1"]:focus').waitFor();
    await keys.does("Send the comments");
    await expectComment();

    // Keys are those of the part that has the focus, and of no part that is hidden.
    expect([...(await keys.list()).keys()]).toEqual(expect.arrayContaining(["Next line", "New task"]));
    await keys.does("To the conversation, or back from it");
    await keys.does("Next entry");
    await page.locator(".entry:focus").waitFor();
    await keys.does("Next tab");
    await page.getByRole("tabpanel", { name: "Result" }).getByText("Friendlier now.").waitFor();
    expect([...(await keys.list()).keys()]).not.toContain("Next line");
    await keys.does("Next tab");
    await keys.does("Next tab");
    await keys.does("To the conversation, or back from it");
    await page.locator(".diff-rows .virtual-list:focus").waitFor();

    await keys.does("Back to the board");
    await story.card("To review", "FIRST-WORK").getByText("merges cleanly").waitFor();
    const before = await story.state();
    // The card that was opened has the focus, wherever it is now.
    await page.locator(":focus").getByText("FIRST-WORK").waitFor();
    await keys.does("Merge its work");
    await dialog().getByText("Merges cleanly into main: 1 file changed").waitFor();
    expect(await story.state()).toEqual(before);
    await keys.tabTo(buttonOf(page, "Merge into main"));
    await keys.press("Enter");
    await label("Merged").waitFor();
    const merged = await story.state();
    expect([merged.readme, merged.log.length]).toEqual(["friendlier\n", 2]);

    await keys.does("Back to the board");
    await story.card("To review", "SECOND-WORK").getByText("conflicts with main").waitFor();
    await chooseCard(keys, "SECOND-WORK");
    await keys.does("Merge its work");
    await dialog().getByText("Conflicts with main in 1 file. Nothing was changed.").waitFor();
    await dialog().getByText("README.md").waitFor();
    await keys.press("Escape");
    await dialog().waitFor({ state: "detached" });
    expect(await story.state()).toEqual(merged);
    await keys.does("Discard");
    await dialog().getByText("Discard the work?").waitFor();
    await keys.tabTo(dialog().getByRole("button", { name: "Discard", exact: true }));
    await keys.press("Enter");
    await label("Discarded").waitFor();
    expect((await story.state()).worktrees).toBe(2);
    await keys.does("Undo the discard");
    await label("Conflicts with main").waitFor();
    await expectEnd(before);
  }, 60_000);

  /** Moves to a card by the arrow keys. */
  async function chooseCard(keys: Keyboard, title: string): Promise<void> {
    const wanted = page.locator(".card-link").filter({ hasText: title });
    for (const effect of ["Next card", "Column to the right", "Column to the left", "Column to the left"]) {
      if (await keys.hasFocus(wanted)) return;
      await keys.does(effect);
    }
    expect(await keys.hasFocus(wanted)).toBe(true);
  }
});

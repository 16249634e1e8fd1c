// Every action on the page of a task, by mouse and by keyboard, with real tasks.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { untilEnded } from "../support/asking-tasks.ts";
import { HAS_BROWSER } from "../support/browser.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { buttonOf, TaskPages } from "../support/task-pages.ts";
import type { World } from "../support/world.ts";

describe.skipIf(!HAS_BROWSER)("the page of a task", () => {
  let pages: TaskPages;
  let world: World;
  let client: McpClient;
  let repo: string;

  beforeAll(async () => {
    pages = await TaskPages.open();
    ({ world, client, repo } = pages);
  });
  afterAll(() => pages.close());

  test("a message reaches a running task, and its delivery is shown; a draft survives a reload", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    world.stub.script("RUNNING", [{ run: "echo begun" }, { until: async () => promise }, { say: "Done." }]);
    world.stub.script("ALSO-THAT", [{ say: "That, too." }]);
    const id = await pages.start("RUNNING");
    const page = await pages.visit(id);
    await page.getByText("Running", { exact: true }).waitFor();
    const field = page.getByRole("textbox", { name: "Message to Codex" });
    await field.fill("ALSO-THAT <b>please</b>");
    await page.reload();
    expect(await field.inputValue()).toBe("ALSO-THAT <b>please</b>");
    await page.getByRole("radio", { name: "After" }).check();
    await page.getByText("a turn of its own, when the running one has ended").waitFor();
    await buttonOf(page, "Send").click();
    await page.getByRole("list", { name: "Messages sent" }).getByText("ALSO-THAT <b>please</b>").waitFor();
    expect(await field.inputValue()).toBe("");
    resolve();
    await page.getByText("Completed", { exact: false }).first().waitFor();
    await page.getByRole("tab", { name: "Result" }).click();
    await page.getByRole("tabpanel", { name: "Result" }).getByText("That, too.").waitFor();
    await pages.leave(page);
  });

  test("a merge shows first what it would do", async () => {
    const id = await pages.run("MERGED", "echo merged > merged.txt");
    const head = await world.git(repo, "rev-parse", "HEAD");
    const page = await pages.visit(id);
    await buttonOf(page, "Merge…").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Merges cleanly into").waitFor();
    await dialog.getByText("1 file changed, 1 insertion(+)").waitFor();
    expect([await world.git(repo, "rev-parse", "HEAD"), existsSync(join(repo, "merged.txt"))]).toEqual([head, false]);
    await dialog.getByRole("button", { name: "Merge into main" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText("Merged into main: 1 file changed").waitFor();
    expect(readFileSync(join(repo, "merged.txt"), "utf8")).toBe("merged\n");
    await page.getByText("Merged", { exact: true }).waitFor();
    await pages.leave(page);
  });

  test("a conflict is shown before anything changes, and Codex can be asked to resolve it", async () => {
    const id = await pages.run("CONFLICT", "echo theirs > README.md");
    writeFileSync(join(repo, "README.md"), "mine\n");
    await world.git(repo, "commit", "--quiet", "-am", "Mine");
    const head = await world.git(repo, "rev-parse", "HEAD");
    const page = await pages.visit(id);
    await page.keyboard.press("m");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Conflicts with").waitFor();
    await dialog.getByText("README.md").waitFor();
    await dialog.getByText("theirs").waitFor();
    expect(await dialog.getByRole("button", { name: "Merge into main" }).isDisabled()).toBe(true);
    await dialog.getByRole("button", { name: "Ask Codex to resolve it" }).click();
    await dialog.waitFor({ state: "detached" });
    const field = page.getByRole("textbox", { name: "Message for the next run" });
    await page.locator("textarea:focus").waitFor();
    expect(await field.inputValue()).toBe("Merge main into your branch and resolve the conflicts in README.md.");
    expect([await world.git(repo, "rev-parse", "HEAD"), readFileSync(join(repo, "README.md"), "utf8")]).toEqual([
      head,
      "mine\n",
    ]);
    await pages.leave(page);
  });

  test("a discard is undone by the button of its notice", async () => {
    const id = await pages.run("DISCARDED", "echo kept > kept.txt");
    const folder = String((await pages.show(id))["worktree_dir"]);
    writeFileSync(join(folder, "untracked.txt"), "kept, too\n");
    const page = await pages.visit(id);
    await buttonOf(page, "Discard…").click();
    await page.getByRole("dialog").getByRole("button", { name: "Discard", exact: true }).click();
    await buttonOf(page, "Undo").waitFor();
    expect(existsSync(folder)).toBe(false);
    await buttonOf(page, "Restore").waitFor();
    await buttonOf(page, "Undo").click();
    await page.getByText("Restored agent/").waitFor();
    expect(readFileSync(join(folder, "untracked.txt"), "utf8")).toBe("kept, too\n");
    await buttonOf(page, "Discard…").waitFor();
    await pages.leave(page);
  });

  test("discard, undo and continue by keyboard alone", async () => {
    world.stub.script("NEXT-RUN", [{ run: "echo next > next.txt" }, { say: "Next." }]);
    const id = await pages.run("BY-KEYS", "echo keys > keys.txt");
    const folder = String((await pages.show(id))["worktree_dir"]);
    const page = await pages.visit(id);
    await page.keyboard.press("d");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await buttonOf(page, "Restore").waitFor();
    expect(existsSync(folder)).toBe(false);
    await page.keyboard.press("u");
    await buttonOf(page, "Discard…").waitFor();
    expect(existsSync(join(folder, "keys.txt"))).toBe(true);
    await page.keyboard.press("r");
    await page.keyboard.type("NEXT-RUN");
    await page.keyboard.press("Control+Enter");
    // The next run is the next version of the task.
    const next = id.replace(/-v1$/, "-v2");
    await page.waitForURL(`${pages.board.origin}/tasks/${next}*`);
    expect(await untilEnded(client, next)).toMatchObject({
      status: "completed",
      result: "Next.",
      worktree_dir: folder,
    });
    await page.getByText("Completed, to review").waitFor();
    await pages.leave(page);
  });

  test("a task is cancelled after a question back; Escape leaves the dialog, and then the task", async () => {
    world.stub.script("ENDLESS", [{ run: "sleep 600" }, { say: "Never." }]);
    const id = await pages.start("ENDLESS");
    const page = await pages.visit(id, "?do=cancel");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Cancel the task?").waitFor();
    expect(page.url()).not.toContain("do=");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await pages.show(id)).toMatchObject({ status: "running" });
    await page.keyboard.press("x");
    await dialog.getByRole("button", { name: "Cancel the task" }).click();
    await page.getByText("The task is cancelled.").waitFor();
    await page.getByText("Cancelled", { exact: true }).waitFor();
    expect(await pages.show(id)).toMatchObject({ status: "cancelled" });
    await page.keyboard.press("Escape");
    await page.waitForURL(`${pages.board.origin}/`);
    await pages.leave(page);
  });
});

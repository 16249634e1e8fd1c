// The page of a task: its parts, failures, a lost connection, hostile content, and people who use it in other ways.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { seriousFaults } from "../support/axe.ts";
import { escalation, untilAsked, untilEnded } from "../support/asking-tasks.ts";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER } from "../support/browser.ts";
import { APP_SERVER, buttonOf, TaskPages } from "../support/task-pages.ts";
import type { World } from "../support/world.ts";

/** Texts that run, or hide, where a page takes them for more than texts. */
const HOSTILE =
  '<img src=x onerror="window.wasRun = true"><script>window.wasRun = true</script> \u202egnp.exe\u0007 \u001b[31mred';

describe.skipIf(!HAS_BROWSER)("the page of a task", () => {
  let pages: TaskPages;
  let world: World;

  beforeAll(async () => {
    pages = await TaskPages.open();
    ({ world } = pages);
  });
  afterAll(() => pages.close());

  test("a failure is said with what to do, and nothing that was typed is lost", async () => {
    const id = await pages.run("REFUSED", "echo x > x.txt");
    const page = await pages.visit(id);
    const field = page.getByRole("textbox", { name: "Message for the next run" });
    await page.route("**/send", (route) =>
      route.fulfill({ status: 400, json: { code: "session_busy", message: "The session is busy.", hint: "Wait." } }),
    );
    await field.fill("Not to be lost");
    await buttonOf(page, "Continue").last().click();
    await page.getByRole("alert").getByText("The session is busy.").waitFor();
    expect(await field.inputValue()).toBe("Not to be lost");
    await page.context().close();
  });

  test("tabs and the border between the parts work by keyboard", async () => {
    const id = await pages.run("TABS", "echo y > y.txt");
    const page = await pages.visit(id);
    await page.keyboard.press("t");
    expect(await page.getByRole("tab", { name: "Result" }).getAttribute("aria-selected")).toBe("true");
    expect(page.url()).toContain("tab=result");
    await page.getByRole("tab", { name: "Result" }).focus();
    await page.keyboard.press("End");
    await page.getByRole("tabpanel", { name: "Facts" }).getByText("codex-mcp-server logs").waitFor();
    const border = page.getByRole("separator");
    await border.focus();
    await page.keyboard.press("Home");
    expect(await border.getAttribute("aria-valuenow")).toBe("20");
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("Undo the discard").waitFor();
    await pages.leave(page);
  });

  test("without a connection, nothing can be pressed, and the page says so", async () => {
    const other = await TestBoard.start(world, [], APP_SERVER);
    const id = await pages.run("LOST", "echo z > z.txt");
    const page = await pages.visit(id, "", other);
    await buttonOf(page, "Merge…").waitFor();
    await other.stop();
    await page.getByText("Not connected").waitFor();
    expect(await buttonOf(page, "Merge…").isDisabled()).toBe(true);
    await page.getByRole("textbox", { name: "Message for the next run" }).fill("Kept");
    expect(await buttonOf(page, "Continue").last().isDisabled()).toBe(true);
    await page.context().close();
  });

  test("a read-only board has no buttons for actions", async () => {
    const other = await TestBoard.start(world, ["--read-only"], APP_SERVER);
    const id = await pages.run("SHOWN", "echo s > s.txt");
    const page = await pages.visit(id, "", other);
    await page.getByRole("tab", { name: "Changes" }).waitFor();
    // An export changes nothing.
    expect(await page.getByRole("group", { name: "Actions" }).getByRole("button").allInnerTexts()).toEqual(["Export…"]);
    expect(await page.getByRole("textbox", { name: "Message" }).count()).toBe(0);
    await page.context().close();
    await other.stop();
  });

  test("hostile texts are shown, and do nothing", async () => {
    world.stub.script("HOSTILE", [
      {
        ...escalation("outside"),
        args: { cmd: `echo '${HOSTILE}'`, sandbox_permissions: "require_escalated", justification: HOSTILE },
      },
      { say: HOSTILE },
    ]);
    const prompt = `HOSTILE ${HOSTILE}`;
    const id = await pages.start("HOSTILE", "workspace-write", { prompt, approvals: "ask" });
    await untilAsked(world, pages.client, id);
    const page = await pages.visit(id);
    const question = page.getByRole("region", { name: "Questions" });
    await question.getByText("\\u202egnp.exe").first().waitFor();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("\\u202egnp.exe\\x07");
    await question.getByRole("button", { name: "Decline", exact: true }).click();
    await untilEnded(pages.client, id);
    await page.getByRole("tab", { name: "Result" }).click();
    await page.getByRole("tabpanel", { name: "Result" }).getByText("gnp.exe").first().waitFor();
    expect(await page.evaluate("window.wasRun")).toBeUndefined();
    await pages.leave(page);
  });

  test("has no serious fault in both themes, wide and narrow, and does not scroll sideways", async () => {
    world.stub.script("ACCESSIBLE", [escalation("/outside"), { say: "Done." }]);
    const id = await pages.start("ACCESSIBLE", "workspace-write", { approvals: "ask" });
    await untilAsked(world, pages.client, id);
    const page = await pages.visit(id, "?tab=facts");
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await page.getByRole("button", { name: "Approve", exact: true }).waitFor();
        expect(await seriousFaults(page)).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
        await page.keyboard.press("x");
        await page.getByRole("dialog").waitFor();
        expect(await seriousFaults(page)).toEqual([]);
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
      }
    }
    await page.keyboard.press("x");
    await page.getByRole("button", { name: "Cancel the task" }).click();
    await page.getByText("Cancelled", { exact: true }).waitFor();
    await pages.leave(page);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { BrowserContextOptions } from "playwright-core";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { ChatHost, ChatPage } from "../support/chat-host.ts";
import { World } from "../support/world.ts";

const AXE = readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8");

describe.skipIf(!HAS_BROWSER)("the looks of a view in a chat", () => {
  let world: World;
  let host: ChatHost;
  let browser: TestBrowser;
  let repo: string;
  const pages: ChatPage[] = [];

  beforeAll(async () => {
    world = new World();
    repo = await world.repository();
    host = await ChatHost.start(world);
    browser = await TestBrowser.launch();
    world.stub.script("QUICK", [{ say: "Quickly done, see [the docs](https://docs.example/page)." }]);
    const patch = "*** Begin Patch\n*** Add File: src/answer.ts\n+export const answer = 42;\n*** End Patch";
    world.stub.script("PATCH", [{ patch }, { say: "Added." }]);
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) {
      await page.close();
      // Whatever the view shows, it asks nobody but the host.
      expect(page.asked).toEqual([]);
    }
    expect(browser.faults.splice(0)).toEqual([]);
    host.isCutOff = false;
  });
  afterAll(async () => {
    await browser.close();
    await host.stop();
    await world.close();
  });

  async function open(options: BrowserContextOptions = {}): Promise<ChatPage> {
    const page = await ChatPage.open(browser, host, options);
    pages.push(page);
    return page;
  }

  test("follows the host's theme and colours, whatever the system's are", async () => {
    const variables = { "--color-background-primary": "rgb(31, 30, 29)" };
    await host.show("codex", { prompt: "QUICK dark", cwd: repo, sandbox: "read-only" }, { theme: "dark" });
    const chat = await open({ colorScheme: "light" });
    await chat.view.getByText("Quickly done").first().waitFor();
    const colours =
      "[getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.documentElement).color].join()";
    expect(await chat.inView(colours)).toBe("rgb(17, 21, 28),rgb(228, 232, 239)");
    await chat.setContext({ theme: "light" });
    await world.until(async () => (await chat.inView(colours)) === "rgb(246, 247, 249),rgb(28, 35, 48)");
    await chat.setContext({ theme: "dark", styles: { variables } });
    await world.until(async () => (await chat.inView(colours)) === "rgb(31, 30, 29),rgb(228, 232, 239)");
  });

  test("takes the height that the host allows, and the whole window on request", async () => {
    const context = { availableDisplayModes: ["inline", "fullscreen"], containerDimensions: { maxHeight: 500 } };
    await host.show("codex", { prompt: "QUICK size", cwd: repo, sandbox: "read-only" }, context);
    const chat = await open();
    await chat.page.locator("#view[height='500']").waitFor();
    await chat.view.getByRole("button", { name: "Full screen" }).click();
    await chat.page.locator("html[data-mode=fullscreen]").waitFor();
    await chat.view.getByRole("button", { name: "Back to the chat" }).click();
    await chat.page.locator("html[data-mode=inline]").waitFor();
  });

  test("lets the user choose among several tasks, and says why there is none", async () => {
    await host.call("codex", { prompt: "QUICK one", topic: "review-one-v1", cwd: repo, sandbox: "read-only" });
    await host.call("codex", { prompt: "QUICK two", topic: "review-two-v1", cwd: repo, sandbox: "read-only" });
    await host.show("codex_status", { all: true });
    const chat = await open();
    await chat.view.getByRole("list", { name: "Tasks" }).getByRole("button", { name: "review-one-v1" }).press("Enter");
    await chat.view.getByRole("heading", { name: "QUICK one" }).waitFor();
    await chat.view.getByRole("button", { name: /^← All \d+ tasks/ }).click();
    await chat.view.getByRole("button", { name: "review-two-v1" }).waitFor();
    await host.show("codex_status", { task_id: "codex-none-v1" });
    const empty = await open();
    await empty.view.getByText('There is no task "codex-none-v1".').waitFor();
  });

  test.each([360, 1000])("is accessible at %i px, in both themes", async (width) => {
    await host.show("codex", { prompt: "PATCH", cwd: repo, sandbox: "workspace-write" }, { theme: "light" });
    const chat = await open({ viewport: { width, height: 800 } });
    await chat.view.getByText("Added.").first().waitFor();
    for (const theme of ["light", "dark"]) {
      await chat.setContext({ theme });
      await world.until(async () => (await chat.inView("document.documentElement.style.colorScheme")) === theme);
      await chat.inView(AXE);
      const found = await chat.inView(
        "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`))",
      );
      expect(found).toEqual([]);
      expect(await chat.inView("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    }
  });
});

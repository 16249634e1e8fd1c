import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { FrameLocator, Page } from "playwright-core";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { ChatHost } from "../support/chat-host.ts";
import { World } from "../support/world.ts";

describe.skipIf(!HAS_BROWSER)("the view of a task in a chat", () => {
  let world: World;
  let host: ChatHost;
  let browser: TestBrowser;
  let repo: string;
  const pages: Page[] = [];

  beforeAll(async () => {
    world = new World();
    repo = await world.repository();
    host = await ChatHost.start(world);
    browser = await TestBrowser.launch();
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    expect(browser.faults.splice(0)).toEqual([]);
    host.isCutOff = false;
  });
  afterAll(async () => {
    await browser.close();
    await host.stop();
    await world.close();
  });

  /** Opens the host's page. Nothing but the host is asked, whatever the view shows. */
  async function open(options = {}): Promise<{ page: Page; view: FrameLocator; asked: string[] }> {
    const context = await browser.browser.newContext({ viewport: { width: 900, height: 800 }, ...options });
    const page = await browser.page(context);
    const asked: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(host.address) && !request.url().startsWith("data:")) asked.push(request.url());
    });
    pages.push(page);
    await page.goto(host.address);
    return { page, view: page.frameLocator("#view"), asked };
  }

  test("shows a task while it runs, and its end", async () => {
    const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
    world.stub.script("WATCHED", [
      { say: "Looking around." },
      { run: "echo first" },
      { until: () => isSeen },
      { say: "All is done." },
    ]);
    await host.show("codex_dispatch", { prompt: "WATCHED in the chat", cwd: repo, sandbox: "read-only" });
    const { view, asked } = await open();
    await view.getByText("Looking around.").waitFor();
    see();
    await view.getByText("All is done.").first().waitFor();
    expect(asked).toEqual([]);
  });
});

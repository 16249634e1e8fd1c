import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { BrowserContextOptions, FrameLocator, Page } from "playwright-core";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { ChatHost } from "../support/chat-host.ts";
import { World } from "../support/world.ts";

const AXE = readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8");

/** What would show that a content of the task has run. */
const HOSTILE = [
  "<script>top.postMessage('ran', '*'); hacked = 1</script>",
  '<img src=x onerror="hacked = 1">',
  "[a](javascript:hacked=1) [b](data:text/html,<script>hacked=1</script>)",
  "![c](http://evil.example/pixel.png)",
  '<iframe srcdoc="<script>parent.hacked = 1</script>"></iframe>',
  "bidi \u202Etxt.exe",
].join("\n\n");

describe.skipIf(!HAS_BROWSER)("the view of a task in a chat", () => {
  let world: World;
  let host: ChatHost;
  let browser: TestBrowser;
  let repo: string;
  const pages: Page[] = [];
  const asked: string[] = [];

  beforeAll(async () => {
    world = new World();
    repo = await world.repository();
    host = await ChatHost.start(world);
    browser = await TestBrowser.launch();
    world.stub.script("QUICK", [{ say: "Quickly done, see [the docs](https://docs.example/page)." }]);
    world.stub.script("HOSTILE", [{ run: `printf '%s' '${HOSTILE.replaceAll("'", "")}'` }, { say: HOSTILE }]);
    const patch = "*** Begin Patch\n*** Add File: src/answer.ts\n+export const answer = 42;\n*** End Patch";
    world.stub.script("PATCH", [{ patch }, { say: "Added." }]);
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    host.isCutOff = false;
    expect(browser.faults.splice(0)).toEqual([]);
    // Whatever the view shows, it asks nobody but the host.
    expect(asked.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await host.stop();
    await world.close();
  });

  async function open(options: BrowserContextOptions = {}): Promise<{ page: Page; view: FrameLocator }> {
    const context = await browser.browser.newContext({ viewport: { width: 1000, height: 800 }, ...options });
    const page = await browser.page(context);
    page.on("request", (request) => {
      if (!request.url().startsWith(host.address) && !request.url().startsWith("data:")) asked.push(request.url());
    });
    pages.push(page);
    await page.goto(host.address);
    return { page, view: page.frameLocator("#view") };
  }

  /** What the view has asked the host for. */
  async function askedOf(page: Page, what: string): Promise<unknown[]> {
    const all = await page.evaluate<{ what: string; params: unknown }[]>("asked");
    return all.filter((each) => each.what === what).map(({ params }) => params);
  }

  /** Runs a script in the view. */
  async function inView(page: Page, script: string): Promise<unknown> {
    const frame = page.frames().find((each) => each.url().endsWith("/view"));
    return frame?.evaluate(script);
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
    const { view } = await open();
    await view.getByText("Looking around.").waitFor();
    see();
    await view.getByText("All is done.").first().waitFor();
    await view.getByText("Completed").first().waitFor();
  });

  test("shows the task of a call that waits for its end, before the call is answered", async () => {
    const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
    world.stub.script("BLOCKING", [
      { say: "In the middle." },
      { run: "true" },
      { until: () => isSeen },
      { say: "At last." },
    ]);
    const answer = host.show("codex", { prompt: "BLOCKING work", cwd: repo, sandbox: "read-only" });
    const { view } = await open();
    await view.getByText("In the middle.").waitFor();
    see();
    await answer;
    await view.getByText("At last.").first().waitFor();
  });

  test("shows hostile content as text", async () => {
    await host.show("codex", { prompt: `HOSTILE ${HOSTILE}`, cwd: repo, sandbox: "read-only" });
    const { page, view } = await open();
    await view.getByText("\\u202etxt.exe").first().waitFor();
    expect(await inView(page, "typeof hacked")).toBe("undefined");
    const links = await view
      .locator("a[href]")
      .evaluateAll((all) => all.map((link) => link.getAttribute("href") ?? ""));
    expect(links.filter((href) => /^\s*(javascript|data|vbscript):/i.test(href))).toEqual([]);
  });

  test("has the host open links", async () => {
    await host.show("codex", { prompt: "QUICK look", cwd: repo, sandbox: "read-only" });
    const { page, view } = await open();
    await view.getByRole("link", { name: "the docs" }).first().click();
    await world.until(async () => (await askedOf(page, "link")).length > 0);
    expect(await askedOf(page, "link")).toEqual([{ url: "https://docs.example/page" }]);
  });

  test("follows the host's theme and colours, whatever the system's are", async () => {
    const variables = { "--color-background-primary": "rgb(31, 30, 29)" };
    await host.show("codex", { prompt: "QUICK dark", cwd: repo, sandbox: "read-only" }, { theme: "dark" });
    const { page, view } = await open({ colorScheme: "light" });
    await view.getByText("Quickly done").first().waitFor();
    const colours =
      "[getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.documentElement).color].join()";
    expect(await inView(page, colours)).toBe("rgb(17, 21, 28),rgb(228, 232, 239)");
    await page.evaluate(`bridge.setHostContext(${JSON.stringify({ theme: "light" })})`);
    await world.until(async () => (await inView(page, colours)) === "rgb(246, 247, 249),rgb(28, 35, 48)");
    await page.evaluate(`bridge.setHostContext(${JSON.stringify({ theme: "dark", styles: { variables } })})`);
    await world.until(async () => (await inView(page, colours)) === "rgb(31, 30, 29),rgb(228, 232, 239)");
  });

  test("takes the height that the host allows, and the whole window on request", async () => {
    const context = { availableDisplayModes: ["inline", "fullscreen"], containerDimensions: { maxHeight: 500 } };
    await host.show("codex", { prompt: "QUICK size", cwd: repo, sandbox: "read-only" }, context);
    const { page, view } = await open();
    await page.locator("#view[height='500']").waitFor();
    await view.getByRole("button", { name: "Full screen" }).click();
    await page.locator("html[data-mode=fullscreen]").waitFor();
    await view.getByRole("button", { name: "Back to the chat" }).click();
    await page.locator("html[data-mode=inline]").waitFor();
  });

  test("says that what it shows is not live, and comes back by itself", async () => {
    const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
    world.stub.script("LOST", [
      { say: "Still here." },
      { run: "true" },
      { until: () => isSeen },
      { say: "Back again." },
    ]);
    await host.show("codex_dispatch", { prompt: "LOST work", cwd: repo, sandbox: "read-only" });
    const { view } = await open();
    await view.getByText("Still here.").waitFor();
    host.isCutOff = true;
    await view.getByText(/^Not connected/).waitFor();
    host.isCutOff = false;
    await view.getByText(/^Not connected/).waitFor({ state: "detached" });
    see();
    await view.getByText("Back again.").first().waitFor();
  });

  test("lets the user choose among several tasks, and says why there is none", async () => {
    await host.call("codex", { prompt: "QUICK one", topic: "review-one-v1", cwd: repo, sandbox: "read-only" });
    await host.call("codex", { prompt: "QUICK two", topic: "review-two-v1", cwd: repo, sandbox: "read-only" });
    await host.show("codex_status", { all: true });
    const { view } = await open();
    await view.getByRole("list", { name: "Tasks" }).getByRole("button", { name: "review-one-v1" }).press("Enter");
    await view.getByRole("heading", { name: "QUICK one" }).waitFor();
    await view.getByRole("button", { name: /^← All \d+ tasks/ }).click();
    await view.getByRole("button", { name: "review-two-v1" }).waitFor();
    await host.show("codex_status", { task_id: "codex-none-v1" });
    const { view: empty } = await open();
    await empty.getByText('There is no task "codex-none-v1".').waitFor();
  });

  test.each([360, 1000])("is accessible at %i px, in both themes", async (width) => {
    await host.show("codex", { prompt: "PATCH", cwd: repo, sandbox: "workspace-write" }, { theme: "light" });
    const { page, view } = await open({ viewport: { width, height: 800 } });
    await view.getByText("Added.").first().waitFor();
    for (const theme of ["light", "dark"]) {
      await page.evaluate(`bridge.setHostContext(${JSON.stringify({ theme })})`);
      await world.until(async () => (await inView(page, "document.documentElement.style.colorScheme")) === theme);
      await inView(page, AXE);
      const found = await inView(
        page,
        "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`))",
      );
      expect(found).toEqual([]);
      expect(await inView(page, "document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    }
  });

  test("shows the diff; a comment on a line becomes a message to the chat", async () => {
    const result = await host.call("codex", { prompt: "PATCH it", cwd: repo, sandbox: "workspace-write" });
    const { task_id: id } = result["structuredContent"] as { task_id: string };
    await host.show(
      "codex_diff",
      { task_id: id },
      { toolInfo: { tool: { name: "codex_diff", inputSchema: { type: "object" } } } },
    );
    const { page, view } = await open({ viewport: { width: 700, height: 800 } });
    await view.getByText("answer = 42").first().waitFor();
    await view.getByRole("button", { name: "Comment on new line 1" }).first().click();
    await view.getByRole("textbox", { name: /^Comment on line 1/ }).fill("Why 42?");
    await view.getByRole("button", { name: "Add comment" }).click();
    await view.getByRole("button", { name: "Send", exact: true }).click();
    await world.until(async () => (await askedOf(page, "message")).length > 0);
    const [message] = await askedOf(page, "message");
    const text = JSON.stringify(message);
    expect(message).toMatchObject({ role: "user", content: [{ type: "text" }] });
    expect(text).toContain(`Send these comments to the Codex task ${id} with codex_send`);
    expect(text).toContain("src/answer.ts, line 1:");
    expect(text).toContain("Why 42?");
    // The view changes nothing itself.
    expect(new Set(host.calls.map(({ name }) => name))).toEqual(new Set(["codex_page"]));
  });
});

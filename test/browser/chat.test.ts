import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { BrowserContextOptions } from "playwright-core";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { ChatHost, ChatPage } from "../support/chat-host.ts";
import { World } from "../support/world.ts";

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
  const pages: ChatPage[] = [];

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

  test("shows a task while it runs, and its end", async () => {
    const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
    world.stub.script("WATCHED", [
      { say: "Looking around." },
      { run: "echo first" },
      { until: () => isSeen },
      { say: "All is done." },
    ]);
    await host.show("codex_dispatch", { prompt: "WATCHED in the chat", cwd: repo, sandbox: "read-only" });
    const chat = await open();
    await chat.view.getByText("Looking around.").waitFor();
    see();
    await chat.view.getByText("All is done.").first().waitFor();
    await chat.view.getByText("Completed").first().waitFor();
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
    const chat = await open();
    await chat.view.getByText("In the middle.").waitFor();
    see();
    await answer;
    await chat.view.getByText("At last.").first().waitFor();
  });

  test("shows hostile content as text", async () => {
    await host.show("codex", { prompt: `HOSTILE ${HOSTILE}`, cwd: repo, sandbox: "read-only" });
    const chat = await open();
    await chat.view.getByText("\\u202etxt.exe").first().waitFor();
    expect(await chat.inView("typeof hacked")).toBe("undefined");
    const links = await chat.view
      .locator("a[href]")
      .evaluateAll((all) => all.map((link) => link.getAttribute("href") ?? ""));
    expect(links.filter((href) => /^\s*(javascript|data|vbscript):/i.test(href))).toEqual([]);
  });

  test("has the host open links", async () => {
    await host.show("codex", { prompt: "QUICK look", cwd: repo, sandbox: "read-only" });
    const chat = await open();
    await chat.view.getByRole("link", { name: "the docs" }).first().click();
    await world.until(async () => (await chat.askedFor("link")).length > 0);
    expect(await chat.askedFor("link")).toEqual([{ url: "https://docs.example/page" }]);
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
    const chat = await open();
    await chat.view.getByText("Still here.").waitFor();
    host.isCutOff = true;
    await chat.view.getByText(/^Not connected/).waitFor();
    host.isCutOff = false;
    await chat.view.getByText(/^Not connected/).waitFor({ state: "detached" });
    see();
    await chat.view.getByText("Back again.").first().waitFor();
  });

  test("shows the diff; a comment on a line becomes a message to the chat", async () => {
    const result = await host.call("codex", { prompt: "PATCH it", cwd: repo, sandbox: "workspace-write" });
    const { task_id: id } = result["structuredContent"] as { task_id: string };
    await host.show(
      "codex_diff",
      { task_id: id },
      { toolInfo: { tool: { name: "codex_diff", inputSchema: { type: "object" } } } },
    );
    const chat = await open({ viewport: { width: 700, height: 800 } });
    await chat.view.getByText("answer = 42").first().waitFor();
    await chat.view.getByRole("button", { name: "Comment on new line 1" }).first().click();
    await chat.view.getByRole("textbox", { name: /^Comment on line 1/ }).fill("Why 42?");
    await chat.view.getByRole("button", { name: "Add comment" }).click();
    await chat.view.getByRole("button", { name: "Send", exact: true }).click();
    await world.until(async () => (await chat.askedFor("message")).length > 0);
    const [message] = await chat.askedFor("message");
    const text = JSON.stringify(message);
    expect(message).toMatchObject({ role: "user", content: [{ type: "text" }] });
    expect(text).toContain(`Send these comments to the Codex task ${id} with codex_send`);
    expect(text).toContain("src/answer.ts, line 1:");
    expect(text).toContain("Why 42?");
    // The view changes nothing itself.
    expect(new Set(host.calls.map(({ name }) => name))).toEqual(new Set(["codex_page"]));
  });
});

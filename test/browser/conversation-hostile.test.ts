import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Locator, Page } from "playwright-core";
import { seriousFaults } from "../support/axe.ts";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { addEvents, commandEvent, endedTask, messageEvent } from "../support/task-log.ts";
import { World } from "../support/world.ts";

// oxlint-disable-next-line no-control-regex -- what must not be in a page
const HIDDEN = /[\u202A-\u202E\u2066-\u2069\u200B\u001B]/;

/** Markdown that tries to run something, to load something, or to look like something else. */
const HOSTILE_MARKDOWN = [
  "<script>window.pwned = 1</script>",
  "<img src=x onerror=\"window.pwned = 1\"> <svg onload='window.pwned = 1'><style>body{display:none}</style></svg>",
  "<iframe srcdoc='<script>parent.pwned = 1</script>'></iframe><object data='javascript:1'></object>",
  "[click](javascript:window.pwned=1) [click](JaVaScRiPt:window.pwned=1) [click](data:text/html,<script>1</script>)",
  "[click](java&#115;cript:window.pwned=1) [click](<javascript:window.pwned=1>) [click](vbscript:x) <javascript:pwned>",
  '[title](https://a.example "x\\" onmouseover=\\"window.pwned=1")',
  "![tracker](https://evil.example/pixel.png) ![x](javascript:window.pwned=1)",
  "[ref]: javascript:window.pwned=1\n\n[ref] and [text][ref]",
  '`<script>window.pwned=1</script>`\n\n```html"onload="window.pwned=1\n</code></pre><script>window.pwned=1</script>\n```',
  "| <img src=x onerror=window.pwned=1> | b |\n|---|---|\n| [x](javascript:window.pwned=1) | c |",
  "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=window.pwned=1&gt;'>",
  "<form action=https://evil.example><input name=a autofocus onfocus=window.pwned=1></form><a id=page name=body>x</a>",
  "bidi \u202Egpj.exe\u202C and &#x202E;entity&#8238; and zero\u200Bwidth and \u001B[2Jescape",
  `${">".repeat(5000)} deep`,
  "[".repeat(7000),
];

describe.skipIf(!HAS_BROWSER)("hostile content in a conversation", () => {
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

  const open = async (id: string, options = {}): Promise<{ page: Page; list: Locator; requests: string[] }> => {
    const page = await browser.open(board, "/", options);
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(`${board.origin}/tasks/${id}`);
    const list = page.getByRole("list", { name: "Entries of the conversation" });
    await list.getByRole("listitem").first().waitFor();
    return { page, list, requests };
  };

  /** Sees every entry once, from the end to the start. */
  const seeAll = async (page: Page, list: Locator, see: () => Promise<void>): Promise<void> => {
    for (let top = 1; top > 0;) {
      await see();
      top = await list.evaluate((element) => {
        element.scrollTop -= element.clientHeight / 2;
        return element.scrollTop;
      });
      await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
    }
    await see();
  };

  test("nothing in Markdown runs, loads or hides", async () => {
    const { id, log } = await endedTask(world, client, `LOGGED ${HOSTILE_MARKDOWN[0]}`, cwd);
    addEvents(log, ...HOSTILE_MARKDOWN.map((text) => messageEvent(text)), messageEvent("The last one."));
    const { page, list, requests } = await open(id);
    await page.getByText("The last one.").waitFor();
    const seen = new Set<string>();
    await seeAll(page, list, async () => {
      const found = await list.evaluate((element) => ({
        tags: [...element.querySelectorAll(".markdown *")].map(({ tagName }) => tagName),
        attributes: [...element.querySelectorAll(".markdown *")].flatMap((each) => each.getAttributeNames()),
        links: [...element.querySelectorAll("a")].map((link) => link.href),
        text: element.textContent,
      }));
      for (const tag of found.tags) seen.add(tag);
      for (const name of found.attributes) seen.add(`@${name}`);
      for (const link of found.links) expect(link).toMatch(/^(https?|mailto):/);
      expect(found.text).not.toMatch(HIDDEN);
      if (found.text.includes("gpj.exe")) expect(found.text).toContain("\\u202eentity");
    });
    const allowed = "DIV P BR HR H3 H4 H5 H6 STRONG EM DEL CODE PRE BLOCKQUOTE A UL OL LI TABLE THEAD TBODY TR TH TD";
    const names = `${allowed} @href @start @target @rel @tabindex @class @dir`.split(" ");
    expect([...seen].filter((name) => !names.includes(name))).toEqual([]);
    expect(await page.evaluate("'pwned' in window")).toBe(false);
    expect(requests.filter((url) => !url.startsWith(board.origin))).toEqual([]);
    await page.context().close();
    expect(browser.faults).toEqual([]);
  });

  test("other texts are shown as they are, with what is hidden made visible", async () => {
    const { id, log } = await endedTask(world, client, "LOGGED texts", cwd);
    const evil = "<img src=x onerror=window.pwned=1>\u202Eevil\u001B[2J";
    const file = { path: `/a/${evil}\nb`, kind: evil, diff: `+${evil}` };
    addEvents(
      log,
      commandEvent(evil, `echo ${evil}`, evil),
      { type: "item.completed", item: { id: evil, type: "file_change", changes: [file], status: evil } },
      { type: "item.updated", item: { type: "todo_list", items: [{ text: evil, completed: false }] } },
      { type: "item.completed", item: { type: "mcp_tool_call", id: "t", server: evil, tool: evil, status: evil } },
      { type: "question", question: { id: evil, kind: evil, text: evil, decisions: evil, changes: evil } },
      { type: "answer", id: evil, decision: evil, by: evil },
      { type: evil },
      { type: "turn.failed", error: { message: `${evil} at the end` } },
    );
    const { page, list } = await open(id);
    await list.getByText("at the end").waitFor();
    await list.getByRole("button", { name: /echo/ }).click();
    await list
      .getByText(/^<img src=x/)
      .first()
      .waitFor();
    await seeAll(page, list, async () => {
      expect(await list.evaluate((element) => element.querySelectorAll("img").length)).toBe(0);
      expect(await list.innerText()).not.toMatch(HIDDEN);
    });
    expect(await page.evaluate("'pwned' in window")).toBe(false);
    await page.context().close();
    expect(browser.faults).toEqual([]);
  });

  test("has no serious fault of accessibility, in both themes, and no sideways scrolling at 360 px", async () => {
    const { id, log } = await endedTask(world, client, "LOGGED kinds", cwd);
    const wide = `\`\`\`\n${"wide ".repeat(100)}\n\`\`\`\n\n| ${"cell | ".repeat(30)}\n|${"---|".repeat(30)}\n\n${"x".repeat(500)}`;
    addEvents(
      log,
      messageEvent(`# Title\n\n${wide}\n\n[link](https://example.com)`),
      { type: "item.completed", item: { id: "r", type: "reasoning", text: "A thought" } },
      commandEvent("c", `make ${"long ".repeat(50)}`, "wide ".repeat(200), 1),
      { type: "item.updated", item: { type: "todo_list", items: [{ text: "Step", completed: true }] } },
      { type: "question", question: { id: "q1-1", kind: "command", text: "May I?", decisions: [] } },
      {
        type: "item.completed",
        item: {
          id: "p",
          type: "file_change",
          changes: [{ path: `/${"deep/".repeat(40)}file`, kind: "add", diff: "x" }],
          status: "completed",
        },
      },
      { type: "error", message: "An error" },
    );
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, list } = await open(id, { colorScheme, viewport: { width: 360, height: 2000 } });
      await list.getByText("An error").waitFor();
      await list.getByRole("button", { name: /make/ }).click();
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
      expect(await list.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
      expect(await seriousFaults(page, ".conversation")).toEqual([]);
      await page.context().close();
    }
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { BoardLoad } from "../support/board-load.ts";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { runCli } from "../support/command-line.ts";
import { hostileEvents, hostileFailure, hostileQuestions, hostileRecord } from "../support/hostile-records.ts";
import { addEvents } from "../support/task-log.ts";
import { World } from "../support/world.ts";

/** Texts that try to run something, to load something, to hide, or to make the page slow. */
const PAYLOADS: Record<string, string> = {
  script: "</script></style></textarea><script>window.__pwned=1</script><img src=x onerror=window.__pwned=1>",
  attribute: `"' onmouseover=window.__pwned=1 autofocus onfocus=window.__pwned=1 x="<svg/onload=window.__pwned=1>`,
  markdown: [
    "[a](javascript:window.__pwned=1) <javascript:window.__pwned=1> [b](java&#115;cript:window.__pwned=1)",
    "[c](data:text/html,<script>parent.__pwned=1</script>) [d](vbscript:x) [e](\u0001javascript:window.__pwned=1)",
    "![i](https://evil.example/i.png) ![j](//evil.example/j.png) https://evil.example/auto [f][r]",
    "[r]: javascript:window.__pwned=1 'title\" onclick=window.__pwned=1'",
    '<a href="javascript:window.__pwned=1">g</a><meta http-equiv=refresh content=0;url=https://evil.example>',
    "<link rel=stylesheet href=https://evil.example/x.css><base href=https://evil.example><form action=//evil.example>",
    "<math><mi xlink:href=javascript:window.__pwned=1>m</mi></math><svg><a href=javascript:window.__pwned=1><text>s</text></a></svg>",
  ].join("\n\n"),
  link: "javascript:window.__pwned=1//https://evil.example",
  address: "https://evil.example/\u202Emoc.elgoog?<script>window.__pwned=1</script>",
  hidden:
    "a\u202Egpj.exe\u202C b\u2066c\u2069 d\u200Be \uFEFF\u00AD \u001B]8;;https://evil.example\u0007link\u001B]8;;\u0007 \u001B[2J \u009B31m \u{E0041} \u2028 \uD800 \u0000 &#x202E;f",
  combining: `Z${"\u0301\u0489\u035C".repeat(300)}`,
  deep: `${">".repeat(4000)} ${"[".repeat(3000)} ${"*_".repeat(3000)} ${"- ".repeat(2000)}`,
  table: `| ${"a | ".repeat(500)}\n|${"-|".repeat(500)}\n${`| ${"b | ".repeat(100)}\n`.repeat(30)}`,
  properties: "__proto__",
  long: `${"word".repeat(5000)}`,
};

// oxlint-disable-next-line no-control-regex -- what must not be in a page
const HIDDEN =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u202A-\u202E\u2066-\u2069\u200B\u2028\uFEFF\uD800-\uDFFF]|[\u{E0000}-\u{E007F}]/u;

/** Collects from a page what is shown, said and linked, and what could run. */
const INSPECT = `(() => {
  const all = [...document.querySelectorAll("*")];
  const said = ["title", "aria-label", "placeholder", "alt", "value", "aria-description"];
  return {
    texts: [document.title, ...all.flatMap((each) => [
      ...said.map((name) => each.getAttribute(name) ?? ""),
      each.tagName === "SCRIPT" ? "" : [...each.childNodes].filter((node) => node.nodeType === 3).map((node) => node.nodeValue).join(""),
    ])].filter((text) => text !== ""),
    links: all.flatMap((each) => ["href", "src", "action", "xlink:href"].map((name) => each.getAttribute(name)).filter((link) => link !== null)),
    handlers: all.flatMap((each) => each.getAttributeNames().filter((name) => name.startsWith("on"))),
    tags: [...new Set(all.map((each) => each.tagName.toLowerCase()))],
    pwned: "__pwned" in window,
    width: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
})()`;

interface Inspection {
  texts: string[];
  links: string[];
  handlers: string[];
  tags: string[];
  pwned: boolean;
  width: number;
}

/** Links to pages of others, to the board itself, and to its own picture. */
const SAFE_LINK = /^(https?:\/\/|mailto:|\/(?!\/)|\.?\/|#|data:,|data:image\/svg)/;

const FOREIGN_TAGS = ["iframe", "object", "embed", "base", "math", "audio", "video", "frame", "template", "area"];

describe.skipIf(!HAS_BROWSER)("hostile content in all fields", () => {
  let world: World;
  let load: BoardLoad;
  let board: TestBoard;
  let browser: TestBrowser;
  const ids: Record<string, string[]> = {};

  beforeAll(async () => {
    world = new World();
    load = await BoardLoad.create(world, { tasks: 0, repositories: 1, worktrees: 0 });
    for (const [name, text] of Object.entries(PAYLOADS)) {
      const ended = load.add("answered", { ...hostileRecord(text), group: { id: "hostile", number: 1, of: 2 } });
      const failed = load.add("failed", { ...hostileRecord(text), ...hostileFailure(text) });
      const running = load.add("waiting", { title: text, client: text, model: text });
      load.change(running, (record) => ({ ...record, approvals: "ask", questions: hostileQuestions(text) }));
      for (const id of [ended, failed, running]) {
        addEvents(load.log(id), ...hostileEvents(text));
        writeFileSync(join(world.stateHome, "tasks", id, "prompt.md"), text);
      }
      ids[name] = [ended, failed, running];
    }
    ids["a worktree"] = [await addWorktree()];
    board = await TestBoard.start(world);
    browser = await TestBrowser.launch();
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
    load.close();
    await world.close();
  });

  /** Adds a task whose branch, files and commits have names that try something. @returns its id */
  const addWorktree = async (): Promise<string> => {
    const [repository = ""] = load.repositories;
    const branch = "agent/\u202Eevil<img/src=x/onerror=window.__pwned=1>";
    const base = "base\u2066<svg/onload=window.__pwned=1>";
    await world.git(repository, "branch", base);
    const folder = join(world.root, "work<img src=x onerror=window.__pwned=1>\u202E");
    await world.git(repository, "worktree", "add", "--quiet", "-b", branch, folder, base);
    const names = [
      "<img src=x onerror=window.__pwned=1>.html",
      "\u202Egpj.exe",
      "new\nline",
      "tab\tand \u001B[2J",
      "--",
      "__proto__",
    ];
    const text = Object.values(PAYLOADS).join("\n");
    for (const name of names) writeFileSync(join(folder, name), text);
    // A name that is no UTF-8.
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x62, 0xff, 0xfe])]), text);
    symlinkSync("<script>window.__pwned=1</script>", join(folder, "link"));
    await world.git(folder, "add", ".");
    await world.git(folder, "commit", "--quiet", "-m", PAYLOADS["script"] ?? "", "-m", "\u202Eevil\u001B[2J");
    writeFileSync(join(repository, names[0] ?? ""), "other\n");
    await world.git(repository, "add", ".");
    await world.git(repository, "commit", "--quiet", "-m", "Other");
    const common = await world.git(repository, "branch", "--show-current");
    return load.add("review", {
      ...hostileRecord(text.slice(0, 5000)),
      worktree_dir: folder,
      agent_branch: branch,
      base_branch: common,
    });
  };

  /** Opens pages one after the other and inspects each. */
  const inspect = async (page: Page, prepare: () => Promise<void>): Promise<Inspection> => {
    await prepare();
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 100))");
    return page.evaluate(INSPECT);
  };

  /** Lists what is wrong with a page, in words. */
  const faultsOf = (place: string, found: Inspection): string[] => {
    const say = (what: string, list: readonly string[]) =>
      list.map((each) => `${place}: ${what} ${JSON.stringify(each).slice(0, 200)}`);
    return [
      ...say(
        "hidden characters in",
        found.texts.filter((text) => HIDDEN.test(text)),
      ),
      ...say(
        "link",
        found.links.filter((link) => !SAFE_LINK.test(link)),
      ),
      ...say(
        "element",
        found.tags.filter((tag) => FOREIGN_TAGS.includes(tag)),
      ),
      ...say("handler", found.handlers),
      ...say("scrolls sideways by", found.width > 0 ? [String(found.width)] : []),
      ...say("ran", found.pwned ? ["a script"] : []),
    ];
  };

  /** Opens a page in which nothing may run or load. */
  const open = async (): Promise<{ page: Page; events: string[] }> => {
    const page = await browser.open(board);
    const events: string[] = [];
    page.on("dialog", (dialog) => {
      events.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("response", (response) => {
      if (response.status() >= 400) events.push(`status ${response.status()} ${response.url()}`);
    });
    page.on("popup", (popup) => events.push(`popup ${popup.url()}`));
    page.on("framenavigated", (frame) => {
      if (!frame.url().startsWith(board.origin)) events.push(`navigated ${frame.url()}`);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(board.origin)) events.push(`request ${request.url()}`);
    });
    return { page, events };
  };

  test.each(["/", "/timeline", "/usage", "/new", "/compare"])("on %s nothing runs, loads or hides", async (path) => {
    const { page, events } = await open();
    const found = await inspect(page, async () => {
      await page.goto(`${board.origin}${path}`);
      await page.locator("main").waitFor();
      await page.waitForLoadState("networkidle").catch(() => undefined);
    });
    expect(faultsOf(path, found)).toEqual([]);
    expect(events).toEqual([]);
    await page.context().close();
    expect(browser.faults).toEqual([]);
  });

  test.each([...Object.keys(PAYLOADS), "a worktree"])(
    "on the pages of tasks with %s, nothing runs, loads or hides",
    async (name) => {
      const { page, events } = await open();
      const faults: string[] = [];
      for (const id of ids[name] ?? []) {
        await page.goto(`${board.origin}/tasks/${id}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        const tabs = page.getByRole("tab");
        for (let index = 0; index < (await tabs.count()); index++) {
          const tab = (await tabs.nth(index).textContent()) ?? "";
          const found = await inspect(page, async () => tabs.nth(index).click());
          faults.push(...faultsOf(`${id} ${tab}`, found));
        }
      }
      if (name === "a worktree") {
        for (const button of ["Merge…", "Discard…", "Export…"]) {
          await page.getByRole("button", { name: button }).first().click();
          const found = await inspect(page, async () => page.getByRole("dialog").waitFor());
          faults.push(...faultsOf(button, found));
          await page.keyboard.press("Escape");
        }
      }
      expect([...faults, ...events, ...browser.faults]).toEqual([]);
      await page.context().close();
    },
  );

  test("compared, nothing runs, loads or hides", async () => {
    const { page, events } = await open();
    for (const [first] of Object.values(ids)) {
      const found = await inspect(page, async () => {
        await page.goto(`${board.origin}/compare?task=${first}&task=${ids["script"]?.[1]}`);
        await page.getByRole("table").first().waitFor();
      });
      expect(faultsOf(`compare ${first}`, found)).toEqual([]);
    }
    expect(events).toEqual([]);
    await page.context().close();
  });

  test("in an exported file, nothing runs, loads or hides", async () => {
    for (const list of Object.values(ids)) {
      const [id = ""] = list;
      const file = join(world.root, `${id}.html`);
      const { exitCode } = await runCli(world, ["export", id, "-o", file, "--yes"]);
      expect(exitCode).toBe(0);
      const page = await browser.page(await browser.browser.newContext());
      const requests: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      const found = await inspect(page, async () => {
        await page.goto(`file://${file}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
      });
      expect(faultsOf(`export ${id}`, found)).toEqual([]);
      expect(requests).toEqual([`file://${file}`]);
      await page.context().close();
    }
    expect(browser.faults).toEqual([]);
  });
});

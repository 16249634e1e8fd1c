import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { BoardLoad } from "../support/board-load.ts";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { runCli } from "../support/command-line.ts";
import {
  HOSTILE_TEXTS,
  hostileEvents,
  hostileFailure,
  hostileQuestions,
  hostileRecord,
} from "../support/hostile-records.ts";
import { addEvents } from "../support/task-log.ts";
import { World } from "../support/world.ts";

const HIDDEN =
  // oxlint-disable-next-line no-control-regex -- what must not be in a page
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u202A-\u202E\u2066-\u2069\u200B\u2028\uFEFF\uD800-\uDFFF]|[\u{E0000}-\u{E007F}]/u;

/** Collects from a page what is shown, said and linked, and what could run. */
const INSPECT = `(() => {
  const all = [...document.querySelectorAll("*")];
  const said = ["title", "aria-label", "placeholder", "alt", "value", "aria-description"];
  return {
    texts: [document.title, ...all.flatMap((each) => [
      ...said.map((name) => (name === "value" && each.matches("select option") ? "" : each.getAttribute(name) ?? "")),
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
  tags: string[];
  handlers: string[];
  pwned: boolean;
  width: number;
}

/** Links to pages of others, to the board itself, and to its own picture. */
const SAFE_LINK = /^(https?:\/\/|mailto:|\/(?!\/)|\.?\/|#|data:,|data:image\/svg)/;

const FOREIGN_TAGS = new Set("iframe object embed base math audio video frame template area".split(" "));

describe.skipIf(!HAS_BROWSER)("hostile content in all fields", () => {
  let world: World;
  let load: BoardLoad;
  let board: TestBoard;
  let browser: TestBrowser;
  const ids: Record<string, string[]> = {};

  beforeAll(async () => {
    world = new World();
    load = await BoardLoad.create(world, { tasks: 0, repositories: 1, worktrees: 0 });
    for (const [name, text] of Object.entries(HOSTILE_TEXTS)) {
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
    const text = Object.values(HOSTILE_TEXTS).join("\n");
    for (const name of names) writeFileSync(join(folder, name), text);
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x62, 0xff, 0xfe])]), text);
    symlinkSync("<script>window.__pwned=1</script>", join(folder, "link"));
    await world.git(folder, "add", ".");
    await world.git(folder, "commit", "--quiet", "-m", HOSTILE_TEXTS["script"] ?? "", "-m", "\u202Eevil\u001B[2J");
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
        found.tags.filter((tag) => FOREIGN_TAGS.has(tag)),
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
    });
    expect(faultsOf(path, found)).toEqual([]);
    expect(events).toEqual([]);
    await page.context().close();
    expect(browser.faults).toEqual([]);
  });

  test.each([...Object.keys(HOSTILE_TEXTS), "a worktree"])(
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

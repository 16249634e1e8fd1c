import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

/** Longest time for which the page may not react, in milliseconds: a requirement. */
const MAX_TASK_MS = 100;

/** Script that notes the times of long tasks of the page. */
const WATCH_TASKS = `
  window.tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
`;

/** Text of a file of 40 lines. */
const APP = Array.from({ length: 40 }, (_, line) => `export const value${line} = ${line};\n`).join("");

describe.skipIf(!HAS_BROWSER)("the changes of a task", () => {
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
    write(cwd, "src/app.ts", APP);
    write(cwd, "src/old.ts", APP.replaceAll("value", "other"));
    await world.git(cwd, "add", ".");
    await world.git(cwd, "commit", "--quiet", "-m", "Files");
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
    await world.close();
  });

  /** Has a task run a command, and waits for its end. */
  async function work(word: string, run: string, more: object = {}): Promise<{ id: string; worktree: string }> {
    world.stub.script(word, [{ run }, { say: "Done." }]);
    const request = { prompt: `${word} now`, cwd, sandbox: "full-access", ...more };
    const { data } = await client.call("codex_dispatch", request);
    const { worktree_dir, status } = await world.waitForEnd(client, String(data["task_id"]));
    expect(status).toBe("completed");
    return { id: String(data["task_id"]), worktree: String(worktree_dir) };
  }

  const open = async (id: string, options: object = {}): Promise<Page> => {
    const page = await browser.open(board, `/tasks/${id}?tab=changes`, options);
    await page.getByRole("region", { name: "Changes", exact: true }).waitFor();
    return page;
  };
  const change = (line: number, text: string) => APP.replace(`value${line} = ${line};`, text);

  test("a comment on lines reaches Codex as one message, and is kept until then", async () => {
    const { id } = await work("CHANGEAPP", `sed -i 's/value20 = 20;/value20 = "twenty";/' src/app.ts`);
    const page = await open(id);
    await page.getByRole("button", { name: "Comment on new line 21" }).click();
    await page.getByLabel("Comment on line 21").fill("ANSWERTO this: keep the number.");
    await page.getByRole("button", { name: "Comment on new line 22" }).click({ modifiers: ["Shift"] });
    await page.reload();
    await page.getByLabel("Comment on lines 21-22").press("Control+Enter");
    await page.getByRole("button", { name: "Comment on old line 21" }).press("Enter");
    await page.getByLabel("Comment on line 21 before the change").fill("It was right.");
    await page.getByRole("button", { name: "Add comment" }).click();
    const comments = page.getByRole("region", { name: "Comments" });
    await comments.getByText("2 comments").waitFor();
    await page.reload();
    const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
    world.stub.script("ANSWERTO", [{ until: async () => see() }, { say: "I shall." }]);
    await comments.getByRole("button", { name: "Send" }).click();
    await isSeen;
    await comments.waitFor({ state: "detached" });
    const said = JSON.stringify(world.stub.requests.at(-1)?.input);
    expect(said).toContain(
      JSON.stringify(
        '2 comments on your changes:\n\nsrc/app.ts, lines 21-22:\n> export const value20 = "twenty";\n> export const value21 = 21;\nANSWERTO this: keep the number.\n\nsrc/app.ts, line 21 before the change:\n> export const value20 = 20;\nIt was right.',
      ).slice(1, -1),
    );
    await world.waitForEnd(client, id);
    expect(browser.faults).toEqual([]);
  });

  test("parts of a patch have a name that the server gave, and a limited length", async () => {
    const key = "0".repeat(64);
    for (const query of [
      "key=../../../etc/passwd&offset=0&length=5",
      `key=${key}&offset=-1&length=5`,
      `key=${key}&offset=0&length=${9 * 1024 * 1024}`,
    ]) {
      const answer = await board.request(`/api/tasks/x/patch?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
    }
    expect((await board.request(`/api/tasks/x/patch?key=${key}&offset=0&length=5`)).status).toBe(404);
  });

  test("hostile names and lines are shown, and nothing of them runs", async () => {
    const { id, worktree } = await work("HOSTILE", "true");
    write(
      worktree,
      "evil\u202etxt.<img src=x onerror=alert(1)>.js",
      "const a = '</script><script>alert(1)</script>'; // \u202e\u001b[31m\n",
    );
    write(worktree, "new\nline.html", "<img src=x onerror=alert(1)>\n".repeat(3));
    write(worktree, "long.txt", `${"x".repeat(3_000_000)}\n`);
    writeFileSync(join(worktree, "bytes.txt"), Buffer.from([0xff, 0xfe, 0x41, 0x0a]));
    const page = await open(id, { viewport: { width: 360, height: 740 } });
    page.on("dialog", () => browser.faults.push("a dialog"));
    await page.getByText("evil\\u202etxt.<img src=x onerror=alert(1)>.js").first().waitFor();
    await page.getByText("</script><script>alert(1)</script>'; // \\u202e\\x1b[31m").first().waitFor();
    await page.getByText("new\\nline.html").first().waitFor();
    await page
      .getByRole("button", { name: /long\.txt/ })
      .first()
      .click();
    await page.getByText("more characters").or(page.getByText("Show more")).first().waitFor();
    expect(await page.locator("img, script:not([src])").count()).toBe(0);
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    expect(browser.faults).toEqual([]);
  });

  test("keys move through the files, fold them, and change the layout, which is remembered", async () => {
    const { id, worktree } = await work("KEYS", "git mv src/old.ts src/new.ts; rm README.md");
    write(worktree, "src/app.ts", change(20, "value20 = 7;"));
    const page = await open(id, { viewport: { width: 2000, height: 800 } });
    const header = (name: string) => page.getByRole("button", { name, expanded: true }).first();
    await header("src/app.ts").waitFor();
    await page.getByText("src/old.ts").first().waitFor();
    await page.getByRole("button", { name: "Comment on new line 21" }).waitFor();
    await page.keyboard.press("f");
    await page.getByRole("button", { name: "src/app.ts", expanded: false }).waitFor();
    await page.keyboard.press("f");
    await page.keyboard.press("]");
    await page.keyboard.press("j");
    await page.keyboard.press("s");
    await page.getByRole("button", { name: "Two columns", pressed: true }).waitFor();
    await page.locator(".line-row.split").first().waitFor();
    await page.keyboard.press("c");
    await page.getByLabel("Comment on line", { exact: false }).press("Escape");
    await page.getByRole("searchbox", { name: "Filter files" }).fill("README");
    await page.getByRole("list", { name: "Files" }).getByText("new.ts").waitFor({ state: "detached" });
    await page.reload();
    await page.locator(".line-row.split").first().waitFor();
    expect(browser.faults).toEqual([]);
  });

  test("what the last run did is shown apart, and a comment whose lines have changed is outdated", async () => {
    const { id, worktree } = await work("FIRSTRUN", `sed -i 's/value20 = 20;/value20 = 1;/' src/app.ts`);
    world.stub.script("SECONDRUN", [{ run: "echo more > second.txt" }, { say: "Done." }]);
    await client.call("codex", { prompt: "SECONDRUN", resume: id });
    const page = await open(id);
    await page.getByText("2 files +2 −1").waitFor();
    await page.getByRole("button", { name: "Since the last run" }).click();
    await page.getByText("1 file +1").waitFor();
    await page.getByRole("button", { name: "Since the base" }).click();
    await page.getByRole("button", { name: "Comment on new line 21" }).click();
    await page.getByLabel("Comment on line 21").fill("Why?");
    await page.getByLabel("Comment on line 21").press("Control+Enter");
    write(worktree, "src/app.ts", change(20, "value20 = 2;"));
    await page.reload();
    await page.getByRole("article", { name: "Comment on line 21" }).getByText("Outdated").waitFor();
    await page.getByText("Why?").first().waitFor();
    expect(browser.faults).toEqual([]);
  });

  test("has no serious fault for those who cannot see it, in both themes and layouts", async () => {
    const { id, worktree } = await work("ACCESSIBLE", "git mv src/old.ts src/new.ts");
    write(worktree, "src/app.ts", change(20, 'value20 = "text"; // note'));
    for (const [colorScheme, width] of [
      ["light", 360],
      ["light", 2000],
      ["dark", 2000],
    ] as const) {
      const page = await open(id, { colorScheme, viewport: { width, height: 800 } });
      if (width > 1000) await page.keyboard.press("s");
      await page.getByRole("button", { name: "Comment on new line 21" }).click();
      await page.getByLabel("Comment on line 21").fill("A comment.");
      await page.getByRole("button", { name: "Add comment" }).click();
      await page.locator(".hljs-string").first().waitFor();
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<AxeResults>("axe.run('.diff', { resultTypes: ['violations'] })");
      const faults = violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id: name, nodes }) => ({ name, nodes: nodes.slice(0, 3).map(({ html }) => html) }));
      expect(faults).toEqual([]);
      await page.context().close();
    }
  });

  test("discarded work says that it can be restored", async () => {
    const { id } = await work("THROWN", "echo x > x.txt");
    await client.call("codex_discard", { task_id: id });
    const page = await browser.open(board, `/tasks/${id}?tab=changes`);
    await page.getByText("Restore it to see its changes.").waitFor();
    await page.context().close();
    // Browsers report each refused request.
    expect(browser.faults.splice(0).every((fault) => fault.includes("400"))).toBe(true);
  });

  test("2,000 files with 5 MB are there at once, and scroll without long tasks", async () => {
    const { id, worktree } = await work("LARGE", "true");
    for (let file = 0; file < 2000; file++) {
      const text = `export const value${file} = "a line of the file ${file}, which is new";\n`.repeat(42);
      write(worktree, `large/module-${Math.floor(file / 50)}/file-${file}.ts`, text);
    }
    const answer = await board.request(`/api/tasks/${id}/diff`);
    const overview: unknown = await answer.json();
    expect(overview).toMatchObject({ files: { length: 2000 } });
    // Other programs may take the processor from the page: the best of some attempts is its own time.
    let best = { longest: Infinity, elements: Infinity };
    for (let attempt = 0; attempt < 3 && best.longest > MAX_TASK_MS; attempt++) {
      const page = await browser.open(board, "/");
      await page.evaluate(`history.pushState(null, "", "/tasks/${id}?tab=changes")`);
      await page.getByText("export const value0").first().waitFor();
      const rows = page.getByRole("region", { name: "Changes", exact: true });
      await rows.hover();
      await page.evaluate(WATCH_TASKS);
      for (const part of [0.1, 0.3, 0.5, 0.7, 0.9, 1]) {
        for (let step = 0; step < 10; step++) await page.mouse.wheel(0, 400);
        await page.evaluate(
          `{ const list = document.querySelector(".diff-rows .virtual-list"); list.scrollTo(0, list.scrollHeight * ${part}); }`,
        );
        await page.locator(".line.added").first().waitFor();
      }
      await page.getByText("export const value499").first().waitFor();
      const elements = await page.evaluate<number>("document.querySelectorAll('*').length");
      const longest = Math.max(0, ...(await page.evaluate<number[]>("tasks")));
      best = { longest: Math.min(best.longest, longest), elements };
      await page.context().close();
    }
    expect(best.longest).toBeLessThanOrEqual(MAX_TASK_MS);
    expect(best.elements).toBeLessThan(3000);
    expect(browser.faults).toEqual([]);
  }, 60_000);
});

function write(folder: string, name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

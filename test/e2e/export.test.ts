// A task as one HTML file: it opens anywhere, shows the task, reaches nothing, and names the secrets in it before.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { runCli } from "../support/command-line.ts";
import { Terminal } from "../support/terminal.ts";
import { BINARY, World } from "../support/world.ts";

const TOKEN = `ghp_${"a1B2".repeat(9)}`;
const HOSTILE = [
  "</script><script>window.hit = 1</script><!-- <script>",
  "<img src=https://evil.example/x.png onerror='window.hit = 2'>",
  "![picture](https://evil.example/y.png) [link](javascript:window.hit=3)",
  "\u202Ereversed \u2028 </body></html> $& $' $1",
].join("\n\n");

let world: World;
let id: string;
let repository: string;

beforeAll(async () => {
  world = new World();
  world.stub.script("EXPORT-IT", [
    { think: "I think about it." },
    { run: `echo TOKEN_IS ${TOKEN}; echo "$HOME"; printf 'odd' > '<b>odd name.txt'; seq 20000` },
    { run: "echo changed > README.md" },
    { say: `**Result** of it.\n\n${HOSTILE}` },
  ]);
  repository = await world.repository();
  const client = await world.client();
  const prompt = `EXPORT-IT in ${repository}. ${HOSTILE}`;
  const { data } = await client.call("codex", {
    prompt,
    cwd: repository,
    topic: "review-export-v1",
    sandbox: "full-access",
  });
  id = String(data["task_id"]);
});
afterAll(() => world.close());

const fileOf = (name: string) => join(world.root, name);
const exportTask = async (args: readonly string[], more: Record<string, string> = {}) =>
  runCli(world, ["export", id, ...args], more);

describe("the command", () => {
  test("writes <task>.html that only its owner reads, and overwrites only by force", async () => {
    const { exitCode, stdout, stderr } = await exportTask([]);
    expect([exitCode, stderr.includes("GitHub token")]).toEqual([0, true]);
    const path = fileOf(`${id}.html`);
    expect(stdout).toStartWith(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, "mine");
    const again = await exportTask([]);
    expect([again.exitCode, again.stderr.includes("already exists")]).toEqual([64, true]);
    expect(readFileSync(path, "utf8")).toBe("mine");
    expect((await exportTask(["--force"])).exitCode).toBe(0);
    expect(readFileSync(path, "utf8")).toStartWith("<!doctype html>");
  });

  test("names secrets by form and place, masked, and redacts them", async () => {
    const environment = { MY_API_KEY: "is-in-no-text-of-it" };
    const { stderr, stdout, exitCode } = await exportTask(["--output", "-", "--redact"], environment);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("are redacted");
    expect(stderr).toContain("GitHub token: ghp_… (40 characters) in run 1: a command and its output");
    expect(stderr + stdout).not.toContain(TOKEN);
    expect(stdout).toContain("[redacted]");
  });

  test("finds the values of variables whose names say that they are secrets", async () => {
    const { stderr, stdout } = await exportTask(["-o", "-", "--redact"], { SOME_SECRET: "I think about it" });
    expect(stderr).toContain("value of SOME_SECRET: I t… (16 characters)");
    expect(stdout).not.toContain("I think about it");
  });

  test("asks on a terminal before it writes secrets, and writes nothing unless the answer is yes", async () => {
    const path = fileOf("asked.html");
    const command = [BINARY, "export", id, "-o", path];
    const answers = [
      ["n", "[exit 1]", false],
      ["y", "[exit 0]", true],
    ] as const;
    for (const [answer, end, isWritten] of answers) {
      const terminal = await Terminal.start(world, command, { width: 120, height: 40 }, { HOME: world.home });
      await terminal.shows("GitHub token: ghp_…");
      await terminal.shows("Write them to the file? [y/N]");
      await terminal.press(answer, "Enter");
      await terminal.shows(end);
      await terminal.close();
      expect(existsSync(path)).toBe(isWritten);
    }
  });

  test("shows the home folder as ~", async () => {
    const { stdout } = await exportTask(["-o", "-"]);
    expect(stdout).not.toContain(world.home);
    expect(stdout).toContain("~");
  });

  test("leaves out the diff and long outputs, and says so", async () => {
    const [short, long] = [await exportTask(["-o", "-", "--no-diff"]), await exportTask(["-o", "-", "--with-output"])];
    expect(short.stdout).toContain("The diff was not exported.");
    expect(short.stdout).not.toContain(String.raw`\n19999\n`);
    expect(long.stdout).toContain(String.raw`\n19999\n`);
  });

  test("of an unknown task writes nothing", async () => {
    const { exitCode, stderr } = await runCli(world, ["export", "none-v1"]);
    expect([exitCode, stderr.includes('There is no task "none-v1"')]).toEqual([1, true]);
    expect(existsSync(fileOf("none-v1.html"))).toBe(false);
  });
});

describe.skipIf(!HAS_BROWSER)("the file in a browser without a network", () => {
  let browser: TestBrowser;
  let board: TestBoard;

  beforeAll(async () => {
    browser = await TestBrowser.launch();
    board = await TestBoard.start(world);
    await exportTask(["-o", "whole.html", "--with-output"]);
  });
  afterAll(async () => {
    await browser.close();
    await board.stop();
  });

  /** Opens a file, and collects the requests of its page other than for itself. */
  const open = async (path: string): Promise<{ page: Page; requests: string[] }> => {
    const context = await browser.browser.newContext({ offline: true, viewport: { width: 1280, height: 900 } });
    const page = await browser.page(context);
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(path).href);
    return { page, requests };
  };

  test("shows prompt, conversation, result and diff; nothing runs and nothing is requested", async () => {
    const { page, requests } = await open(fileOf("whole.html"));
    await page.getByText("I think about it.").first().waitFor();
    await page.getByRole("tab", { name: "Result" }).click();
    await page.getByRole("tabpanel").getByText("of it.").first().waitFor();
    await page.getByRole("tab", { name: "Changes" }).click();
    await page.getByText("README.md").first().waitFor();
    expect(await page.evaluate("window.hit")).toBeUndefined();
    expect(requests.map((url) => url.split("/").at(-1))).toEqual(["whole.html"]);
    for (const link of await page.locator("a[href]").all()) {
      expect(await link.getAttribute("href")).not.toStartWith("javascript:");
    }
    expect(browser.faults).toEqual([]);
  });

  test("reads the whole output of a command from the file", async () => {
    const { page } = await open(fileOf("whole.html"));
    await page.getByText("TOKEN_IS").first().click();
    await page
      .getByRole("button", { name: /^Full output/ })
      .first()
      .click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("pre").getByText("TOKEN_IS").waitFor();
    await dialog.getByRole("region").or(dialog.locator(".virtual-list")).first().press("End");
    await dialog.getByText(/\b20000\b/).waitFor();
    expect(browser.faults).toEqual([]);
  });

  test("has a policy that permits its own script and style only", async () => {
    const html = readFileSync(fileOf("whole.html"), "utf8");
    const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html.slice(0, 4000)) ?? [];
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^;]+; style-src 'sha256-/);
    expect(policy).not.toContain("unsafe");
    const { page } = await open(fileOf("whole.html"));
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.evaluate(
      `{ const script = document.createElement("script"); script.textContent = "window.hit = 9"; document.body.append(script) }`,
    );
    expect(await page.evaluate("window.hit")).toBeUndefined();
    expect(browser.faults.splice(0).join()).toContain("Content Security Policy");
  });

  test("is offered by the board, with the secrets in it and without", async () => {
    const page = await browser.open(board, `/tasks/${id}`);
    await page.getByRole("button", { name: "Export…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("GitHub token").first().waitFor();
    const download = page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Download without them" }).click();
    const path = fileOf("downloaded.html");
    await (await download).saveAs(path);
    expect((await download).suggestedFilename()).toBe(`${id}.html`);
    expect(readFileSync(path, "utf8")).not.toContain(TOKEN);
    const opened = await open(path);
    await opened.page.getByText("[redacted]").first().waitFor();
    expect(browser.faults).toEqual([]);
  });
});

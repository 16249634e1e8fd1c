import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { TestBoard } from "./board.ts";

/** A Chromium that is installed here: Debian's by preference. */
const CHROMIUM = Bun.which("chromium") ?? Bun.which("chromium-browser") ?? Bun.which("google-chrome");

/** Whether tests of the board's page can be run here; the reason is printed once where they cannot. */
export const HAS_BROWSER = CHROMIUM !== null;

if (!HAS_BROWSER) console.warn("SKIPPED: tests of the board in a browser: there is no chromium (Debian: chromium)");

/** A browser with one page at a time, whose faults are collected. */
export class TestBrowser {
  readonly browser: Browser;
  /** Errors that scripts of pages threw, and what they wrote as errors on the console. */
  readonly faults: string[] = [];

  private constructor(browser: Browser) {
    this.browser = browser;
  }

  static async launch(): Promise<TestBrowser> {
    const isRoot = process.getuid?.() === 0;
    const options = { executablePath: CHROMIUM ?? "", args: isRoot ? ["--no-sandbox"] : [] };
    return new TestBrowser(await chromium.launch(options));
  }

  /** A new page at a board, with a profile of its own. */
  async open(board: TestBoard, path = "/", options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.page(await this.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options }));
    await page.goto(board.address);
    await page.waitForURL(`${board.origin}/`);
    if (path !== "/") await page.goto(`${board.origin}${path}`);
    return page;
  }

  /** A new page of a context, whose faults are collected. */
  async page(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.faults.push(message.text());
    });
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}

// Takes the pictures of the board for the README and the documents, light and dark, of real tasks with a scripted model: npm run screenshots
import { join } from "node:path";
import type { Page } from "playwright-core";
import { TestBoard } from "../test/support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../test/support/browser.ts";
import { World } from "../test/support/world.ts";
import { buildBinary } from "./build.ts";
import { MAX_RUNNING, type Scene, setScene } from "./screenshots/scene.ts";

const PICTURES = join(import.meta.dir, "..", "docs", "pictures");
const SIZE = { width: 1440, height: 860 };

/** Returns the pages to take pictures of: name, address, and the text that shows that the page is ready. */
function listPages({
  running,
  review,
  tries,
}: Scene): [name: string, path: string, ready: (page: Page) => Promise<void>][] {
  const shows = (text: string) => async (page: Page) => page.getByText(text).first().waitFor();
  return [
    ["board", "/", shows("Migrate the build")],
    ["task", `/tasks/${review}`, shows("slug.test.ts")],
    ["running", `/tasks/${running}`, shows("Step 1 of 3")],
    ["timeline", "/timeline?span=1h", shows("Timeline")],
    ["usage", "/usage", shows("Usage")],
    ["compare", `/compare?group=${tries}`, shows("Segmenter")],
  ];
}

/** Time for pictures to settle: fonts, plots and what is highlighted afterwards, in milliseconds. */
const SETTLE_MS = 1500;

async function takePictures(only: readonly string[]): Promise<void> {
  const world = new World();
  const limits = { CODEXMCP_MAX_CONCURRENT: String(MAX_RUNNING) };
  const client = await world.client(limits);
  const scene = await setScene(world, client);
  const board = await TestBoard.start(world, [], limits);
  const browser = await TestBrowser.launch();
  try {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const [name, path, ready] of listPages(scene)) {
        if (only.length > 0 && !only.includes(name)) continue;
        const page = await browser.open(board, path, { colorScheme, viewport: SIZE });
        await ready(page);
        await Bun.sleep(SETTLE_MS);
        const file = join(PICTURES, `${name}-${colorScheme}.png`);
        await page.screenshot({ path: file });
        console.log(`docs/pictures/${name}-${colorScheme}.png (${Math.round(Bun.file(file).size / 1000)} kB)`);
        await page.context().close();
      }
    }
  } finally {
    scene.finish();
    await browser.close();
    await board.stop();
    for (const id of [scene.running]) await client.call("codex_cancel", { task_id: id });
    await world.close();
  }
  if (browser.faults.length > 0) throw new Error(`the pages have faults: ${browser.faults.join("; ")}`);
}

if (import.meta.main) {
  if (!HAS_BROWSER) throw new Error("there is no chromium");
  await buildBinary();
  await takePictures(process.argv.slice(2));
}

// Records the demo on a terminal, and draws the pictures of the READMEs from the recording:
//   npm run picture               records docs/pictures/demo.cast, then draws demo-light.svg and demo-dark.svg
//   npm run picture -- --draw     draws the recording that there is
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildBinary } from "./build.ts";
import { WIDTH } from "./demo/story.ts";
import { formatCast, parseCast } from "./picture/cast.ts";
import { record } from "./picture/record.ts";
import { playCast } from "./picture/screen.ts";
import { drawScreen, THEMES } from "./picture/svg.ts";

const ROOT = join(import.meta.dir, "..");

/** Folder of the pictures. */
export const PICTURES = join(ROOT, "docs", "pictures");
/** File of the recording. */
export const CAST = join(PICTURES, "demo.cast");

const TITLE = "npm run demo";
const DESCRIPTION =
  "A terminal that shows the demo: a review; two modules written at once; a task that survives the death of its client; a merge " +
  "conflict that changes nothing; a worktree that is discarded and restored; tables of the tasks and worktrees.";

/** Draws the pictures of a recording. @returns their contents by file name */
export async function drawPictures(cast: string): Promise<Map<string, string>> {
  const parsed = parseCast(cast);
  const screen = await playCast(parsed);
  const shape = { columns: parsed.width, title: TITLE, description: DESCRIPTION };
  return new Map(Object.entries(THEMES).map(([name, theme]) => [`demo-${name}.svg`, drawScreen(screen, theme, shape)]));
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { draw: { type: "boolean", default: false } } });
  mkdirSync(PICTURES, { recursive: true });
  if (!values.draw) {
    await buildBinary();
    const cast = await record(["bun", join(ROOT, "scripts", "demo.ts"), "--built"], WIDTH);
    writeFileSync(CAST, formatCast(cast));
  }
  for (const [name, svg] of await drawPictures(readFileSync(CAST, "utf8"))) {
    writeFileSync(join(PICTURES, name), svg);
    console.log(`docs/pictures/${name} (${Math.round(svg.length / 1000)} kB)`);
  }
}

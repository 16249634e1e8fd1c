// Checks the pictures of the READMEs: they show what the recording of the demo holds, the recording has the demo's titles and prompts,
// and they are small files that load nothing; pictures of the board, in docs/board.md too, exist and are not large. Whether the recording is what the demo prints today, test/e2e/demo.test.ts checks.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ACTS, PROMPTS } from "./demo/stage.ts";
import { normaliseTranscript, parseCast, transcriptOf } from "./picture/cast.ts";
import { CELL, MARGIN } from "./picture/svg.ts";
import { CAST, drawPictures, PICTURES } from "./picture.ts";

/** Largest size of a picture in bytes. */
const MAX_BYTES = 150_000;
const MAX_SCREENSHOT_BYTES = 300_000;
const READMES = ["README.md", "README.zh-CN.md"];
/** Pages that show pictures of the board. */
const PAGES = [...READMES, "docs/board.md"];
/** First bytes of each PNG file. */
const PNG = [0x89, 0x50, 0x4e, 0x47];
/** Patterns of content that must not be in a picture: things to load or run, and paths of this machine. */
const FORBIDDEN = /<(?:script|image|foreignObject|a)\b|href|@import|@font-face|url\((?!#)|\/(?:tmp|home|root|var)\//i;

/** Returns a sentence for each fault of the pictures of a recording. */
export async function checkPictures(cast: string, readFile: (name: string) => string | undefined): Promise<string[]> {
  const transcript = normaliseTranscript(transcriptOf(parseCast(cast)));
  const faults = [...Object.values(ACTS), ...Object.values(PROMPTS)]
    .filter((text) => !transcript.some((line) => line.includes(text)))
    .map((text) => `The recording does not show “${text}” of the demo: run npm run picture.`);
  for (const [name, drawn] of await drawPictures(cast)) {
    const picture = readFile(name);
    const fault = picture === undefined ? "is missing" : findFault(picture, drawn, transcript);
    if (fault !== undefined) faults.push(`docs/pictures/${name} ${fault}.`);
  }
  return faults;
}

/** Returns a sentence for each PNG picture of a page that does not exist, is no PNG file, or is large. */
export function checkScreenshots(
  page: string,
  text: string,
  readFile: (name: string) => Uint8Array | undefined,
): string[] {
  const names = new Set([...text.matchAll(/pictures\/([\w.-]+\.png)/g)].map(([, name = ""]) => name));
  return [...names].flatMap((name) => {
    const picture = readFile(name);
    if (picture === undefined) return [`${page} shows docs/pictures/${name}, which is missing.`];
    if (PNG.some((byte, index) => picture[index] !== byte)) return [`docs/pictures/${name} is not a PNG file.`];
    if (picture.length <= MAX_SCREENSHOT_BYTES) return [];
    return [`docs/pictures/${name} has ${picture.length} bytes, ${MAX_SCREENSHOT_BYTES} are allowed.`];
  });
}

function findFault(picture: string, drawn: string, transcript: readonly string[]): string | undefined {
  const bytes = Buffer.byteLength(picture);
  if (bytes > MAX_BYTES) return `has ${bytes} bytes, ${MAX_BYTES} are allowed`;
  const [forbidden] = FORBIDDEN.exec(picture.replace("http://www.w3.org/2000/svg", "")) ?? [];
  if (forbidden !== undefined) return `holds ${forbidden}`;
  const shown = normaliseTranscript(readText(picture).join("\n"));
  const wrong = transcript.findIndex((line, index) => line !== shown[index]);
  if (wrong >= 0) return `shows “${shown[wrong] ?? ""}” where the recording has “${transcript[wrong]}”`;
  if (shown.length > transcript.length) return "shows more lines than the recording has";
  return picture === drawn ? undefined : "is not up to date: run npm run picture -- --draw";
}

/** Returns the lines that stand in a picture, from the places of its texts. */
function readText(picture: string): string[] {
  const lines: string[] = [];
  for (const [, y = "", spans = ""] of picture.matchAll(/<text y="([\d.]+)">(.*?)<\/text>/g)) {
    let line = "";
    for (const [, x = "", text = ""] of spans.matchAll(/<tspan x="([\d.]+)"[^>]*>(.*?)<\/tspan>/g)) {
      line = line.padEnd(Math.round((Number(x) - MARGIN.left) / CELL.width)) + unescape(text);
    }
    const index = Math.floor((Number(y) - MARGIN.top) / CELL.height);
    while (lines.length < index) lines.push("");
    lines[index] = line;
  }
  return lines;
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

if (import.meta.main) {
  const root = join(import.meta.dir, "..");
  const readPicture = (name: string) => {
    const path = join(PICTURES, name);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  };
  const faults = await checkPictures(readFileSync(CAST, "utf8"), readPicture);
  for (const name of READMES) {
    const text = readFileSync(join(root, name), "utf8");
    for (const picture of ["demo-light.svg", "demo-dark.svg"]) {
      if (!text.includes(`docs/pictures/${picture}`)) faults.push(`${name} does not show docs/pictures/${picture}.`);
    }
  }
  for (const page of PAGES) {
    const readImage = (name: string) => {
      const path = join(PICTURES, name);
      return existsSync(path) ? readFileSync(path) : undefined;
    };
    faults.push(...checkScreenshots(page, readFileSync(join(root, page), "utf8"), readImage));
  }
  for (const fault of faults) console.error(fault);
  process.exit(faults.length === 0 ? 0 : 1);
}

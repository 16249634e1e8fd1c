// Generates the tables of docs/ between their marks, the manual page and the expected schemas of the tools from the code, and
// translates the reference pages with scripts/docs/zh.json. With --check, it only checks that all of them are up to date.
import { join } from "node:path";
import { ALL_TOOLS } from "#mcp/tools/register-tools.ts";
import { clientExamples } from "./docs/clients.ts";
import { manPage } from "./docs/man-page.ts";
import { TABLES } from "./docs/tables.ts";
import { Translator } from "./docs/translator.ts";

const ROOT = join(import.meta.dir, "..");
const PAGES = ["tools.md", "errors.md", "command-line.md", "configuration.md"];
const TRANSLATIONS = "scripts/docs/zh.json";
const isCheck = process.argv.includes("--check");

const stale: string[] = [];
const unused = new Set(Object.keys(TABLES));
const chinese = new Translator(await Bun.file(join(ROOT, TRANSLATIONS)).json());
for (const name of PAGES) {
  const english = await update(`docs/${name}`, fillIn);
  const mark = `<!-- Generated from docs/${name} and ${TRANSLATIONS} by "bun run docs". Do not edit. -->`;
  await update(`docs/zh/${name}`, () => `${mark}\n\n${chinese.translatePage(english)}`);
}
await update("docs/clients.md", fillIn);
for (const [name, text] of clientExamples()) await update(`examples/${name}`, () => text);
if (unused.size > 0) throw new Error(`No page has the tables ${[...unused].join(", ")}.`);
await update("docs/codex-mcp-server.1", (before) => manPage(before, new Date().toISOString().slice(0, 10)));
await update("test/fixtures/tool-schemas.json", () => formatJson(ALL_TOOLS.map((tool) => tool.describe())));

const faults = chinese.findFaults().map((fault) => `${TRANSLATIONS}: ${fault}`);
if (faults.length === 0) await update(TRANSLATIONS, () => formatJson(chinese.used));
if (isCheck && stale.length > 0) faults.push(`Not up to date: ${stale.join(", ")}. Run: bun run docs`);
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);

/** Changes a file, unless this is a check. @returns its new content */
async function update(name: string, change: (before: string) => string): Promise<string> {
  const file = Bun.file(join(ROOT, name));
  const before = (await file.exists()) ? await file.text() : "";
  const after = change(before);
  if (after === before) return after;
  stale.push(name);
  if (!isCheck) await Bun.write(file, after);
  return after;
}

/** Puts each table between `<!-- generated: name -->` and `<!-- end -->`. */
function fillIn(text: string): string {
  return text.replace(/<!-- generated: (\w+) -->[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const content = TABLES[name];
    if (content === undefined) throw new Error(`No table is called ${name}.`);
    unused.delete(name);
    return `<!-- generated: ${name} -->\n${content}\n<!-- end -->`;
  });
}

function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

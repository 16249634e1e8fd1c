import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { END_HOOK_VARIABLES, VARIABLES } from "#base/variables.ts";
import { checkDocuments, findAnchors, README_MAX_BYTES } from "../../scripts/check-docs.ts";

const ROOT = join(import.meta.dir, "..", "..");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync("/var/tmp/codexmcp-docs-");
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Writes a page, and a link to it into an index. */
function writePage(name: string, text: string): void {
  write(name, text);
  appendFileSync(join(folder, "llms.txt"), `[page](<${name}>)\n`);
}

test.each([
  ["[page](docs/page.md)"],
  ["[part](docs/page.md#the-second-part), [here](#top)"],
  ["[root](/docs/page.md) [folder](docs/) [other](docs/other.txt#L3)"],
  ["[`code`](docs/page.md) ![picture](docs/other.txt 'title') [<](<docs/a page.md>) [e](docs/a%20page.md)"],
  ["[ref]: docs/page.md"],
  ['https://example.org/none.md [web](https://example.org/none) <a href="mailto:a@example.org">mail</a>'],
  ["```\n[code](none.md)\n```\n`[code](none.md)` <!-- [comment](none.md) -->"],
  ["[中文](docs/page.md#中文标题)"],
])("accepts %j", (text) => {
  writePage("docs/page.md", "# Page\n\n## The `second` part\n\n## 中文：标题\n");
  writePage("docs/a page.md", "# A page\n");
  write("docs/other.txt", "");
  write("README.md", `# Top\n\n${text}\n`);
  expect(checkDocuments(folder)).toEqual([]);
});

test.each([
  ["[gone](docs/none.md)", "docs/none.md: no such file."],
  ['[`gone`](none.md "title")', "none.md: no such file."],
  ["![picture](none.png)", "none.png: no such file."],
  ["[ref]: none.md", "none.md: no such file."],
  ['<img src="none.png">', "none.png: no such file."],
  ["[here](#nowhere)", "#nowhere: no such heading."],
  ["[part](page.md#not-a-heading)", "page.md#not-a-heading: no such heading."],
  ["[out](../../else.md)", "../../else.md: outside of the repository."],
  ["[empty]()", ": empty link."],
  ["```\ncode\n```\n[after](none.md)", "none.md: no such file."],
])("refuses %j", (text, fault) => {
  writePage("docs/page.md", "# Page\n\n```\n# Not a heading\n```\n");
  writePage("docs/deep/index.md", "# Deep\n");
  writePage("docs/start.md", `# Start\n\n${text}\n`);
  const prefix = text.includes("docs/none.md") ? "docs/start.md: docs/none.md" : "docs/start.md: ";
  expect(checkDocuments(folder)).toEqual([expect.stringContaining(prefix)]);
  expect(checkDocuments(folder)[0]).toEndWith(fault);
});

test("all documents of the project are looked at", () => {
  for (const name of ["README.md", "README.zh-CN.md", "CHANGELOG.md", "docs/a.md", "docs/decisions/b.md"]) {
    writePage(name, "[gone](none.md)\n");
  }
  expect(checkDocuments(folder)).toHaveLength(5);
});

test("anchors are those of GitHub", () => {
  const anchors = findAnchors(
    '# What\'s new?\n## A [link](x.md) & `code_span` #\n## Same\n## Same\n<a id="own"></a>\n',
  );
  expect([...anchors]).toEqual(["whats-new", "a-link--code_span", "same", "same-1", "own"]);
});

test("a README has a size limit, other documents have none", () => {
  const long = "x".repeat(README_MAX_BYTES);
  write("README.md", long);
  writePage("docs/long.md", `${long}x`);
  expect(checkDocuments(folder)).toEqual([]);
  write("README.zh-CN.md", `${long}x`);
  expect(checkDocuments(folder)).toEqual([expect.stringContaining("README.zh-CN.md")]);
});

test("a link from another document leads to every page, or to its folder", () => {
  write("README.md", "[page](docs/page.md) [folder](docs/deep/) <!-- [hidden](docs/hidden.md) -->\n");
  for (const name of ["page", "deep/index", "hidden", "alone", "other/index"]) write(`docs/${name}.md`, "# Page\n");
  write("docs/alone.md", "# Alone\n\n[itself](alone.md#alone)\n");
  expect(checkDocuments(folder)).toEqual(
    ["alone", "hidden", "other/index"].map((name) => `docs/${name}.md: no document links to it.`),
  );
});

test("documents name no variable that does not exist", () => {
  const patterns = ["README*.md", "llms.txt", "docs/*.md", "examples/*"];
  const files = patterns.flatMap((pattern) => Array.from(new Bun.Glob(pattern).scanSync({ cwd: ROOT })));
  // The architecture has internal variables, too.
  const forUsers = files.filter((file) => !file.endsWith("architecture.md"));
  const texts = forUsers.map((file) => readFileSync(join(ROOT, file), "utf8"));
  const names = new Set(texts.join("\n").match(/\bCODEXMCP_(?!TEST_)[A-Z_]+\b/g));
  const own = VARIABLES.filter((name) => name.startsWith("CODEXMCP_"));
  expect([...names].toSorted()).toEqual([...own, ...END_HOOK_VARIABLES].toSorted());
});

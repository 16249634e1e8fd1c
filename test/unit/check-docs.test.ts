import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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
  write("docs/page.md", "# Page\n\n## The `second` part\n\n## 中文：标题\n");
  write("docs/a page.md", "# A page\n");
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
  write("docs/page.md", "# Page\n\n```\n# Not a heading\n```\n");
  write("docs/deep/index.md", "# Deep\n");
  write("docs/start.md", `# Start\n\n${text}\n`);
  const prefix = text.includes("docs/none.md") ? "docs/start.md: docs/none.md" : "docs/start.md: ";
  expect(checkDocuments(folder)).toEqual([expect.stringContaining(prefix)]);
  expect(checkDocuments(folder)[0]).toEndWith(fault);
});

test("all documents of the project are looked at", () => {
  for (const name of ["README.md", "README.zh-CN.md", "CHANGELOG.md", "docs/a.md", "docs/decisions/b.md"]) {
    write(name, "[gone](none.md)\n");
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
  write("docs/long.md", `${long}x`);
  expect(checkDocuments(folder)).toEqual([]);
  write("README.zh-CN.md", `${long}x`);
  expect(checkDocuments(folder)).toEqual([expect.stringContaining("README.zh-CN.md")]);
});

test("every variable of the configuration is documented, and no other", () => {
  const namesIn = (...files: string[]) => {
    const texts = files.map((file) => readFileSync(join(ROOT, file), "utf8"));
    return [...new Set(texts.join("\n").match(/\bCODEXMCP_[A-Z_]+\b/g))].toSorted();
  };
  expect(namesIn("docs/configuration.md")).toEqual(namesIn("src/base/config.ts", "src/cli/setup/serve.ts"));
});

import { expect, test } from "bun:test";
import { Translator } from "../../scripts/docs/translator.ts";

const PAGE = `# Tools

<!-- generated: tools -->
| tool | does |
| --- | --- |
| \`codex\` | Runs a <task> or \`a|b\`. |
<!-- end -->

A paragraph
of two lines.
- An item
  on two lines
- \`code\`

\`\`\`sh
# Stays as it is.

make
\`\`\`
1. Last
`;

const CHINESE = {
  Tools: "工具",
  tool: "工具",
  does: "作用",
  "Runs a <task> or `a|b`.": "运行 <任务> 或 `a|b`。",
  "A paragraph of two lines.": "一段话。",
  "An item on two lines": "一项",
  Last: "最后",
};

test("translates a page text by text, and leaves code and comments as they are", () => {
  const translator = new Translator(CHINESE);
  expect(translator.translatePage(PAGE.replace("`a|b`", "`a\\|b`"))).toBe(`# 工具

| 工具 | 作用 |
| --- | --- |
| \`codex\` | 运行 &lt;任务> 或 \`a\\|b\`。 |

一段话。
- 一项
- \`code\`

\`\`\`sh
# Stays as it is.

make
\`\`\`
1. 最后
`);
  expect(translator.findFaults()).toEqual([]);
  expect(Object.keys(translator.used)).toEqual(Object.keys(CHINESE));
});

test("prints texts without a translation as JSON to fill in, and translations that are no longer used", () => {
  const translator = new Translator({ Gone: "没了" });
  translator.translatePage('# New\n\nA "second" one\n');
  const [missing, unused, ...others] = translator.findFaults();
  expect(missing).toEndWith(':\n{\n  "New": "",\n  "A \\"second\\" one": ""\n}');
  expect(unused).toEndWith(':\n{\n  "Gone": "没了"\n}');
  expect(others).toEqual([]);
});

test.each([
  ["Run `a`.", "运行 `b`。", "code differs"],
  ["Run `a`.", "运行。", "code differs"],
  ["Run it.", "运行它.", "Half-width"],
  ["Run, then stop", "先运行, 再停止", "Half-width"],
  ["Run (now)", "运行(现在)", "Half-width"],
  ["Run it: `now`", "运行: `now`", "Half-width"],
  ["Run git", "运行git", "No space"],
  ["Run", " ", "is empty"],
])("%j must not become %j", (english, chinese, fault) => {
  const translator = new Translator({ [english]: chinese });
  translator.translatePage(`${english}\n`);
  expect(translator.findFaults()).toEqual([expect.stringContaining(fault)]);
});

test.each([
  ["Run `a, b` (now): [here](a.md#b), at 10:30", "运行 `a, b`（现在）：[此处](a.md#b)，10:30"],
  ["See https://example.org", "见 https://example.org"],
  ["Codex, git, tmux", "Codex、git、tmux"],
])("%j may become %j", (english, chinese) => {
  const translator = new Translator({ [english]: chinese });
  translator.translatePage(`${english}\n`);
  expect(translator.findFaults()).toEqual([]);
});

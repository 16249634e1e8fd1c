import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { COMMANDS } from "#cli/framework/commands.ts";
import { nearest } from "#base/nearest.ts";
import { parseCommandLine, parseDuration } from "#cli/framework/parse-command-line.ts";
import { escapeInJson } from "#cli/terminal/output.ts";
import { formatBytes, formatCount, formatDuration } from "#base/format-values.ts";
import { compose, inOneLine, type Medium, multiline, paint, render, withoutControls } from "#cli/terminal/style.ts";
import { formatTable } from "#cli/terminal/table.ts";
import { launcherOf } from "#codex/locate.ts";
import { makeVisible } from "#base/visible-text.ts";

test("a misspelt word gets the nearest suggestion, an unrelated one none", () => {
  const names = ["tasks", "show", "logs", "attach", "wait", "cancel", "clean"];
  expect(nearest("taks", names)).toBe("tasks");
  expect(nearest("lgos", names)).toBe("logs");
  expect(nearest("attahc", names)).toBe("attach");
  expect(nearest("cancle", names)).toBe("cancel");
  expect(nearest("frobnicate", names)).toBeUndefined();
  expect(nearest("", names)).toBeUndefined();
});

describe.each(COMMANDS.map((command) => [command.name, command] as const))("%s", (name, command) => {
  test("is described by imperative phrases", () => {
    const options = Object.values(command.options).map(({ summary }) => summary);
    const phrases = [command.summary, ...options, ...command.examples.map(([, does]) => does)];
    for (const phrase of phrases) expect(phrase).toMatch(/^[A-Z][^.]*(?:\.\w[^.]*)*$/);
    expect(command.details ?? "Sentences.").toEndWith(".");
  });

  test("has examples that parse", () => {
    for (const [line] of command.examples) {
      const words = line.split(/ (?:[|<>]|&&) /)[0]?.match(/"[^"]*"|\S+/g) ?? [];
      const [first, ...args] = words.map((word) => word.replaceAll('"', ""));
      if (first === "--version") continue;
      expect(first).toBe(name);
      expect(parseCommandLine(command, args)).toBeDefined();
    }
  });
});

test.each([
  [0.4, "0s"],
  [59.9, "59s"],
  [60, "1m00s"],
  [3599, "59m59s"],
  [3600, "1h00m"],
  [86_399, "23h59m"],
  [200_000, "2d07h"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test.each([
  ["90", 90],
  ["0.5s", 0.5],
  ["15m", 900],
  ["2 h", 7200],
  ["7d", 604_800],
  ["2w", 1_209_600],
  ["soon", undefined],
  ["-1s", undefined],
  ["", undefined],
])("%p as a duration", (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test("counts and bytes are formatted briefly", () => {
  expect([0, 999, 1000, 12_345, 99_949, 123_456, 999_499, 1_234_567].map(formatCount)).toEqual([
    "0",
    "999",
    "1.0k",
    "12.3k",
    "99.9k",
    "123k",
    "999k",
    "1.2M",
  ]);
  expect([0, 999, 1500, 4_200_000, 123_000_000].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1.5 kB",
    "4.2 MB",
    "123 MB",
  ]);
});

const PIPE = { isTerminal: false, hasColour: false };
const TERMINAL = { isTerminal: true, hasColour: false };

test("control characters are shown visibly on terminals and removed in pipes", () => {
  const said = withoutControls("a\u001B[2Jb\u0007\rc\u009Bd\te\n");
  expect(render(said, PIPE)).toBe("a[2Jbcd\te\n");
  expect(render(said, TERMINAL)).toBe("a\\x1b[2Jb\\x07\\rc\\u009bd\\te\\n");
  expect(render(multiline(said), TERMINAL)).toEndWith("d\te\n");
  expect(render(inOneLine("  a\n\n b\tc\u001B "), PIPE)).toBe("a b c");
});

test("only our own styles reach a terminal, and only one with colour", () => {
  const painted = compose`${paint("a\u001B[31m", "bold")}: ${paint(compose`b ${paint("c", "red")}`, "dim")}`;
  expect(render(painted, { isTerminal: true, hasColour: true })).toBe(
    "\u001B[1ma\\x1b[31m\u001B[0m: \u001B[2mb \u001B[0m\u001B[31mc\u001B[0m",
  );
  expect(render(painted, TERMINAL)).toBe("a\\x1b[31m: b c");
  expect(render(painted, PIPE)).toBe("a\u001B[31m: b c");
});

test("JSON on a terminal is the same value without invisible characters", () => {
  const value = { "a\u009B": "\u202E\u001B é \u{E0041}\n", b: ["\uD800", "名前"] };
  const json = escapeInJson(JSON.stringify(value, null, 2));
  expect(JSON.parse(json)).toEqual(value);
  expect(makeVisible(json, true)).toBe(json);
  expect(json).toContain("名前");
});

describe("a table", () => {
  const columns = [
    { title: "TASK", isFlexible: true },
    { title: "N", align: "right" as const },
    { title: "WHAT", isFlexible: true },
  ];
  const rows = [
    ["codex-review-auth_module-v1", "5", "reads the code"],
    ["名前-名前-名前-名前-名前-名前", "1200", "日本語で答える、とても長い文章"],
    ["\u001B]52;c;aGk=\u0007", paint("\u202E5", "red"), "tab\tand\nline"],
  ];
  const format = (width: number, medium: Medium) =>
    formatTable(columns, rows, width).map((line) => render(line, medium));

  test.each([200, 60, 45, 30])("is at most %i columns wide with characters of any width", (width) => {
    const lines = format(width, TERMINAL);
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);
  });

  test("aligns its columns by the visible width of their cells", () => {
    const lines = format(200, TERMINAL);
    const column = lines[0]?.indexOf("WHAT") ?? 0;
    expect(lines[1]?.indexOf("reads")).toBe(column);
    expect(lines[3]?.indexOf("tab\\tand\\nline")).toBe(column);
    expect(lines[3]).toContain("\\x1b]52;c;aGk=\\x07");
    expect(lines[3]).toContain(" \\u202e5  ");
  });

  test("shrinks the last columns first, and none without a width", () => {
    expect(format(50, TERMINAL)[1]).toStartWith("codex-review-auth_module-v1 ");
    expect(format(Number.POSITIVE_INFINITY, PIPE)[2]).toContain("日本語で答える、とても長い文章");
  });
});

test("npm's script on Windows is resolved to the launcher beside it", () => {
  const npm = join("/npm folder");
  const launcher = join(npm, "node_modules", "@openai", "codex", "bin", "codex.js");
  expect(launcherOf(join(npm, "codex.cmd"))).toBe(launcher);
  expect(launcherOf(join(npm, "codex.CMD"))).toBe(launcher);
});

import { describe, expect, test } from "bun:test";
import { isUtf8 } from "node:buffer";
import * as fc from "fast-check";
import { PatchPainter } from "#cli/terminal/patch.ts";
import { compose, paint, render } from "#cli/terminal/style.ts";
import { formatTable, sliceToWidth, wrapToWidth } from "#cli/terminal/table.ts";
import { quoteForShell, shorten, takeEnd, takeStart } from "#base/text.ts";
import { decodeBytes, makeVisible } from "#base/visible-text.ts";
import { findHidden, HOSTILE, randomText } from "../support/hostile-text.ts";
import { runs } from "../support/property.ts";
import { Dice } from "../support/random-worktree.ts";

const TERMINAL = { isTerminal: true, hasColour: true };
const PIPE = { isTerminal: false, hasColour: false };
const TEXTS = 2000;

test.each([
  ["\u001B]52;c;aGk=\u0007", "\\x1b]52;c;aGk=\\x07"],
  ["\u009B31m\u007F", "\\u009b31m\\x7f"],
  ["abc\u202Etxt.exe", "abc\\u202etxt.exe"],
  ["a\r\n\tb", "a\\r\\n\\tb"],
  ["\u{E0041}\uD800\u2028", "\\u{e0041}\\ud800\\u2028"],
  ["a\u200Bb\u200Cc\u200Dd\uFE0F", "a\\u200bb\\u200cc\\u200dd\\ufe0f"],
])("%j is shown as %j", (text, visible) => {
  expect(makeVisible(text)).toBe(visible);
  expect(makeVisible(visible)).toBe(visible);
});

test.each(["naïve Übermaß", "名前.txt", "👨‍👩‍👧 ✔️ 1️⃣ 👍🏽", "می‌خواهم", "क्‍ष", "back\\slash", "עברית العربية"])(
  "%s stays as it is",
  (text) => {
    expect(makeVisible(text)).toBe(text);
  },
);

/** Characters of all kinds, with those that join and lone surrogates among them. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    fc.constantFrom("\u200D", "\uFE0F", "👍🏽", "✔", "م", "\u061C", "1", "\u20E3", "\n", "\t", "\r", "\\"),
  ),
});

/** Characters that are hidden or not by what stands beside them. */
const joinedText = fc.string({
  unit: fc.constantFrom("\u200D", "\uFE0F", "👍", "م", "\u061C"),
});

test("a text that was made visible hides nothing, stays so, and had nothing else changed", () => {
  const property = fc.property(fc.oneof(anyText, joinedText), fc.boolean(), (text, isMultiline) => {
    const visible = makeVisible(text, isMultiline);
    expect(visible.isWellFormed()).toBe(true);
    expect(makeVisible(visible, isMultiline)).toBe(visible);
    const joiners = /\u200C|\u200D|\uFE0E|\uFE0F/g;
    expect(findHidden(Buffer.from(visible.replace(joiners, "")))).toBe("");
    if (!isMultiline) expect(visible).not.toMatch(/[\n\t]/);
    expect(unescape(visible)).toBe(unescape(text));
  });
  fc.assert(property, runs(0.2));
});

/** Replaces what looks like an escaped character by the character. */
function unescape(text: string): string {
  const short: Record<string, string> = { n: "\n", r: "\r", t: "\t" };
  const escape = /\\(?:([nrt])|x([0-9a-f]{2})|u([0-9a-f]{4})|u\{([0-9a-f]{5,6})\})/g;
  return text.replace(escape, (_, letter: string | undefined, ...codes: (string | undefined)[]) =>
    letter === undefined
      ? String.fromCodePoint(Number.parseInt(codes.slice(0, 3).join(""), 16))
      : (short[letter] ?? ""),
  );
}

test("bytes are decoded as UTF-8, each that is none shown alone", () => {
  const parts = fc.array(
    fc.oneof(
      anyText.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 6 }),
    ),
  );
  const property = fc.property(parts, (list) => {
    const bytes = Buffer.concat(list);
    const text = decodeBytes(bytes);
    const again = text.replace(/[^]/gu, (character) => Buffer.from(character).toString("latin1"));
    const unescaped = again.replace(/\\x([89a-f][0-9a-f])/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    // A text that holds "\xff" itself reads the same as the byte.
    const plain = bytes
      .toString("latin1")
      .replace(/\\x([89a-f][0-9a-f])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    expect(unescaped).toBe(plain);
    if (isUtf8(bytes)) expect(text).toBe(bytes.toString());
    expect(text.length).toBeLessThanOrEqual(4 * bytes.length);
  });
  fc.assert(property, runs());
});

test("a cut keeps characters whole and loses no more than it must", () => {
  const wellFormed = anyText.map((text) => text.toWellFormed());
  const property = fc.property(wellFormed, fc.nat(40), (text, length) => {
    const [start, end] = [takeStart(text, length), takeEnd(text, length)];
    expect(text.startsWith(start) && text.endsWith(end)).toBe(true);
    for (const part of [start, end]) {
      expect(part.isWellFormed()).toBe(true);
      expect(part.length).toBeLessThanOrEqual(length);
      expect(part.length).toBeGreaterThanOrEqual(Math.min(text.length, length) - 1);
    }
    expect(shorten(text, length)).toBe(text.length <= length ? text : `${start}…`);
  });
  fc.assert(property, runs());
});

test("lines and tabs stay where a text has several lines; carriage returns never do", () => {
  expect(makeVisible("a\n\tb\r\n", true)).toBe("a\n\tb\\r\n");
});

test("bytes that are no UTF-8 are shown one by one", () => {
  expect(decodeBytes(Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf0, 0x9f]))).toBe(
    "a\\xffé\\xc3(\\xed\\xa0\\x80\\xf0\\x9f",
  );
});

describe("random texts", () => {
  const dice = new Dice(7);
  const texts = [HOSTILE, ...Array.from({ length: TEXTS }, () => randomText(dice, dice.below(30)))];

  test("on a terminal hold nothing hidden but our own styles; a pipe gets them as they are", () => {
    for (const text of texts) {
      const styled = compose`${paint(text, "red")}: ${text}`;
      expect(findHidden(Buffer.from(render(styled, TERMINAL)))).toBe("");
      expect(render(styled, PIPE)).toBe(`${text}: ${text}`);
    }
  });

  test("cut, wrapped and in tables take no more columns than there are", () => {
    for (const text of texts) {
      for (const width of [1, 2, 9, 24]) {
        const cut = render(sliceToWidth(compose`${paint(text, "bold")}${text}`, width), TERMINAL);
        expect(findHidden(Buffer.from(cut))).toBe("");
        expect(Bun.stringWidth(cut)).toBeLessThanOrEqual(width);
      }
      for (const line of wrapToWidth(text, 24, { isHard: true })) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(24);
    }
    const columns = [{ title: "A", isFlexible: true }, { title: "B" }];
    const rows = texts.slice(0, 200).map((text) => [text, "b"]);
    const lines = formatTable(columns, rows, 60).map((line) => render(line, TERMINAL));
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(60);
    expect(findHidden(Buffer.from(lines.join("\n")))).toBe("");
  });
});

describe("a patch", () => {
  function paintAll(patch: Buffer, size: number): string {
    const painter = new PatchPainter();
    let shown = "";
    for (let from = 0; from < patch.length; from += size) {
      shown += render(painter.push(patch.subarray(from, from + size)), TERMINAL);
    }
    return shown + render(painter.finish(), TERMINAL);
  }

  const PATCH = [
    "diff --git a/a b/a",
    "--- a/a",
    "+++ b/a",
    "@@ -1,3 +1,2 @@ function\t\u001B[31m",
    " same\r",
    "--- a removed line that looks like a header",
    "-@@ -1,9 +1,9 @@",
    "+new \u202E line",
    "\\ No newline at end of file",
    "diff --git a/b b/b",
    "",
  ].join("\n");

  test("has the colours of git, by what a line is and not by what it looks like", () => {
    for (const size of [1, 7, 10_000]) {
      expect(paintAll(Buffer.from(PATCH), size)).toBe(
        [
          "\u001B[1mdiff --git a/a b/a\u001B[0m",
          "\u001B[1m--- a/a\u001B[0m",
          "\u001B[1m+++ b/a\u001B[0m",
          "\u001B[36m@@ -1,3 +1,2 @@\u001B[0m function\t\\x1b[31m",
          " same\\r",
          "\u001B[31m--- a removed line that looks like a header\u001B[0m",
          "\u001B[31m-@@ -1,9 +1,9 @@\u001B[0m",
          "\u001B[32m+new \\u202e line\u001B[0m",
          "\\ No newline at end of file",
          "\u001B[1mdiff --git a/b b/b\u001B[0m",
          "",
        ].join("\n"),
      );
    }
  });

  test("of any bytes, in pieces of any size, shows nothing hidden", () => {
    const dice = new Dice(11);
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(Array.from({ length: dice.below(400) }, () => dice.below(256)));
      const patch = Buffer.concat([Buffer.from(PATCH), bytes, Buffer.from(randomText(dice, 50))]);
      expect(findHidden(Buffer.from(paintAll(patch, 1 + dice.below(200))))).toBe("");
    }
  });

  test("with a line longer than what is kept in memory is shown whole, its characters unbroken", () => {
    const long = `+${"é名👍".repeat(60_000)}`;
    const shown = paintAll(Buffer.from(`@@ -0,0 +1 @@\n${long}\n`), 64 * 1024);
    expect(Bun.stripANSI(shown)).toBe(`@@ -0,0 +1 @@\n${long}\n`);
  });
});

test("a quoted text is one word for a shell, whatever it holds", () => {
  const texts = ["plain", "it's", "'; touch x; '", "$(id) `id` $HOME", String.raw`a\'b\\`, "a\nb *", "", "-rf", "''"];
  const { stdout } = Bun.spawnSync(["/bin/sh", "-c", `printf '%s\\0' ${texts.map(quoteForShell).join(" ")}`]);
  expect(stdout.toString().split("\0").slice(0, -1)).toEqual(texts);
});

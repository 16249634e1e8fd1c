import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { type FileLine, readLineWindow } from "#platform/files/line-window.ts";
import { runs } from "../support/property.ts";

const folder = mkdtempSync(join(tmpdir(), "window-"));
const path = join(folder, "log");
afterAll(() => rmSync(folder, { recursive: true }));

const contents = fc
  .array(
    fc.oneof(
      fc.constantFrom("", "a", "{}", "é👍🏽", "x".repeat(90)),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    ),
    { maxLength: 40 },
  )
  .chain((lines) => fc.boolean().map((isTorn) => Buffer.from(lines.join("\n") + (isTorn ? "" : "\n"), "latin1")));
const limits = fc.record({ lines: fc.integer({ min: 1, max: 6 }), bytes: fc.integer({ min: 1, max: 200 }) });

/** The complete lines of a file, by another way than the code's. */
function linesOf(content: Buffer): FileLine[] {
  const lines: FileLine[] = [];
  let start = 0;
  for (const [index, byte] of content.entries()) {
    if (byte !== 0x0a) continue;
    lines.push({
      text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(content.subarray(start, index)),
      start,
      end: index + 1,
    });
    start = index + 1;
  }
  return lines;
}

async function forwards(from: number, limit: { lines: number; bytes: number }): Promise<FileLine[]> {
  const lines: FileLine[] = [];
  for (let at = from; ;) {
    const window = await readLineWindow(path, { after: at }, limit);
    lines.push(...window.lines);
    if (window.end <= at) return lines;
    at = window.end;
  }
}

async function backwards(from: number, limit: { lines: number; bytes: number }): Promise<FileLine[]> {
  const lines: FileLine[] = [];
  for (let at = from; ;) {
    const window = await readLineWindow(path, { before: at }, limit);
    lines.unshift(...window.lines);
    if (window.start >= at || window.start === 0) return lines;
    at = window.start;
  }
}

test("consecutive windows have the lines of the whole, in both directions and from any offset", async () => {
  await fc.assert(
    fc.asyncProperty(contents, limits, fc.nat({ max: 3000 }), async (content, limit, offset) => {
      writeFileSync(path, content);
      const all = linesOf(content);
      expect(await forwards(0, limit)).toEqual(all);
      expect(await backwards(content.length, limit)).toEqual(all);
      expect(await forwards(offset, limit)).toEqual(all.filter(({ start }) => start >= offset));
      expect(await backwards(offset, limit)).toEqual(all.filter(({ end }) => end <= offset));
    }),
    runs(2),
  );
});

test("a window is bounded: by bytes and lines, or one line", async () => {
  await fc.assert(
    fc.asyncProperty(contents, limits, fc.nat({ max: 3000 }), fc.boolean(), async (content, limit, offset, isAfter) => {
      writeFileSync(path, content);
      const place = isAfter ? { after: offset } : { before: offset };
      const { lines, start, end } = await readLineWindow(path, place, limit);
      expect(lines.length).toBeLessThanOrEqual(limit.lines);
      if (lines.length !== 1) expect(end - start).toBeLessThanOrEqual(limit.bytes);
    }),
    runs(2),
  );
});

test("a line longer than the limit is named, not read, from both sides", async () => {
  const long = Buffer.alloc(17 * 1024 * 1024, "x");
  writeFileSync(path, Buffer.concat([Buffer.from("a\n"), long, Buffer.from("\nb\n")]));
  const expected = [
    { text: "a", start: 0, end: 2 },
    { text: undefined, start: 2, end: long.length + 3 },
    { text: "b", start: long.length + 3, end: long.length + 5 },
  ];
  const limit = { lines: 500, bytes: 256 * 1024 };
  expect(await forwards(0, limit)).toEqual(expected);
  expect(await backwards(long.length + 5, limit)).toEqual(expected);
});

test("a file that does not exist, and one that is not regular, have no lines", async () => {
  for (const name of [join(folder, "none"), folder, "/dev/zero"]) {
    expect(await readLineWindow(name, "end")).toEqual({ lines: [], start: 0, end: 0, size: 0 });
  }
});

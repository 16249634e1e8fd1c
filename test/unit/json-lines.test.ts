import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { LineReader, readLastLines, readLinesFrom, readTail } from "#platform/files/json-lines.ts";
import { runs, texts } from "../support/property.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync("/var/tmp/codexmcp-lines-");
  file = join(folder, "log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Texts with characters of several bytes, bytes that are no UTF-8, and many line ends. */
const contents = fc
  .array(
    fc.oneof(
      fc.constant(Buffer.from("\n")),
      texts.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 5 }),
    ),
  )
  .map((parts) => Buffer.concat(parts));

test("a growing file gives each line once, a torn one when it is whole", () => {
  const property = fc.property(contents, fc.array(fc.nat()), (bytes, cuts) => {
    rmSync(file, { force: true });
    const reader = new LineReader(file);
    expect([...reader.read()]).toEqual([]);
    const lines: string[] = [];
    const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
    for (const [index, end] of ends.entries()) {
      appendFileSync(file, bytes.subarray(ends[index - 1] ?? 0, end));
      lines.push(...reader.read());
      const whole = bytes.subarray(0, bytes.subarray(0, end).lastIndexOf("\n") + 1).toString();
      expect(lines).toEqual(whole.split("\n").slice(0, -1));
    }
    expect([...lines, reader.rest()]).toEqual(bytes.toString().split("\n"));
  });
  fc.assert(property, runs());
});

test("slices of any size, one after the other, give each line once", () => {
  const property = fc.property(contents, fc.integer({ min: 1, max: 60 }), fc.nat(), (bytes, maxBytes, first) => {
    writeFileSync(file, bytes);
    const from = first % (bytes.length + 1);
    const lines: string[] = [];
    let offset = from;
    for (let slice = readLinesFrom(file, offset, maxBytes); slice.nextOffset > offset;) {
      offset = slice.nextOffset;
      lines.push(...slice.lines);
      slice = readLinesFrom(file, offset, maxBytes);
    }
    const start = from === 0 ? 0 : bytes.indexOf("\n", from - 1) + 1;
    const isInLast = from > 0 && start === 0;
    expect(lines).toEqual(isInLast ? [] : bytes.subarray(start).toString().split("\n").slice(0, -1));
  });
  fc.assert(property, runs());
});

test("a file larger than a chunk", () => {
  const lines = Array.from({ length: 50_000 }, (_, index) => `line ${index}`);
  writeFileSync(file, `${lines.join("\n")}\n`);
  expect([...new LineReader(file).read()]).toEqual(lines);
});

test("a slice begins at a line and tells where the next one does", () => {
  writeFileSync(file, "one\ntwo\nthree\nfo");
  expect(readLinesFrom(file, 0, 100)).toEqual({ lines: ["one", "two", "three"], nextOffset: 14 });
  expect(readLinesFrom(file, 4, 100)).toEqual({ lines: ["two", "three"], nextOffset: 14 });
  expect(readLinesFrom(file, 5, 100)).toEqual({ lines: ["three"], nextOffset: 14 });
  expect(readLinesFrom(file, 14, 100)).toEqual({ lines: [], nextOffset: 14 });
  expect(readLinesFrom(file, 999, 100)).toEqual({ lines: [], nextOffset: 999 });
  expect(readLinesFrom(file, 0, 9)).toEqual({ lines: ["one", "two"], nextOffset: 8 });
  expect(readLinesFrom(file, 0, 2)).toEqual({ lines: ["one", "two"], nextOffset: 8 });
  expect(readLinesFrom(file, 8, 1)).toEqual({ lines: ["three"], nextOffset: 14 });
  expect(readLinesFrom(join(folder, "none"), 0, 9)).toEqual({ lines: [], nextOffset: 0 });
});

test("the last lines and the tail", () => {
  writeFileSync(file, "one\ntwo\nthree\n");
  expect(readLastLines(file, 7)).toEqual({ lines: ["three"], nextOffset: 14 });
  expect(readLastLines(file, 1000).lines).toEqual(["one", "two", "three"]);
  expect(readTail(file, 6)).toBe("three\n");
  expect(readTail(join(folder, "none"), 6)).toBe("");
});

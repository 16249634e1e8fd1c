import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LineReader, readLastLines, readLinesFrom, readTail } from "#platform/files/json-lines.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync("/var/tmp/codexmcp-lines-");
  file = join(folder, "log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a growing file gives each line once, a torn one when it is whole", () => {
  const reader = new LineReader(file);
  expect([...reader.read()]).toEqual([]);
  writeFileSync(file, "one\ntw");
  expect([...reader.read()]).toEqual(["one"]);
  appendFileSync(file, "o\n\nthree");
  expect([...reader.read()]).toEqual(["two", ""]);
  expect([...reader.read()]).toEqual([]);
  expect(reader.rest()).toBe("three");
});

test("a character that is cut in two between reads, and bytes that are no UTF-8", () => {
  const reader = new LineReader(file);
  const bytes = Buffer.from("é\n");
  writeFileSync(file, bytes.subarray(0, 1));
  expect([...reader.read()]).toEqual([]);
  appendFileSync(file, bytes.subarray(1));
  appendFileSync(file, Buffer.from([0xff, 0x0a]));
  expect([...reader.read()]).toEqual(["é", "\uFFFD"]);
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

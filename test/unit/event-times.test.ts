import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventTimes, readEventTimes } from "#tasks/follow/event-times.ts";

const folder = mkdtempSync(join(tmpdir(), "times-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name, "codex-exec.times");
const log = (name: string) => {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name, "codex-exec.log");
};

test("a line has the time at which the log had grown past it", () => {
  const path = log("plain");
  writeFileSync(file("plain"), "100 1000\n250 2000\n300 3000\n");
  const timeAt = readEventTimes(path);
  expect([50, 100, 101, 250, 299, 300, 301].map((offset) => timeAt(offset)?.getTime())).toEqual([
    1000,
    1000,
    2000,
    2000,
    3000,
    3000,
    undefined,
  ]);
});

test("growth alone is recorded", () => {
  const path = log("growth");
  const times = new EventTimes(path);
  for (const bytes of [0, 10, 10, 5, 20]) times.record(bytes);
  times.close();
  expect(readFileSync(file("growth"), "utf8")).toMatch(/^10 \d+\n20 \d+\n$/);
  expect(readEventTimes(path)(15)).toBeInstanceOf(Date);
});

test("a pipe or a link in place of the file blocks nothing and is not followed", () => {
  const piped = log("pipe");
  Bun.spawnSync(["mkfifo", file("pipe")]);
  const linked = log("link");
  writeFileSync(join(folder, "victim"), "");
  symlinkSync(join(folder, "victim"), file("link"));
  for (const path of [piped, linked]) {
    const times = new EventTimes(path);
    times.record(10);
    times.close();
  }
  expect(readFileSync(join(folder, "victim"), "utf8")).toBe("");
});

test("a damaged file gives no times", () => {
  const path = log("damaged");
  writeFileSync(file("damaged"), "x\n\n-5\n100\n200 NaN\n300 9e99\n");
  const timeAt = readEventTimes(path);
  for (const offset of [1, 100, 150, 250, 400]) expect(timeAt(offset)).toBeUndefined();
});

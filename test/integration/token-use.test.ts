// The tokens of runs by day, in the index.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import * as fc from "fast-check";
import { ownUsage } from "#codex/run/run-state.ts";
import { countTokens, laterUsage, type Usage } from "#domain/usage.ts";
import { localDay } from "#platform/clock.ts";
import { openStore, type Store } from "#store/store.ts";
import { countTokensOfDay, detachTokenUse, forgetOldTokenUse, recordTokenUse } from "#store/token-use.ts";
import { runs } from "../support/property.ts";
import { Scratch } from "../support/scratch.ts";

const PROJECT = join(import.meta.dir, "..", "..");

let scratch: Scratch;
let home: string;
let store: Store;

beforeEach(() => {
  scratch = new Scratch();
  home = join(scratch.root, "state");
  store = openStore(home, (cwd) => cwd);
});
afterEach(() => scratch.close());

const START = new Date(2026, 2, 1, 23, 59).toISOString();
const run = (task_id = "codex-a-v1", number = 1, start_time = START) => ({ task_id, run: number, start_time });
const usage = (input_tokens: number, output_tokens: number, cached_input_tokens = 0): Usage => ({
  input_tokens,
  cached_input_tokens,
  output_tokens,
  reasoning_output_tokens: 0,
});

test("what was not cached counts, and output; of runs on one day the sum", () => {
  recordTokenUse(store, run("codex-a-v1"), usage(1000, 20, 900), "2026-03-01");
  recordTokenUse(store, run("codex-a-v1", 2), usage(10, 1), "2026-03-01");
  recordTokenUse(store, run("codex-b-v1"), usage(100, 5), "2026-03-01");
  expect(countTokensOfDay(store, "2026-03-01")).toBe(120 + 11 + 105);
  expect(countTokensOfDay(store, "2026-03-02")).toBe(0);
});

test("of a run over midnight, each day has what was used on it, whoever records it again", () => {
  recordTokenUse(store, run(), usage(100, 20), "2026-03-01");
  recordTokenUse(store, run(), usage(150, 30), "2026-03-02");
  recordTokenUse(store, run(), usage(400, 60), "2026-03-03");
  recordTokenUse(store, run(), usage(400, 60), "2026-03-03");
  const days = ["2026-03-01", "2026-03-02", "2026-03-03"].map((day) => countTokensOfDay(store, day));
  expect(days).toEqual([120, 60, 280]);
});

test("an older count, recorded late by another process, changes nothing", () => {
  recordTokenUse(store, run(), usage(400, 60), "2026-03-01");
  recordTokenUse(store, run(), usage(300, 40), "2026-03-01");
  expect(countTokensOfDay(store, "2026-03-01")).toBe(460);
});

test("counts that are no numbers of tokens are stored as some", () => {
  recordTokenUse(store, run(), usage(Number.NaN, -5), "2026-03-01");
  recordTokenUse(store, run("codex-b-v1"), usage(1e300, 0.4), "2026-03-01");
  expect(countTokensOfDay(store, "2026-03-01")).toBe(Number.MAX_SAFE_INTEGER);
});

test("a forgotten task's tokens still count, and a new task of its id adds its own", () => {
  recordTokenUse(store, run(), usage(100, 20), "2026-03-01");
  detachTokenUse(store, "codex-a-v1");
  recordTokenUse(store, run(), usage(10, 2), "2026-03-01");
  expect(countTokensOfDay(store, "2026-03-01")).toBe(132);
});

test("days long past are forgotten", () => {
  const today = new Date(2027, 5, 1, 12);
  const ago = (days: number) => localDay(new Date(2027, 5, 1 - days));
  for (const days of [0, 399, 402, 1000]) recordTokenUse(store, run(`codex-${days}-v1`), usage(1, 0), ago(days));
  forgetOldTokenUse(store, today);
  expect([0, 399, 402, 1000].map((days) => countTokensOfDay(store, ago(days)))).toEqual([1, 1, 0, 0]);
});

const counts = fc.nat({ max: 2 ** 40 });
const usages = fc.record({
  input_tokens: counts,
  cached_input_tokens: counts,
  output_tokens: counts,
  reasoning_output_tokens: counts,
});
const sum = (a: Usage, b: Usage): Usage => ({
  input_tokens: a.input_tokens + b.input_tokens,
  cached_input_tokens: a.cached_input_tokens + b.cached_input_tokens,
  output_tokens: a.output_tokens + b.output_tokens,
  reasoning_output_tokens: a.reasoning_output_tokens + b.reasoning_output_tokens,
});
/** Counts as Codex reports them: what was cached is a part of the input. */
const realUsages = usages.map((each) => ({ ...each, input_tokens: each.input_tokens + each.cached_input_tokens }));

test("a run's own tokens are those of the session after it without those before, and only grow", () => {
  const property = fc.property(realUsages, fc.array(realUsages, { maxLength: 8 }), (before, answers) => {
    let session = before;
    let counted = 0;
    for (const answer of answers) {
      session = sum(session, answer);
      counted += answer.input_tokens - answer.cached_input_tokens + answer.output_tokens;
      expect(countTokens(ownUsage(session, before))).toBe(counted);
      expect(laterUsage(before, session)).toEqual(session);
      expect(laterUsage(session, before)).toEqual(session);
    }
  });
  fc.assert(property, runs());
});

test("no counts make a number of tokens below 0, or one that is no number", () => {
  const property = fc.property(usages, fc.option(usages, { nil: undefined }), (session, before) => {
    const counted = countTokens(ownUsage(session, before));
    expect(Number.isSafeInteger(counted) && counted >= 0).toBe(true);
  });
  fc.assert(property, runs());
});

test("whenever and in whatever order counts of runs are recorded, the days add up to the last of each", () => {
  const days = ["2026-03-01", "2026-03-02", "2026-03-03"];
  const record = fc.record({
    run: fc.constantFrom(1, 2, 3),
    answer: realUsages,
    day: fc.nat({ max: 2 }),
    isAgain: fc.boolean(),
  });
  const property = fc.property(fc.array(record, { maxLength: 12 }), (records) => {
    store.writable.run("DELETE FROM token_use");
    const last = new Map<number, Usage>();
    for (const { run: number, answer, day, isAgain } of records.toSorted((a, b) => a.day - b.day)) {
      const now = sum(last.get(number) ?? usage(0, 0), answer);
      last.set(number, now);
      recordTokenUse(store, run("codex-a-v1", number), now, days[day]);
      if (isAgain) recordTokenUse(store, run("codex-a-v1", number), now, days[day]);
    }
    const total = days.reduce((before, day) => before + countTokensOfDay(store, day), 0);
    expect(total).toBe([...last.values()].reduce((before, each) => before + countTokens(each), 0));
  });
  fc.assert(property, { ...runs(), numRuns: 60 });
});

test("processes that record at once lose nothing", async () => {
  const script = `
    import { openStore } from "#store/store.ts";
    import { recordTokenUse } from "#store/token-use.ts";
    const store = openStore(${JSON.stringify(home)}, (cwd) => cwd);
    const name = process.argv.at(-1);
    for (let n = 1; n <= 50; n++) {
      const usage = { input_tokens: n, cached_input_tokens: 0, output_tokens: n, reasoning_output_tokens: 0 };
      recordTokenUse(store, { task_id: name, run: 1, start_time: ${JSON.stringify(START)} }, usage, "2026-03-01");
    }`;
  const start = (name: string) =>
    Bun.spawn([process.execPath, "-e", script, name], { cwd: PROJECT, stdio: ["ignore", "ignore", "inherit"] });
  const processes = ["a", "b", "c"].map(start);
  expect(await Promise.all(processes.map(({ exited }) => exited))).toEqual([0, 0, 0]);
  expect(countTokensOfDay(store, "2026-03-01")).toBe(300);
});

// The tokens of a session, from Codex's own record of it.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { readSessionTokens, readSessionTotal } from "#codex/run/session-tokens.ts";
import type { Usage } from "#domain/usage.ts";
import { runs } from "../support/property.ts";
import { Scratch } from "../support/scratch.ts";

const SESSION = "01a21f81-5dc2-72a3-9d63-7d9faeb480af";
const START = Date.UTC(2026, 0, 1);

let scratch: Scratch;
let file: string;
beforeAll(() => {
  scratch = new Scratch();
  file = join(scratch.root, "sessions", "2026", "01", "01", `rollout-x-${SESSION}.jsonl`);
  mkdirSync(dirname(file), { recursive: true });
});
afterAll(() => scratch.close());

const usage = (input_tokens: number): Usage => ({
  input_tokens,
  cached_input_tokens: 0,
  output_tokens: 0,
  reasoning_output_tokens: 0,
});
const timeAt = (second: number) => new Date(START + second * 1000).toISOString();
const total = (second: number, tokens: number) =>
  JSON.stringify({
    timestamp: timeAt(second),
    type: "event_msg",
    payload: { type: "token_count", info: { total_token_usage: usage(tokens) } },
  });
const answer = (second: number, tokens: number, all: number, thread_id = SESSION) =>
  JSON.stringify({
    timestamp: timeAt(second),
    type: "token_usage_record",
    payload: { thread_id, usage: usage(tokens), thread_token_usage: usage(all) },
  });

/** Writes the record of a session. @returns the tokens after each answer that counts from a second on */
function read(lines: readonly string[], second = 0): number[] {
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  return readSessionTokens([scratch.root], SESSION, START + second * 1000).map((each) => each.usage.input_tokens);
}
const readTotal = () => readSessionTotal([scratch.root], SESSION)?.input_tokens;

test("an answer counts when it has come, and once", () => {
  expect(read([answer(1, 100, 100), total(2, 100), answer(3, 50, 150), total(4, 150)])).toEqual([100, 100, 150, 150]);
  expect(readTotal()).toBe(150);
});

test("an answer that is written after a total with it counts once", () => {
  expect(read([total(2, 100), answer(3, 100, 100)])).toEqual([100]);
});

test("answers after the last total are added to it; Codex continues from the total", () => {
  expect(read([total(2, 100), answer(3, 50, 150), answer(4, 25, 175)]).at(-1)).toBe(175);
  expect(readTotal()).toBe(100);
});

test("an answer of an earlier run that is in no total does not count for this run", () => {
  const lines = [total(2, 100), answer(3, 50, 150), answer(10, 30, 180), total(11, 130)];
  expect(read(lines, 9)).toEqual([100, 130, 130]);
});

test("without a total, the session's own sum is taken; there is none to continue from", () => {
  expect(read([answer(1, 100, 700)])).toEqual([700]);
  expect(readTotal()).toBeUndefined();
});

test("the answers of other threads do not count, and what quotes such lines does not", () => {
  const quoting = JSON.stringify({ timestamp: timeAt(1), type: "response_item", payload: { output: answer(1, 9, 9) } });
  expect(read([total(1, 10), answer(2, 5, 15, "01a21f81-0000-72a3-9d63-7d9faeb480af"), quoting])).toEqual([10]);
});

test("earlier versions have totals only; none of a session without a record", () => {
  const empty = JSON.stringify({ type: "event_msg", payload: { type: "token_count", info: null } });
  expect(read([empty, total(1, 10), total(2, 20)])).toEqual([10, 20]);
  expect(readSessionTokens([scratch.root], "01a21f81-1111-72a3-9d63-7d9faeb480af", 0)).toEqual([]);
  expect(readSessionTokens([join(scratch.root, "none")], "../../etc", 0)).toEqual([]);
});

test("whatever the lines are, nothing is thrown, and every count is a number", () => {
  const lines = fc.oneof(
    fc.json(),
    fc.jsonValue().map((payload) => JSON.stringify({ type: "token_usage_record", payload })),
    fc.jsonValue().map((info) => JSON.stringify({ type: "event_msg", payload: { type: "token_count", info } })),
    fc.tuple(fc.nat(60), fc.nat(1e6), fc.nat(1e9)).map(([second, own, all]) => answer(second, own, all)),
    fc.tuple(fc.nat(60), fc.nat(1e9)).map(([second, all]) => total(second, all)),
  );
  const property = fc.property(fc.array(lines, { maxLength: 8 }), fc.nat(60), (list, second) => {
    expect(read(list, second).every(Number.isFinite)).toBe(true);
  });
  fc.assert(property, runs());
});

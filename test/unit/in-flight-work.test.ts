import { expect, test } from "bun:test";
import { InFlightWork } from "#tasks/budget/in-flight-work.ts";

test("a command is in the background when the tokens of two more answers have been counted", () => {
  const work = new InFlightWork();
  work.countAnswer(1);
  work.update(["a"], 10);
  expect(work.isBusy).toBe(true);
  work.countAnswer(11);
  work.update(["a", "b"], 12);
  expect(work.isBusy).toBe(true);
  work.countAnswer(20);
  expect(work.isBusy).toBe(true);
  work.update(["a"], 21);
  expect(work.isBusy).toBe(false);
  work.update(["c"], 22);
  expect(work.isBusy).toBe(true);
  work.update([], 23);
  expect(work.isBusy).toBe(false);
});

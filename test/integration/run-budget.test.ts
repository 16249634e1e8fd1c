// When a run whose tokens are used is stopped, with a clock of the test's own.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Environment, readConfig } from "#base/config.ts";
import type { Failure } from "#base/errors.ts";
import type { CodexEvent } from "#codex/run/event.ts";
import { applyEvent, NO_EVENTS } from "#codex/run/run-state.ts";
import type { EndedTurn } from "#domain/follow-up.ts";
import type { RunningTask } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";
import { Inbox } from "#store/tasks/inbox.ts";
import { RunFollowUps } from "#tasks/supervise/turns/follow-ups.ts";
import { RunMessages } from "#tasks/supervise/turns/run-messages.ts";
import { openStore } from "#store/store.ts";
import { countTokensOfDay, recordTokenUse } from "#store/token-use.ts";
import { RunBudget } from "#tasks/budget/run-budget.ts";
import type { AppContext } from "#tasks/context.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
let seconds: number;
beforeEach(() => {
  scratch = new Scratch();
  seconds = 0;
});
afterEach(() => scratch.close());

const TASK = {
  task_id: "codex-a-v1",
  run: 1,
  status: "running",
  engine: "app-server",
  start_time: new Date().toISOString(),
} as RunningTask;

function open(task: Partial<RunningTask>, environment: Environment = {}) {
  const home = join(scratch.root, "state");
  const config = readConfig({ CODEXMCP_HOME: home, HOME: scratch.root, ...environment });
  const context: AppContext = { config, store: openStore(home, (cwd) => cwd) };
  const { promise: requested, resolve } = Promise.withResolvers<Failure>();
  let reason: Failure | undefined;
  const request = (failure: Failure) => {
    reason ??= failure;
    resolve(failure);
  };
  const stop = { requested, request, signal: new AbortController().signal };
  const budget = new RunBudget(context, { ...TASK, ...task }, stop, () => seconds * 1000);
  let state = NO_EVENTS;
  return {
    context,
    budget,
    /** Takes events that come together. */
    see: (...events: CodexEvent[]) => {
      state = events.reduce(applyEvent, state);
      budget.follow(state);
    },
    wait: (more: number) => {
      seconds += more;
      budget.check();
    },
    stopped: () => reason,
  };
}

const TURN: CodexEvent = { type: "turn.started" };
const DONE: CodexEvent = { type: "turn.completed", usage: undefined };
const say = (text: string): CodexEvent => ({ type: "item.completed", item: { type: "agent_message", text } });
const command = (type: "item.started" | "item.completed", id: string): CodexEvent => ({
  type,
  item: { type: "command_execution", id, command: "x", aggregated_output: "", exit_code: 0, status: "" },
});
const begin = (id: string) => command("item.started", id);
const end = (id: string) => command("item.completed", id);
const tokens = (input_tokens: number): CodexEvent => ({
  type: "usage.updated",
  usage: { input_tokens, cached_input_tokens: 0, output_tokens: 0, reasoning_output_tokens: 0 },
});

describe("a run is stopped", () => {
  test("at once when its tokens are counted after its command has ended", () => {
    const { see, stopped } = open({ max_tokens: 100 });
    see(TURN, begin("a"), end("a"), tokens(99));
    expect(stopped()).toBeUndefined();
    see(begin("b"), end("b"), tokens(100));
    expect(stopped()).toMatchObject({ code: "budget", message: "The run used 100 of its 100 tokens (max_tokens)." });
  });

  test("when its command has ended, if they are counted before", () => {
    const { see, wait, stopped } = open({ max_tokens: 100 });
    see(TURN, begin("a"), begin("b"), tokens(5230));
    wait(3600);
    see(end("a"));
    wait(3600);
    expect(stopped()).toBeUndefined();
    see(end("b"));
    expect(stopped()).toMatchObject({ message: "The run used 5,230 of its 100 tokens (max_tokens)." });
  });

  test("after a moment if nothing that has events is at work", () => {
    const { see, wait, stopped } = open({ max_tokens: 100 });
    see(TURN, say("Plan."), tokens(200));
    wait(0.5);
    expect(stopped()).toBeUndefined();
    wait(0.6);
    expect(stopped()).toBeDefined();
  });

  test("even if answers without such work go on and on", () => {
    const { see, wait, stopped } = open({ max_tokens: 100 });
    see(TURN, tokens(200));
    for (let answer = 1; answer <= 4; answer++) {
      wait(0.8);
      see(say(`Step ${answer}.`), tokens(200 + answer));
    }
    expect(stopped()).toBeDefined();
  });

  test("when its command has ended, although Codex's record had its tokens before the events", () => {
    const { see, wait, stopped } = open({ max_tokens: 100 });
    see(TURN, begin("a"), tokens(200));
    wait(5);
    see(end("a"), tokens(200));
    expect(stopped()).toBeDefined();
  });

  test("between two turns of its goal, but not when the goal is reached", () => {
    for (const status of ["active", "complete"]) {
      const { see, wait, stopped } = open({ max_tokens: 100, goal: { objective: "x" } });
      see(TURN, { type: "goal.updated", status, tokens_used: 1 }, say("A step."), tokens(200), DONE);
      wait(10);
      expect(stopped()?.code).toBe(status === "active" ? "budget" : undefined);
    }
  });

  test("when the day's tokens are used by others, and not any more when there are enough again", () => {
    const { context, see, wait, stopped } = open({}, { CODEXMCP_TOKENS_PER_DAY: "1000" });
    see(TURN, begin("a"), tokens(10));
    wait(3);
    const usage = { input_tokens: 990, cached_input_tokens: 0, output_tokens: 0, reasoning_output_tokens: 0 };
    recordTokenUse(context.store, { ...TASK, task_id: "codex-b-v1" }, usage);
    wait(3);
    expect(stopped()).toBeUndefined();
    // The day ends while the command is at work.
    context.store.writable.run("UPDATE token_use SET day = '2001-01-01'");
    wait(3);
    see(end("a"));
    wait(3);
    expect(stopped()).toBeUndefined();
    recordTokenUse(context.store, { ...TASK, task_id: "codex-c-v1" }, { ...usage, input_tokens: 1000 });
    wait(3);
    wait(3);
    expect(stopped()).toMatchObject({ code: "budget" });
  });
});

describe("a run is not stopped", () => {
  test("if its turn ends by itself", () => {
    const { see, wait, stopped } = open({ max_tokens: 100 });
    see(TURN, begin("a"), end("a"), say("Done."), tokens(200));
    wait(0.5);
    see(DONE);
    wait(100);
    expect(stopped()).toBeUndefined();
  });

  test("while the check of its work runs", () => {
    const { see, wait, stopped } = open({ max_tokens: 100 });
    see(TURN, say("Done."), tokens(200), DONE, { type: "check.started", command: "x", attempt: 1 });
    wait(100);
    expect(stopped()).toBeUndefined();
  });

  test("without a limit", () => {
    const { see, wait, stopped } = open({});
    see(TURN, begin("a"), end("a"), tokens(1e12));
    wait(100);
    expect(stopped()).toBeUndefined();
  });
});

test("the index has the tokens at the beginning, then at intervals, and at the end", () => {
  const { context, budget, see, wait } = open({});
  const counted = () => countTokensOfDay(context.store);
  see(TURN, tokens(10));
  expect(counted()).toBe(10);
  see(tokens(20));
  wait(5);
  expect(counted()).toBe(10);
  wait(6);
  expect(counted()).toBe(20);
  see(tokens(30));
  budget.close();
  expect(counted()).toBe(30);
});

test("what a resumed session had used before does not count", () => {
  const before = { input_tokens: 1000, cached_input_tokens: 0, output_tokens: 0, reasoning_output_tokens: 0 };
  const { context, see, stopped } = open({ max_tokens: 100, usage_before: before });
  see(tokens(1000), TURN, begin("a"), end("a"), tokens(1099));
  expect(stopped()).toBeUndefined();
  expect(countTokensOfDay(context.store)).toBe(99);
  see(begin("b"), end("b"), tokens(1100));
  expect(stopped()).toMatchObject({ message: "The run used 100 of its 100 tokens (max_tokens)." });
});

test("a full disk or a broken index does not end the run", () => {
  const { context, see, wait, stopped } = open({ max_tokens: 100 }, { CODEXMCP_TOKENS_PER_DAY: "1000" });
  context.store.writable.run("DROP TABLE token_use");
  see(TURN, begin("a"), tokens(50));
  wait(10);
  expect(stopped()).toBeUndefined();
  see(end("a"), begin("b"), end("b"), tokens(150));
  expect(stopped()).toBeDefined();
});

test("when the tokens are used, the sources of further turns are asked, and none is started", async () => {
  const { context } = open({});
  const inbox = new Inbox(taskPaths(context.config.home, TASK.task_id));
  const asked: EndedTurn[] = [];
  const next = async (turn: EndedTurn) => {
    asked.push(turn);
    return { id: "a", text: "Repair it." };
  };
  let isUsed = false;
  const followUps = new RunFollowUps({
    messages: new RunMessages(inbox),
    others: [{ next, started: () => undefined }],
    isOver: () => isUsed,
  });
  const turn = { isCompleted: true, lastMessage: "Done." };
  expect(await followUps.next(turn)).toEqual({ id: "a", text: "Repair it." });
  isUsed = true;
  expect(await followUps.next(turn)).toBeUndefined();
  expect(asked).toEqual([turn, { ...turn, isLast: true }]);
});

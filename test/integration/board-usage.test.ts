// The board's timeline and usage, from a store of generated records.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "#base/config.ts";
import type { Timeline, UsageReport } from "#board/api/usage.ts";
import type { BoardContext } from "#board/server/route.ts";
import { USAGE_ROUTES } from "#board/usage/usage-routes.ts";
import { localDay } from "#platform/clock.ts";
import type { Store } from "#store/store.ts";
import { taskPaths } from "#store/store-paths.ts";
import { formatMeta } from "#store/tasks/meta-file.ts";
import { offerAnswer, writeQuestionFile } from "#store/tasks/questions.ts";
import { detachTokenUse, listTokenUse, recordTokenUse } from "#store/token-use.ts";
import { addPastRuns, type PastRun, recordOf, storeAt, variedRuns } from "../support/past-runs.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
let store: Store;
let context: BoardContext;

beforeEach(() => {
  scratch = new Scratch();
  const home = join(scratch.root, "state");
  store = storeAt(home);
  const info = { version: "1", host: "here", home, is_read_only: true, max_running: 1 };
  context = { app: { config: { ...readConfig({}), home }, store }, info, temporary: scratch.root };
});
afterEach(() => scratch.close());

async function ask<T>(path: string): Promise<T> {
  const url = new URL(path, "http://127.0.0.1");
  const route = USAGE_ROUTES.find((each) => each.path === url.pathname);
  const answer = await route?.handle(context, { request: new Request(url.href), url, params: {} });
  return (await answer?.json()) as T;
}

const HOUR = 3_600_000;
const NOON = new Date(2026, 5, 15, 12).getTime();

const askTimeline = async (from: number, to: number) =>
  ask<Timeline>(`/api/timeline?from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`);

/** Writes the record of an earlier run to where the next run has moved it. */
function writeEarlier(past: PastRun): void {
  const folder = join(taskPaths(context.app.config.home, past.task_id).runs, String(past.run));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "meta.json"), formatMeta(recordOf(context.app.config.home, past)));
}

describe("the timeline", () => {
  test("has the runs that lie between its times in part, with their time in the queue", async () => {
    addPastRuns(store, [
      { task_id: "codex-before-v1", queuedAt: NOON - 3 * HOUR, endedAt: NOON - 2 * HOUR },
      { task_id: "codex-into-v1", queuedAt: NOON - 2 * HOUR, startedAt: NOON - 1.5 * HOUR, endedAt: NOON },
      { task_id: "codex-running-v1", queuedAt: NOON, status: "running", topic: "review-all-v3", title: "Look" },
      { task_id: "codex-queued-v1", queuedAt: NOON + 1, status: "queued" },
      { task_id: "codex-after-v1", queuedAt: NOON + 2 * HOUR },
    ]);
    const { runs, left_out } = await askTimeline(NOON - HOUR, NOON + HOUR);
    expect(left_out).toBe(0);
    expect(runs.map(({ id, status }) => [id, status])).toEqual([
      ["codex-queued-v1", "queued"],
      ["codex-running-v1", "running"],
      ["codex-into-v1", "completed"],
    ]);
    const [queued, running, into] = runs;
    expect([queued?.started_at, queued?.ended_at, running?.ended_at]).toEqual([undefined, undefined, undefined]);
    expect(running).toMatchObject({ work: "review-all", title: "Look", repository: "/code/project", host: "here" });
    expect(into).toMatchObject({
      queued_at: new Date(NOON - 2 * HOUR).toISOString(),
      started_at: new Date(NOON - 1.5 * HOUR).toISOString(),
    });
  });

  test("has earlier runs of a task, as far as they can be read", async () => {
    const task = { task_id: "codex-implement-a-v1", topic: "implement-a-v1" };
    addPastRuns(store, [{ ...task, run: 4, queuedAt: NOON }]);
    writeEarlier({ ...task, run: 3, queuedAt: NOON - HOUR, status: "failed", title: "Third" });
    writeEarlier({ ...task, run: 1, queuedAt: NOON - 48 * HOUR });
    mkdirSync(join(taskPaths(context.app.config.home, task.task_id).runs, "2"), { recursive: true });
    const { runs } = await askTimeline(NOON - 24 * HOUR, NOON + HOUR);
    expect(runs.map(({ run, status }) => [run, status])).toEqual([
      [4, "completed"],
      [3, "failed"],
    ]);
    expect(runs[1]?.title).toBe("Third");
  });

  test("marks messages, questions and answers", async () => {
    const home = context.app.config.home;
    addPastRuns(store, [
      {
        task_id: "codex-a-v1",
        queuedAt: NOON,
        endedAt: NOON + HOUR,
        messages: [{ at: NOON + 2000, text: "x".repeat(400) }],
      },
    ]);
    const paths = taskPaths(home, "codex-a-v1");
    mkdirSync(paths.live, { recursive: true });
    const at = (ms: number) => new Date(NOON + ms).toISOString();
    const question = { id: "q1-7", kind: "command", text: "Run it?", decisions: ["accept"], command: "ls" } as const;
    writeQuestionFile(paths, { ...question, decisions: ["accept"], asked_at: at(1000), expires_at: at(HOUR) });
    offerAnswer(paths, "q1-7", { key: "k", decision: "accept", by: "me", at: at(3000) });
    writeFileSync(join(paths.questions, "q1-8.json"), "not JSON");
    const { runs } = await askTimeline(NOON, NOON + HOUR);
    expect(
      runs[0]?.marks.map(({ kind, at: time, text }) => [kind, time, text.length < 250 && text.slice(0, 14)]),
    ).toEqual([
      ["question", at(1000), "Run it?: ls"],
      ["message", at(2000), "xxxxxxxxxxxxxx"],
      ["answer", at(3000), "accept by me"],
    ]);
  });

  test("has at most 2,000 runs, and says how many are left out", async () => {
    addPastRuns(store, variedRuns(2300, 100 * HOUR, NOON));
    const { runs, left_out } = await askTimeline(NOON - 100 * HOUR, NOON);
    const { runs: all } = await askTimeline(NOON - 50 * HOUR, NOON);
    expect(runs.length + left_out).toBe(2300);
    expect([runs.length, left_out]).toEqual([2000, 300]);
    expect(all.length).toBeLessThan(2000);
  });

  test("refuses times that are none", async () => {
    for (const query of ["from=x", "to=yesterday%00", "from=2026-01-02&to=2026-01-01"]) {
      expect(ask(`/api/timeline?${query}`)).rejects.toMatchObject({ code: "invalid_argument" });
    }
    expect((await ask<Timeline>("/api/timeline")).runs).toEqual([]);
  });
});

describe("the usage", () => {
  test("has tokens by the day of their use, and time by the day of the end, by repository, model and outcome", async () => {
    const now = Date.now();
    const [today, yesterday] = [localDay(new Date(now)), localDay(new Date(now - 24 * HOUR))];
    const usage = { input_tokens: 100, cached_input_tokens: 40, output_tokens: 10 };
    addPastRuns(store, [
      { task_id: "codex-a-v1", queuedAt: now - 26 * HOUR, endedAt: now - 24 * HOUR, model: "gpt-5", usage },
      { task_id: "codex-b-v1", queuedAt: now - 26 * HOUR, endedAt: now - 24 * HOUR, model: "gpt-5", usage },
      { task_id: "codex-c-v1", queuedAt: now - 25 * HOUR, endedAt: now - 24 * HOUR, status: "cancelled", usage },
      { task_id: "codex-d-v1", queuedAt: now - 2000, status: "running", repository: "/code/d", usage },
    ]);
    const { rows, first_day, last_day } = await ask<UsageReport>("/api/usage?days=7");
    expect([first_day, last_day]).toEqual([localDay(new Date(now - 6 * 24 * HOUR)), today]);
    const facts = rows.map(({ day, repository, model, outcome, runs, input_tokens }) => [
      day,
      repository,
      model,
      outcome,
      runs,
      input_tokens,
    ]);
    expect(facts).toEqual([
      [yesterday, "/code/project", "default", "cancelled", 1, 100],
      [yesterday, "/code/project", "gpt-5", "completed", 2, 200],
      [today, "/code/d", "default", "running", 1, 100],
    ]);
    expect(rows[1]?.seconds).toBe(4 * 3600);
    expect(rows[2]?.seconds).toBeGreaterThan(1);
  });

  test("keeps the tokens of tasks that were removed, and of earlier runs", async () => {
    const now = Date.now();
    const task = { task_id: "codex-implement-a-v1", topic: "implement-a-v1" };
    const usage = { input_tokens: 7, cached_input_tokens: 0, output_tokens: 0, reasoning_output_tokens: 0 };
    const earlier = {
      ...task,
      run: 1,
      queuedAt: now - 2 * HOUR,
      endedAt: now - HOUR,
      model: "old",
      status: "failed",
    } as const;
    for (const run of [
      { ...task, run: 1, queuedAt: now - 2 * HOUR },
      { task_id: "codex-gone-v1", queuedAt: now - HOUR },
    ]) {
      recordTokenUse(store, { ...run, run: 1, start_time: new Date(run.queuedAt).toISOString() }, usage);
    }
    detachTokenUse(store, "codex-gone-v1");
    addPastRuns(store, [{ ...task, run: 2, queuedAt: now - 1000, endedAt: now, usage: { input_tokens: 5 } }]);
    writeEarlier(earlier);
    const { rows } = await ask<UsageReport>("/api/usage?days=7");
    const facts = rows.map(({ model, outcome, repository, input_tokens }) => [
      repository,
      model,
      outcome,
      input_tokens,
    ]);
    expect(facts).toContainEqual(["removed", "removed", "removed", 7]);
    expect(facts).toContainEqual(["/code/project", "old", "failed", 7]);
    expect(facts).toContainEqual(["/code/project", "default", "completed", 5]);
    expect(listTokenUse(store, localDay(new Date(now + 48 * HOUR)))).toEqual([]);
  });

  test("refuses a number of days that is none", async () => {
    for (const days of ["0", "367", "-1", "1e2", "x", "30.5"]) {
      expect(ask(`/api/usage?days=${days}`)).rejects.toMatchObject({ code: "invalid_argument" });
    }
    expect((await ask<UsageReport>("/api/usage")).days).toBe(30);
  });
});

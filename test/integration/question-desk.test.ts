import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import type { QuestionContent } from "#domain/question.ts";
import { openQuestions, type QueuedTask, type RunningTask, visibleStatus } from "#domain/record.ts";
import { endTask, markRunning, recordSession } from "#store/tasks/change-task.ts";
import { claimTask, findTask } from "#store/tasks/claim-task.ts";
import { countTasks, queryTasks } from "#store/tasks/list-tasks.ts";
import { offerAnswer, readAnswerFile, recordQuestions, type StoredAnswer } from "#store/tasks/questions.ts";
import { openStore, type Store } from "#store/store.ts";
import { taskPaths } from "#store/store-paths.ts";
import { toEndedTask } from "#tasks/supervise/finish/end-record.ts";
import { TaskQuestions } from "#tasks/supervise/turns/question-desk.ts";
import { Scratch } from "../support/scratch.ts";

const HOUR_MS = 3_600_000;
const TASK = "codex-t-v1";

let scratch: Scratch;
let store: Store;
let task: RunningTask;
/** Time of day. */
let now: number;
const desks: TaskQuestions[] = [];

beforeEach(() => {
  scratch = new Scratch();
  const home = join(scratch.root, "state");
  store = openStore(home, () => "w");
  now = Date.UTC(2026, 0, 1);
  const { prompt: prompt_file, log: log_file } = taskPaths(home, TASK);
  const build = (task_id: string, run: number): QueuedTask => ({
    task_id,
    run,
    status: "queued",
    topic: "t-v1",
    mode: "dispatch",
    sandbox: "workspace-write",
    approvals: "ask",
    cwd: "/p",
    workspace: "w",
    run_dir: "/p",
    prompt_file,
    log_file,
    start_time: new Date(now).toISOString(),
    timeout_seconds: 0,
    idle_timeout_seconds: 0,
  });
  const claim = claimTask(store, {
    workspace: "w",
    worktreeDir: undefined,
    sessionId: undefined,
    taskIds: [TASK, TASK],
    build,
  });
  if (!("granted" in claim)) throw new Error("not granted");
  claim.lock.release();
  task = { ...claim.granted, status: "running" };
  markRunning(store, task);
});
afterEach(() => {
  for (const desk of desks.splice(0)) desk.close();
  scratch.close();
});

const paths = () => taskPaths(store.paths.home, TASK);
const record = () => findTask(store, TASK)?.record ?? task;

/** Opens the desk of a supervisor that starts now. */
function openDesk(seconds = 1800): TaskQuestions {
  const current = record();
  if (current.status !== "running") throw new Error("it has ended");
  const desk = new TaskQuestions(store, current, seconds, () => now);
  desks.push(desk);
  return desk;
}

const content = (id: string): QuestionContent => ({
  id,
  kind: "command",
  text: "Run it",
  decisions: ["accept", "decline"],
  command: "ls",
});

const answer = (key: string, more: Partial<StoredAnswer> = {}): StoredAnswer => ({
  key,
  decision: "accept",
  by: key,
  at: new Date(now).toISOString(),
  ...more,
});

test("a question that is answered an hour later, before its time is over, is answered", async () => {
  const desk = openDesk(2 * 3600);
  const asked = desk.ask(desk.prepare(content("q1-0")));
  expect(visibleStatus(record())).toBe("waiting");
  expect(queryTasks(store, { status: "waiting", limit: 9 })).toMatchObject([{ task_id: TASK, status: "waiting" }]);
  expect(queryTasks(store, { status: "running", limit: 9 })).toEqual([]);
  expect(countTasks(store)).toEqual({ waiting: 1 });
  now += HOUR_MS;
  expect(offerAnswer(paths(), "q1-0", answer("first"))).toBe(true);
  expect(offerAnswer(paths(), "q1-0", answer("second", { decision: "decline" }))).toBe(false);
  expect(await asked).toMatchObject({ decision: "accept", by: "first" });
  expect(record()).not.toHaveProperty("questions");
  expect(countTasks(store)).toEqual({ running: 1 });
  expect(readAnswerFile(paths(), "q1-0")).toMatchObject({ key: "first", taken: true });
});

test("a question is declined when its time is over by the time of day, also in the next supervisor", async () => {
  const before = openDesk();
  void before.ask(before.prepare(content("q1-0")));
  before.close();
  // The machine slept.
  now += HOUR_MS;
  const desk = openDesk();
  expect(desk.open()).toMatchObject([{ id: "q1-0" }]);
  const known = desk.find("q1-0");
  if (known === undefined) throw new Error("it is not known");
  const given = await desk.ask(known);
  expect(given).toMatchObject({ decision: "decline", cause: "timeout" });
  expect(offerAnswer(paths(), "q1-0", answer("late"))).toBe(false);
  expect(desk.open()).toEqual([]);
});

test("what another client of Codex answered is withdrawn here; what it asks again is open again", async () => {
  const desk = openDesk();
  const asked = desk.ask(desk.prepare(content("q1-0")));
  desk.settle("q1-0");
  expect(await asked).toMatchObject({ cause: "withdrawn" });
  expect(offerAnswer(paths(), "q1-0", answer("late"))).toBe(false);
  const again = desk.ask(desk.prepare(content("q1-0")));
  expect(openQuestions(record())).toMatchObject([{ id: "q1-0" }]);
  offerAnswer(paths(), "q1-0", answer("now", { values: { secret: "s3cret" } }));
  expect(await again).toMatchObject({ by: "now", values: { secret: "s3cret" } });
  desk.settle("q1-0");
  expect(readAnswerFile(paths(), "q1-0")).not.toHaveProperty("values");
  // An answer that Codex has had applies to nothing that it asks later.
  const further = desk.ask(desk.prepare(content("q1-0")));
  expect(openQuestions(record())).toMatchObject([{ id: "q1-0" }]);
  offerAnswer(paths(), "q1-0", answer("later", { decision: "decline" }));
  expect(await further).toMatchObject({ by: "later" });
});

test("recording questions keeps the session, and changes nothing after the end", () => {
  recordSession(store, task, "session");
  const desk = openDesk();
  const question = desk.prepare(content("q1-0"));
  expect(recordQuestions(store, task, [question])).toBe(true);
  expect(findTask(store, TASK)?.sessionId).toBe("session");
  const running = record();
  if (running.status !== "running") throw new Error("it has ended");
  const ended = toEndedTask({ code: "timeout", message: "m", hint: "h" }, running);
  expect(ended).not.toHaveProperty("questions");
  endTask(store, "running", ended);
  expect(recordQuestions(store, task, [question])).toBe(false);
  expect(record().status).toBe("failed");
});

test("an agent cannot ask without end", async () => {
  const desk = openDesk();
  for (let number = 0; number < 50; number++) void desk.ask(desk.prepare(content(`q1-${number}`)));
  const refused = await desk.ask(desk.prepare(content("q1-50"))).catch(String);
  expect(refused).toContain("Too many questions");
  expect(openQuestions(record())).toHaveLength(50);
});

test("a limit that is longer than times can be does not decline what is asked", () => {
  const { expires_at } = openDesk(Number.MAX_SAFE_INTEGER).prepare(content("q1-0"));
  expect(expires_at).toBe("+275760-09-13T00:00:00.000Z");
});

test("values of fields with any name are kept", () => {
  openDesk();
  offerAnswer(paths(), "q1-0", answer("now", { values: { ["constructor"]: "kept" } }));
  expect(JSON.stringify(readAnswerFile(paths(), "q1-0")?.values)).toBe('{"constructor":"kept"}');
});

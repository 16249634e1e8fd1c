import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { taskPaths } from "#store/store-paths.ts";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let cwd: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  client = await world.client();
});
afterAll(() => world.close());

/** Beginning of the prompt with which Codex starts each further turn. */
const NEXT_TURN = "Continue working toward the active thread goal";

const logOf = (taskId: unknown) => readFileSync(taskPaths(world.stateHome, String(taskId)).log, "utf8");
const wait = async (taskId: unknown) =>
  (await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 50 })).data["done"] as object[];

/** Returns the ids of the completed items in a log, each of which must be there once. */
function itemIds(log: string): string[] {
  return log.split("\n").flatMap((line) => /^\{"type":"item\.completed","item":\{"id":"([^"]+)"/.exec(line)?.[1] ?? []);
}

test("Codex goes on turn after turn until it reports that the goal is reached", async () => {
  let turns = 0;
  world.stub.script("GOAL-A", [{ run: "echo one" }, { say: "A step." }]);
  world.stub.script(NEXT_TURN, [
    { until: async () => void turns++ },
    { run: "echo more > more.txt" },
    { call: "update_goal", args: { status: "complete" } },
    { say: "All of it is done." },
  ]);
  const { data } = await client.call("codex", {
    prompt: "GOAL-A",
    cwd,
    goal: "Finish it",
    sandbox: "workspace-write",
  });
  // The further turns have the run's sandbox, too.
  expect(data).toMatchObject({ files_changed: ["more.txt"] });
  expect(data).toMatchObject({ success: true, result: "All of it is done.", goal_state: { status: "complete" } });
  expect(turns).toBeGreaterThan(0);
  expect(logOf(data["task_id"])).toContain('"turn.started"');
});

test("a goal whose tokens are used is no success, and the result so far is kept", async () => {
  world.stub.script("GOAL-B", [{ run: "echo one" }, { say: "As far as I came." }]);
  world.stub.script(NEXT_TURN, [{ say: "As far as I came." }]);
  const { data } = await client.call("codex", { prompt: "GOAL-B", cwd, goal: "Never done", goal_tokens: 600 });
  expect(data).toMatchObject({
    success: false,
    code: "goal_not_reached",
    result: "As far as I came.",
    goal_state: { status: "budgetLimited" },
  });
  expect(String(data["error"])).toContain("600 tokens");
  // The next task of the session is one without a goal.
  world.stub.script("AND-NOW", [{ say: "Just this." }]);
  const next = await client.call("codex", { prompt: "AND-NOW", cwd, resume: data["task_id"] });
  expect(next.data).toMatchObject({ success: true, result: "Just this." });
  const { stdout } = await runCli(world, ["show", String(data["task_id"])]);
  expect(stdout).toMatch(/^goal +Never done \(budgetLimited, \d+ of 600 tokens\)$/m);
});

test("a goal outlives its supervisor", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.stub.script("GOAL-C", [{ run: "echo begun" }, { until: () => promise }, { say: "First turn." }]);
  world.stub.script(NEXT_TURN, [{ call: "update_goal", args: { status: "complete" } }, { say: "Done." }]);
  const { data } = await client.call("codex_dispatch", { prompt: "GOAL-C", cwd, goal: "Later" });
  const taskId = data["task_id"];
  await world.until(() => logOf(taskId).includes('"exit_code":0'));
  const supervisor = world.processes().find(({ command }) => command.includes(`run-task ${String(taskId)}`));
  if (supervisor === undefined) throw new Error("no supervisor");
  process.kill(supervisor.pid, "SIGKILL");
  resolve();
  expect(await wait(taskId)).toMatchObject([{ success: true, goal_state: { status: "complete" } }]);
  const ids = itemIds(logOf(taskId));
  expect(new Set(ids).size).toBe(ids.length);
});

test("a task that pursues a goal takes messages, and is cancelled", async () => {
  world.stub.script("GOAL-D", [{ say: "First turn." }]);
  const gate = Promise.withResolvers<void>();
  world.stub.script(NEXT_TURN, [{ until: () => gate.promise }, { run: "sleep 543" }]);
  const { data } = await client.call("codex_dispatch", { prompt: "GOAL-D", cwd, goal: "Without end" });
  const taskId = data["task_id"];
  await world.until(() => logOf(taskId).split('"turn.started"').length > 2);
  const sent = await client.call("codex_send", { task_id: taskId, message: "Mind the tests." });
  expect(sent.data).toMatchObject({ delivery: "steered" });
  gate.resolve();
  await world.until(() => world.processes().some(({ command }) => command.endsWith("sleep 543")));
  expect((await client.call("codex_cancel", { task_id: taskId })).data).toMatchObject({ status: "cancelled" });
  expect(world.processes().filter(({ command }) => command.endsWith("sleep 543"))).toEqual([]);
});

test("a goal that cannot be pursued is refused", async () => {
  const tooLong = await client.call("codex", { prompt: "X", cwd, goal: "x".repeat(4001) });
  expect(tooLong.data).toMatchObject({ success: false, code: "invalid_argument" });
  const without = await client.call("codex", { prompt: "X", cwd, goal_tokens: 5 });
  expect(without.data).toMatchObject({ success: false, code: "invalid_argument" });
  const exec = await world.client({ CODEXMCP_ENGINE: "exec" });
  const byExec = await exec.call("codex", { prompt: "X", cwd, goal: "Anything" });
  expect(byExec.data).toMatchObject({ success: false, code: "engine_needed" });
  expect(String(byExec.data["hint"])).toContain("CODEXMCP_ENGINE");
  const run = await runCli(world, ["run", "--goal-tokens", "5", "X"], {}, cwd);
  expect(run).toMatchObject({ exitCode: 64 });
  expect(run.stderr).toContain("omit --goal-tokens");
});

import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import type { NewTaskChoices, StartedTasks } from "#board/api/actions.ts";
import { TestBoard } from "../support/board.ts";
import { World } from "../support/world.ts";

let world: World;
let board: TestBoard;
let repository: string;

beforeAll(async () => {
  world = new World();
  world.stub.script("HELLO", [{ say: "Hello." }]);
  repository = await world.repository();
  board = await TestBoard.start(world);
});
afterAll(async () => {
  await board.stop();
  await world.close();
});

const task = (more: object) => ({ repository, prompt: "HELLO", sandbox: "read-only", ...more });
const choices = async () => (await (await board.request("/api/new-task")).json()) as NewTaskChoices;

test.each([
  ["nothing", [], "invalid_cwd"],
  ["a relative folder", { repository: "project" }, "invalid_cwd"],
  ["a folder that does not exist", { repository: "/does/not/exist" }, "invalid_cwd"],
  ["an empty prompt", { prompt: "" }, "invalid_prompt"],
  ["a prompt of spaces", { prompt: " " }, "invalid_prompt"],
  ["another sandbox", { sandbox: "none" }, "invalid_argument"],
  ["too many tries", { tries: 11 }, "invalid_argument"],
  ["half a try", { tries: 1.5 }, "invalid_argument"],
  ["a number as the topic", { topic: 1 }, "invalid_argument"],
  ["other approvals", { approvals: "never" }, "invalid_argument"],
  ["approvals where nothing is refused", { approvals: "ask" }, "invalid_argument"],
  ["a check of no work", { check: "true" }, "invalid_argument"],
  ["a base of no worktree", { base: "main" }, "invalid_argument"],
  ["a branch that does not exist", { base: "nothing", sandbox: "full-access" }, "unknown_branch"],
])("refuses %s, and starts nothing", async (_name, part, code) => {
  const answer = await board.act("/api/tasks", Array.isArray(part) ? part : task(part));
  expect(answer.status).toBe(400);
  const failure = (await answer.json()) as { code: string; message: string; hint: string };
  expect(failure.code).toBe(code);
  // The form has no such words.
  expect(`${failure.message} ${failure.hint}`).not.toMatch(/\bcwd\b|include_uncommitted|reasoning_effort|\bPass\b/);
  expect(await choices()).toEqual({ repositories: [], models: [], max_tries: 10 });
});

test("starts a task, and several tries; then it offers their repository, branches and models", async () => {
  await world.git(repository, "branch", "other");
  const one = (await (
    await board.act("/api/tasks", task({ model: "gpt-5", topic: "say hello" }))
  ).json()) as StartedTasks;
  expect(one).toEqual({ ids: [expect.stringContaining("say_hello")], not_started: [] });
  const tries = (await (await board.act("/api/tasks", task({ tries: 2 }))).json()) as StartedTasks;
  expect(tries).toEqual({ ids: [expect.any(String), expect.any(String)], group: expect.any(String), not_started: [] });
  const client = await world.client();
  for (const id of [...one.ids, ...tries.ids]) expect((await world.waitForEnd(client, id))["status"]).toBe("completed");
  expect((await choices()).models).toEqual(["gpt-5"]);
  const [offered] = (await choices()).repositories;
  expect({ ...offered, branches: offered?.branches.toSorted() }).toEqual({
    path: repository,
    name: "project",
    branches: ["main", "other"],
  });
});

test("offers no repository that is gone, and none that git refuses to read fails", async () => {
  rmSync(`${repository}/.git`, { recursive: true, force: true });
  expect((await choices()).repositories).toEqual([{ path: repository, name: "project", branches: [] }]);
  rmSync(repository, { recursive: true, force: true });
  expect((await choices()).repositories).toEqual([]);
});

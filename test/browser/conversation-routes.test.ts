import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import type { LogWindow, SearchResult } from "#board/api/conversation.ts";
import { TestBoard } from "../support/board.ts";
import { addEvents, commandEvent, endedTask, messageEvent } from "../support/task-log.ts";
import { World } from "../support/world.ts";

let world: World;
let board: TestBoard;
let id: string;
let log: string;

beforeAll(async () => {
  world = new World();
  board = await TestBoard.start(world);
  world.stub.script("LOGGED", [{ say: "Ready." }]);
  const client = await world.client();
  ({ id, log } = await endedTask(world, client, "LOGGED routes", await world.repository()));
  addEvents(log, commandEvent("c", "make", `NEEDLE ${"x".repeat(10_000)}`), messageEvent("End."));
});
afterAll(async () => {
  await board.stop();
  await world.close();
});

const ask = async (path: string) => board.request(`/api/tasks/${id}/${path}`);

test("the log begins with the prompt, and its windows follow one another", async () => {
  const before = readFileSync(log);
  const last = (await (await ask("log")).json()) as LogWindow;
  expect(last.entries[0]).toMatchObject({ at: 0, kind: "prompt", text: "LOGGED routes" });
  expect(last.entries.at(-1)).toMatchObject({ at: statSync(log).size, kind: "message", text: "End." });
  const command = last.entries.at(-2);
  expect(command?.command?.output.length).toBe(4096);
  const rest = (await (await ask(`log?after=${command?.at}`)).json()) as LogWindow;
  expect(rest.entries.map(({ text }) => text)).toEqual(["End."]);
  const start = (await (await ask(`log?before=${command?.at}`)).json()) as LogWindow;
  expect([...start.entries, ...rest.entries]).toEqual(last.entries);
  expect(readFileSync(log)).toEqual(before);
});

test("the whole output of a command is plain text, and so is the prompt", async () => {
  const { hits } = (await (await ask("search?q=needle")).json()) as SearchResult;
  expect(hits).toHaveLength(1);
  const output = await ask(`output?at=${hits[0]?.at}`);
  expect(output.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(await output.text()).toBe(`NEEDLE ${"x".repeat(10_000)}`);
  expect(await (await ask("output?at=0")).text()).toBe("LOGGED routes");
});

test.each([
  ["log?before=x", 400, "invalid_argument"],
  ["log?run=0", 400, "invalid_argument"],
  ["log?run=7", 400, "invalid_argument"],
  ["export?redact=yes", 400, "invalid_argument"],
  ["output", 400, "invalid_argument"],
  ["output?at=1", 404, "nothing_to_read"],
  [`output?at=${2 ** 40}`, 404, "nothing_to_read"],
  ["search", 400, "invalid_argument"],
  [`search?q=${"x".repeat(501)}`, 400, "invalid_argument"],
])("%s is refused with %d %s", async (path, status, code) => {
  const answer = await ask(path);
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
});

test("a task that does not exist has no conversation", async () => {
  for (const path of ["log", "output?at=0", "search?q=x"]) {
    expect((await board.request(`/api/tasks/nothing/${path}`)).status).toBe(404);
  }
});

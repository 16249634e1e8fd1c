import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { API_ROUTES, PAGE_PATHS } from "#board/server/routes.ts";
import { BoardLoad } from "../support/board-load.ts";
import { TestBoard } from "../support/board.ts";
import { portrait } from "../support/left-alone.ts";
import { World } from "../support/world.ts";

let world: World;
let load: BoardLoad;

beforeAll(async () => {
  world = new World();
  load = await BoardLoad.create(world, { tasks: 24, repositories: 1, worktrees: 2 });
});
afterAll(async () => {
  load.close();
  await world.close();
});

/**
 * All that is in the world, except for locks: those of the database's readers, and those that this process holds, which it would lose by
 * reading their files.
 */
const lookAround = () => portrait(world.root, (path) => /-(?:shm|wal)$|\.lock$/.test(path));

/** Whether a path may change: known comparisons of worktrees, and the times of objects that git has found again. */
const mayChange = (path: string) =>
  path === world.stateHome || path.startsWith(join(world.stateHome, "collisions")) || path.includes("/.git/objects/");

test("no route changes anything by GET, whatever its parameters are", async () => {
  const [review = ""] = load.ids.review;
  writeFileSync(join(world.root, `project-0-${review.slice("codex-".length)}`, "new.txt"), "new\n");
  const board = await TestBoard.start(world);
  const before = lookAround();
  const ids = Object.values(load.ids).flatMap((list) => list.slice(0, 1));
  const queries = [
    "",
    `?task=${review}&task=${load.ids.merged[0]}&from=${review}&to=${load.ids.merged[0]}&q=a&at=0&since=run&days=30`,
    "?from=2026-01-01&to=2026-01-02&before=99999&redact=1&output=1&diff=0&strategy=squash&_method=POST",
  ];
  for (const path of [...PAGE_PATHS, ...API_ROUTES.map((route) => route.path)]) {
    for (const id of path.includes(":id") ? ids : [""]) {
      for (const query of queries) {
        const abort = new AbortController();
        const address = `${path.replace(":id", id)}${query}`;
        const answer = await board.request(address, { signal: abort.signal });
        expect([address, answer.status < 500]).toEqual([address, true]);
        // Streams do not end.
        if (path === "/api/events") abort.abort();
        else await answer.arrayBuffer();
      }
    }
  }
  const after = lookAround();
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  expect(paths.filter((path) => before[path] !== after[path] && !mayChange(path))).toEqual([]);
  await board.stop();
}, 60_000);

describe.each([
  ["a read-only board", ["--read-only"], {}, "read_only"],
  ["a board that was started within a task", [], { CODEXMCP_RUN: "codex-some-task-v1.1" }, "nested_task"],
] as const)("%s", (_name, args, environment, code) => {
  test("starts nothing and answers nothing", async () => {
    const board = await TestBoard.start(world, args, environment);
    const repository = load.repositories[0] ?? "";
    const [waiting = ""] = load.ids.waiting;
    const start = await board.act("/api/tasks", { repository, prompt: "HELLO", sandbox: "full-access" });
    expect([start.status >= 400, await start.json()]).toEqual([true, expect.objectContaining({ code })]);
    const answer = await board.act(`/api/tasks/${waiting}/answer`, { question: "q1-18", decision: "accept" });
    expect([answer.status >= 400, await answer.json()]).toEqual([true, expect.objectContaining({ code })]);
    if (code === "read_only") {
      for (const { path, kind } of API_ROUTES.filter((route) => route.kind === "action")) {
        const refused = await board.act(path.replace(":id", waiting));
        expect([path, kind, refused.status, await refused.json()]).toEqual([
          path,
          kind,
          403,
          expect.objectContaining({ code }),
        ]);
      }
    }
    await board.stop();
  });
});

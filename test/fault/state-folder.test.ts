import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { signal, TaskWorld } from "../support/task-world.ts";
import { BINARY } from "../support/world.ts";

let world: TaskWorld;

beforeEach(() => {
  world = new TaskWorld();
});
afterEach(() => world.close());

test("an index of a newer version is not written to: tasks are listed, a start is refused with what to do", async () => {
  const client = await world.client();
  await client.call("codex", world.request("SAY-HELLO", "review-before-v1"));
  const database = new Database(join(world.stateHome, "codexmcp.db"));
  database.run("PRAGMA busy_timeout = 5000");
  database.run("PRAGMA user_version = 99");
  database.close();
  const older = await world.client();
  const refused = await older.call("codex", world.request("SAY-HELLO", "review-after-v1"));
  expect(refused).toMatchObject({ isError: true, data: { code: "state_newer" } });
  const { data } = await older.call("codex_status", {});
  expect(data["tasks"]).toMatchObject([{ task_id: "codex-review-before-v1", status: "completed" }]);
  const status = await older.call("codex_status", { task_id: "codex-review-before-v1" });
  expect(status.data).toMatchObject({ status: "completed", result: "Hello." });
});

test("the clock jumps: order, times and limits stay", async () => {
  // What jumps is what the records say: a clock that is set back and forth between the starts.
  const client = await world.client();
  for (const name of ["a", "b", "c"]) {
    await client.call("codex", world.request("SAY-HELLO", `review-${name}-v1`));
    const database = new Database(join(world.stateHome, "codexmcp.db"));
    database.run("PRAGMA busy_timeout = 5000");
    const jump = name === "b" ? "2001-01-01T00:00:00.000Z" : "2099-01-01T00:00:00.000Z";
    database
      .query("UPDATE tasks SET start_time = ?, record = json_set(record, '$.start_time', ?) WHERE task_id = ?")
      .run(jump, jump, `codex-review-${name}-v1`);
    database.close();
  }
  const { data } = await client.call("codex_status", {});
  const tasks = data["tasks"] as { topic: string; elapsed_seconds: number }[];
  expect(tasks.map(({ topic }) => topic)).toEqual(["review-c-v1", "review-b-v1", "review-a-v1"]);
  expect(tasks.filter(({ elapsed_seconds }) => elapsed_seconds > 60)).toEqual([]);
});

test("earlier runs' files are kept within the same limits as tasks", async () => {
  const client = await world.client({ CODEXMCP_KEEP_TASKS: "2", CODEXMCP_KEEP_SECONDS: "0" });
  const paths = world.folderOf("codex-review-daily-v1");
  for (let run = 1; run <= 5; run++) {
    expect((await client.call("codex", world.request("SAY-HELLO", "review-daily-v1"))).data).toMatchObject({
      success: true,
    });
    await world.until(() => world.supervisorOf("codex-review-daily-v1") === 0);
  }
  const kept = () =>
    Bun.spawnSync(["ls", join(paths, "runs")])
      .stdout.toString()
      .trim()
      .split("\n");
  expect(kept()).toEqual(["3", "4"]);
  const clean = Bun.spawnSync([BINARY, "clean", "--keep", "1", "--yes"], { env: world.environment(), stdin: "ignore" });
  expect(clean.stdout.toString()).toContain("run 3 of codex-review-daily-v1");
  expect(kept()).toEqual(["4"]);
});

test("a task folder that was deleted, or replaced by something else, breaks no list and no other task", async () => {
  const client = await world.client();
  for (const name of ["gone", "file"]) {
    const task_id = `codex-review-${name}-v1`;
    await client.call("codex_dispatch", world.request("FOREVER", `review-${name}-v1`));
    await world.untilWorking(task_id);
    signal(
      world.processesOf(task_id).map(({ pid }) => pid),
      "SIGKILL",
    );
    await world.until(() => world.processesOf(task_id).length === 0);
    rmSync(world.folderOf(task_id), { recursive: true, force: true });
    if (name === "file") writeFileSync(world.folderOf(task_id), "a file");
  }
  writeFileSync(join(world.stateHome, "tasks", "codex-x"), "a file");
  mkdirSync(join(world.stateHome, "tasks", "codex-y"));
  // On a busy machine a killed process holds its lock for a moment after its environment has gone.
  await world.until(async () => {
    const { data: seen } = await client.call("codex_status", {});
    return (seen["tasks"] as { status: string }[]).every(({ status }) => status === "failed");
  });
  const { data, isError } = await client.call("codex_status", {});
  expect(isError).toBe(false);
  expect(data["tasks"]).toMatchObject([{ status: "failed" }, { status: "failed" }]);
  const unreadable = data["unreadable"] as { task_id: string; fix: string }[];
  expect(unreadable.map(({ task_id }) => task_id).toSorted()).toEqual(["codex-x", "codex-y"]);
  expect((await client.call("codex", world.request("SAY-HELLO", "review-fine-v1"))).data).toMatchObject({
    success: true,
  });
  for (const command of [["tasks"], ["worktrees"], ["doctor"]]) {
    const run = Bun.spawnSync([BINARY, ...command], { env: world.environment(), stdin: "ignore" });
    expect({ command, said: run.stderr.toString() }).toEqual({ command, said: "" });
  }
  expect(readFileSync(join(world.stateHome, "tasks", "codex-x"), "utf8")).toBe("a file");
});

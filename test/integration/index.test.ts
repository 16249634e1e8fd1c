import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base/errors.ts";
import { importTasks } from "#store/tasks/import-tasks.ts";
import { countTasks, queryTasks } from "#store/tasks/list-tasks.ts";
import { openStore, type Store } from "#store/store.ts";
import { claimTask } from "#store/tasks/claim-task.ts";
import type { QueuedTask } from "#domain/record.ts";
import { Scratch } from "../support/scratch.ts";

const SOURCE = join(import.meta.dir, "..", "..", "src", "store");

/** Runs code in several processes at once, with the store's modules at hand. @returns what each printed */
async function inProcesses(count: number, code: (at: number) => string): Promise<string[]> {
  const at = Date.now() + 250;
  const prelude = `
    const { openStore } = await import(${JSON.stringify(join(SOURCE, "store.ts"))});
    const { countTasks } = await import(${JSON.stringify(join(SOURCE, "tasks", "list-tasks.ts"))});
    while (Date.now() < ${at});`;
  const children = Array.from({ length: count }, () =>
    Bun.spawn(["bun", "-e", prelude + code(at)], { stdin: "ignore", stderr: "inherit" }),
  );
  const said = await Promise.all(
    children.map(async (child) => ({ out: await child.stdout.text(), code: await child.exited })),
  );
  expect(said.map((each) => each.code)).toEqual(children.map(() => 0));
  return said.map(({ out }) => out.trim());
}

function claim(store: Store, topic: string): void {
  const build = (task_id: string, run: number): QueuedTask => ({
    task_id,
    run,
    status: "queued",
    topic,
    mode: "dispatch",
    sandbox: "read-only",
    cwd: "/",
    workspace: "/",
    run_dir: "/",
    prompt_file: "/p",
    log_file: "/l",
    start_time: "2026-01-01T00:00:00.000Z",
    timeout_seconds: 0,
    idle_timeout_seconds: 0,
  });
  const taskIds = [`codex-${topic}`, `codex-${topic}-x`] as const;
  const result = claimTask(store, { workspace: "/", worktreeDir: undefined, sessionId: undefined, taskIds, build });
  if ("lock" in result) result.lock.release();
}

test("a new index can be made by several processes at once", async () => {
  using scratch = new Scratch();
  for (let round = 0; round < 3; round++) {
    const home = scratch.folder(`at-once${round}`);
    await inProcesses(4, () => `openStore(${JSON.stringify(home)}, (cwd) => cwd);`);
    expect(readdirSync(home).filter((name) => /damaged|new-/.test(name))).toEqual([]);
  }
});

test("of several processes that find a damaged index, one makes the new one, and all see every task in it", async () => {
  using scratch = new Scratch();
  for (let round = 0; round < 3; round++) {
    const home = scratch.folder(`damaged${round}`);
    const store = openStore(home, (cwd) => cwd);
    for (let index = 0; index < 20; index++) claim(store, `review-t${index}-v1`);
    store.database.close();
    for (const suffix of ["-wal", "-shm"]) rmSync(`${store.paths.database}${suffix}`, { force: true });
    writeFileSync(store.paths.database, "no database, whatever it was before");
    const counts = await inProcesses(
      4,
      () => `console.log(JSON.stringify(countTasks(openStore(${JSON.stringify(home)}, (cwd) => cwd))));`,
    );
    expect(counts).toEqual(Array.from({ length: 4 }, () => '{"queued":20}'));
    expect(readdirSync(home).filter((name) => /^codexmcp\.db\.damaged-\d+$/.test(name))).toHaveLength(1);
  }
});

test("an index that was deleted or replaced under an open store is not written to any more", () => {
  using scratch = new Scratch();
  const home = scratch.folder("state");
  const [one, other] = [openStore(home, (cwd) => cwd), openStore(home, (cwd) => cwd)];
  claim(one, "review-a-v1");
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${one.paths.database}${suffix}`, { force: true });
  claim(one, "review-b-v1");
  expect(countTasks(other)).toEqual({ queued: 2 });
  expect(countTasks(one)).toEqual({ queued: 2 });
});

test("an index of a newer version is read, and not written", () => {
  using scratch = new Scratch();
  const home = scratch.folder("state");
  const before = openStore(home, (cwd) => cwd);
  claim(before, "review-a-v1");
  before.database.run("PRAGMA user_version = 99");
  before.database.close();
  const store = openStore(home, (cwd) => cwd);
  expect(queryTasks(store, { limit: 5 }).map(({ task_id }) => task_id)).toEqual(["codex-review-a-v1"]);
  let refused: unknown;
  try {
    claim(store, "review-b-v1");
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(AppError);
  expect(refused).toMatchObject({ code: "state_newer" });
  store.database.close();
  const after = new Database(store.paths.database, { readonly: true });
  expect(after.query("PRAGMA user_version").get()).toEqual({ user_version: 99 });
  after.close();
  expect(readdirSync(home).some((name) => name.includes("damaged"))).toBe(false);
});

test("folders that hold no task are named with what to do, and keep no other task from being taken", () => {
  using scratch = new Scratch();
  const home = scratch.folder("state");
  const first = openStore(home, (cwd) => cwd);
  claim(first, "review-good-v1");
  const tasks = first.paths.tasks;
  first.database.close();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${first.paths.database}${suffix}`, { force: true });
  writeFileSync(join(tasks, "codex-file"), "a file");
  writeFileSync(join(tasks, "no task at all"), "");
  for (const name of ["codex-empty", "codex-torn", "codex-pipe", "codex-folder", "codex-none", "codex-newer"]) {
    mkdirSync(join(tasks, name));
  }
  writeFileSync(join(tasks, "codex-empty", "meta.json"), "");
  writeFileSync(join(tasks, "codex-torn", "meta.json"), '{"task_id": "co');
  Bun.spawnSync(["mkfifo", join(tasks, "codex-pipe", "meta.json")]);
  mkdirSync(join(tasks, "codex-folder", "meta.json"));
  writeFileSync(join(tasks, "codex-newer", "meta.json"), '{"task_id": "codex-newer", "status": "paused"}');
  const store = openStore(home, (cwd) => cwd);
  expect(queryTasks(store, { limit: 9 }).map(({ task_id }) => task_id)).toEqual(["codex-review-good-v1"]);
  const faults = Object.fromEntries(importTasks(store).map(({ task_id, problem }) => [task_id, problem]));
  expect(Object.keys(faults).toSorted()).toEqual(
    ["empty", "file", "folder", "newer", "none", "pipe", "torn"].map((name) => `codex-${name}`),
  );
  expect(faults["codex-pipe"]).toContain("named pipe");
  expect(faults["codex-file"]).toContain("not a folder");
  expect(existsSync(join(tasks, "codex-torn", "meta.json"))).toBe(true);
});

test.each(["folder", "pipe", "dangling link", "empty file"])(
  "a %s in the index's place gives way, and the tasks are there",
  (kind) => {
    using scratch = new Scratch();
    const home = scratch.folder("state");
    const first = openStore(home, (cwd) => cwd);
    claim(first, "review-a-v1");
    const { database } = first.paths;
    first.database.close();
    for (const suffix of ["-wal", "-shm"]) rmSync(`${database}${suffix}`, { force: true });
    renameSync(database, join(scratch.root, "index"));
    if (kind === "folder") mkdirSync(database);
    else if (kind === "empty file") writeFileSync(database, "");
    else if (kind === "pipe") Bun.spawnSync(["mkfifo", database]);
    else Bun.spawnSync(["ln", "-s", "/nowhere/at/all", database]);
    expect(countTasks(openStore(home, (cwd) => cwd))).toEqual({ queued: 1 });
  },
);

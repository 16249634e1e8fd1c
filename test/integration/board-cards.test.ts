import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EventHub } from "#board/cards/event-hub.ts";
import type { Card } from "#board/api/card.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { openContext } from "#tasks/context.ts";
import { openStore } from "#store/store.ts";
import { readConfig } from "#base/config.ts";
import { workspaceOf } from "#git/git-folders.ts";
import { TestBoard } from "../support/board.ts";
import { EventReader } from "../support/board-events.ts";
import { BoardLoad } from "../support/board-load.ts";
import { runCli } from "../support/command-line.ts";
import { World } from "../support/world.ts";

let world: World;
let load: BoardLoad;
let board: TestBoard;
let reader: EventReader;

beforeAll(async () => {
  world = new World();
  load = await BoardLoad.create(world, { tasks: 60, repositories: 1, worktrees: 6 });
  board = await TestBoard.start(world);
  reader = await EventReader.open(board);
});
afterAll(async () => {
  reader.close();
  await board.stop();
  load.close();
  await world.close();
});

/** Worktree of a task of the load. */
const worktreeOf = (id: string) => `${load.repositories[0] ?? ""}-${id.slice("codex-".length)}`;

const columnsOf = (ids: readonly string[]) => [...new Set(ids.map((id) => reader.card(id).column))];

test("each task is in its column, with its facts", async () => {
  const { ids } = load;
  expect(reader.snapshot.cards.length).toBe(60);
  expect(columnsOf(ids.running)).toEqual(["running"]);
  expect(columnsOf(ids.quota)).toEqual(["running"]);
  expect(columnsOf(ids.queued)).toEqual(["queued"]);
  expect(columnsOf(ids.waiting)).toEqual(["waiting"]);
  expect(columnsOf(ids.review)).toEqual(["review"]);
  expect(columnsOf([...ids.merged, ...ids.gone])).toEqual(["merged"]);
  expect(columnsOf([...ids.failed, ...ids.cancelled])).toEqual(["failed"]);
  expect(reader.card(ids.quota[0] ?? "")).toMatchObject({ waits_for: "quota", status: "waiting" });
  expect(reader.card(ids.waiting[0] ?? "")).toMatchObject({ waits_for: "answer", questions: 1 });
  expect(reader.card(ids.failed[0] ?? "")).toMatchObject({ code: "check_failed", activity: "The check failed." });
  const review = await reader.untilCard(ids.review[0] ?? "", ({ merges_cleanly }) => merges_cleanly !== undefined);
  expect(review).toMatchObject({
    title: expect.stringContaining("Implement part"),
    work: "open",
    merges_cleanly: true,
    changes: { files: 1, insertions: 3, deletions: 1 },
    tokens: expect.any(Number),
    base_branch: "main",
  });
  const [gone = "", merged = ""] = [ids.gone[0], ids.merged[0]];
  await reader.untilCard(gone, ({ work }) => work === "gone");
  await reader.untilCard(merged, ({ work }) => work === "merged");
});

describe("the work of a task", () => {
  const [first, second] = [0, 4];
  const of = (index: number) => load.ids.review[index] ?? "";
  const until = async (index: number, isSo: (card: Card) => boolean) => reader.untilCard(of(index), isSo);

  test("conflicts with that of others, and with its base branch as soon as one of them is merged", async () => {
    const before = await until(second, ({ conflicts_with }) => conflicts_with !== undefined);
    expect(before.conflicts_with?.map(({ task }) => task)).toContain(of(first));
    expect((await runCli(world, ["merge", of(first)])).exitCode).toBe(0);
    await until(first, ({ work, column }) => work === "merged" && column === "merged");
    expect(await until(second, ({ merges_cleanly }) => merges_cleanly === false)).toMatchObject({ column: "review" });
  });

  test("is open again when it continues after its merge", async () => {
    const path = worktreeOf(of(first));
    writeFileSync(join(path, "more.md"), "more\n");
    await world.git(path, "add", ".");
    await world.git(path, "commit", "--quiet", "-m", "More");
    await until(first, ({ work, column }) => work === "open" && column === "review");
  });

  test("is discarded, and open again when it is restored", async () => {
    expect((await runCli(world, ["discard", of(second)])).exitCode).toBe(0);
    const discarded = await until(second, ({ work }) => work === "discarded");
    expect(discarded.column).toBe("merged");
    expect(discarded.merges_cleanly).toBeUndefined();
    expect((await runCli(world, ["restore", of(second)])).exitCode).toBe(0);
    await until(second, ({ work, column }) => work === "open" && column === "review");
  });

  test("would merge again when the user takes back what it conflicts with", async () => {
    await until(5, ({ merges_cleanly }) => merges_cleanly === false);
    await world.git(load.repositories[0] ?? "", "reset", "--quiet", "--hard", "HEAD~1");
    await until(5, ({ merges_cleanly }) => merges_cleanly === true);
  });

  test("is that of the last task in its worktree", async () => {
    const store = openStore(world.stateHome, workspaceOf);
    const record = findTask(store, of(3))?.record;
    const later = load.add("review", {
      worktree_dir: record?.worktree_dir ?? "",
      agent_branch: record?.agent_branch ?? "",
    });
    store.database.close();
    await reader.untilCard(later, ({ column }) => column === "review");
    await until(3, ({ column, work }) => column === "merged" && work === "open");
  });
});

describe("running tasks", () => {
  test("say what they do, and their log's length to who follows it", async () => {
    const [id = "", other = ""] = load.ids.running;
    const follower = await EventReader.open(board, id);
    load.say(other, "unheard");
    load.say(id, "I am at it");
    await reader.untilCard(id, ({ activity }) => activity === "I am at it");
    const { data } = await follower.next("log");
    expect(data).toMatchObject({ id, run: 1, size: expect.any(Number) });
    expect(follower.events.filter(({ name, data: of }) => name === "log" && "id" in of && of.id !== id)).toEqual([]);
    follower.close();
  });

  test("end", async () => {
    const id = load.ids.running[2] ?? "";
    load.end(id);
    expect(await reader.untilCard(id, ({ status }) => status === "completed")).toMatchObject({ activity: "**Done**." });
  });
});

test("a board that is only looked at changes no file of the state folder and no repository", async () => {
  const other = new World();
  const quiet = await BoardLoad.create(other, { tasks: 30, repositories: 1, worktrees: 4 });
  const own = await TestBoard.start(other);
  const filesOf = () =>
    [other.stateHome, ...quiet.repositories]
      .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)))
      // Closing the index moves its newest pages from one of its files to another, and reading a lock's file would release the lock.
      .filter((path) => !path.includes("codexmcp.db") && !path.endsWith(".lock") && statSync(path).isFile())
      .map((path) => `${path} ${Bun.hash(readFileSync(path))}`);
  const before = filesOf();
  const all = await EventReader.open(own);
  await all.untilCard(quiet.ids.review[0] ?? "", ({ merges_cleanly }) => merges_cleanly !== undefined);
  all.close();
  await own.stop();
  expect(filesOf()).toEqual(before);
  quiet.close();
  await other.close();
});

test("a repository that cannot be read does not keep the others from being read", async () => {
  const other = new World();
  const two = await BoardLoad.create(other, { tasks: 30, repositories: 2, worktrees: 4 });
  const [broken = "", intact = ""] = two.repositories;
  rmSync(join(broken, ".git", "HEAD"));
  const own = await TestBoard.start(other);
  const all = await EventReader.open(own);
  const of = (repository: string) => two.ids.review.filter((id) => all.card(id).repository === repository);
  await all.untilCard(of(intact)[0] ?? "", ({ merges_cleanly }) => merges_cleanly === true);
  expect(all.card(of(broken)[0] ?? "")).toMatchObject({ column: "review", work: "open" });
  all.close();
  await own.stop();
  two.close();
  await other.close();
});

test("a folder that is no task is listed with what to do", async () => {
  mkdirSync(join(world.stateHome, "tasks", "codex-implement-broken-v1"));
  const own = await EventReader.open(board);
  own.close();
  const second = await TestBoard.start(world);
  const other = await EventReader.open(second);
  expect(other.snapshot.unreadable).toEqual([
    { task_id: "codex-implement-broken-v1", problem: expect.any(String), fix: expect.stringContaining("mv ") },
  ]);
  other.close();
  await second.stop();
  await reader.until(() => reader.events.some(({ data }) => "unreadable" in data && data.unreadable?.length === 1));
});

test("a task whose record is damaged has no card until it can be read again", async () => {
  const [id = ""] = load.ids.failed;
  const database = new Database(join(world.stateHome, "codexmcp.db"));
  const select = database.query<{ record: string }, [string]>("SELECT record FROM tasks WHERE task_id = ?");
  const record = select.get(id)?.record ?? "";
  const setRecord = (text: string) => database.run("UPDATE tasks SET record = ? WHERE task_id = ?", [text, id]);
  setRecord("{");
  await reader.until(() => !reader.cards.has(id));
  setRecord(record);
  await reader.until(() => reader.cards.has(id));
  database.close();
});

test("a client that does not read is left, and gets all anew when it comes back", async () => {
  const context = {
    app: openContext(readConfig({ CODEXMCP_HOME: world.stateHome })),
    info: reader.snapshot.info,
    temporary: world.folder("tmp"),
  };
  const hub = new EventHub(context, 1000);
  const stream = hub.open(undefined, new AbortController().signal).getReader();
  await stream.read();
  for (let round = 0; round < 60; round++) {
    const title = `${round} ${"x".repeat(400)}`;
    for (const id of load.ids.running.slice(0, 2)) load.change(id, (record) => ({ ...record, title }));
    await reader.untilCard(load.ids.running[1] ?? "", (card) => card.title === title);
  }
  expect(await stream.read().catch((error: unknown) => String(error))).toBe("Error: The client does not read.");
  const again = hub.open(undefined, new AbortController().signal).getReader();
  expect(new TextDecoder().decode((await again.read()).value)).toStartWith("event: snapshot\ndata: {");
  await again.cancel();
  context.app.store.database.close();
});

test("the newest thousand of the ended tasks are shown, and all others", async () => {
  const other = new World();
  const many = await BoardLoad.create(other, { tasks: 1100, repositories: 1, worktrees: 0, hasFiles: false });
  const large = await TestBoard.start(other);
  const all = await EventReader.open(large);
  const unended = ["running", "waiting", "queued", "quota"] as const;
  const count = unended.reduce((sum, kind) => sum + many.ids[kind].length, 0);
  expect(all.snapshot.cards.length).toBe(1000 + count);
  expect(all.snapshot.left_out).toBe(100 - count);
  expect(all.cards.has(many.ids.running[0] ?? "")).toBe(true);
  all.close();
  await large.stop();
  many.close();
  await other.close();
});

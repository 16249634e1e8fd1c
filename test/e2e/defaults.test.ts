import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let cwd: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  world.stub.script("REVIEW", [{ say: "No findings." }]);
  world.stub.script("WRITE", [{ run: "echo hi > new.txt" }, { say: "Written." }]);
  world.stub.script("AGAIN", [{ run: "cat new.txt" }, { say: "Continued." }]);
  world.stub.script("SLOW", [{ run: "sleep 2" }, { say: "Slow." }]);
  cwd = await world.repository();
  client = await world.client({}, cwd);
});
afterAll(() => world.close());

describe("a prompt alone", () => {
  test("is a read-only task in the project in which the server was started, and says its topic", async () => {
    const { data, isError } = await client.call("codex", { prompt: "REVIEW the parser, please" });
    expect(isError).toBe(false);
    expect(data).toMatchObject({ success: true, result: "No findings.", topic: "review-parser-v1" });
    const status = await client.call("codex_status", { task_id: String(data["task_id"]) });
    expect(status.data).toMatchObject({ sandbox: "read-only", cwd });
  });

  test("again is the next version", async () => {
    const { data } = await client.call("codex", { prompt: "REVIEW the parser, please" });
    expect(data["topic"]).toBe("review-parser-v2");
  });

  test("twice at once is two tasks, each with a worktree of its own", async () => {
    const request = { prompt: "SLOW change of the same kind", sandbox: "full-access" };
    const [one, two] = await Promise.all([client.call("codex", request), client.call("codex", request)]);
    expect([one.data, two.data]).toMatchObject([{ success: true }, { success: true }]);
    expect(one.data["worktree_dir"]).not.toBe(two.data["worktree_dir"]);
  });

  test("twenty times at once from two servers is the next twenty versions", async () => {
    const other = await world.client({}, cwd);
    const starts = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? client : other).call("codex_dispatch", { prompt: "SLOW look at many things" }),
    );
    const topics = (await Promise.all(starts)).map(({ data }) => String(data["topic"]));
    const expected = Array.from({ length: 20 }, (_, index) => `review-slow_look_many_things-v${index + 1}`);
    expect(topics.toSorted()).toEqual(expected.toSorted());
    await client.call("codex_wait", { task_ids: topics });
  });

  test("the words of one topic twice at once are two versions of it", async () => {
    const request = { prompt: "SLOW", topic: "the same words" };
    const both = await Promise.all([client.call("codex", request), client.call("codex", request)]);
    expect(both.map(({ data }) => String(data["topic"])).toSorted()).toEqual([
      "review-the_same_words-v1",
      "review-the_same_words-v2",
    ]);
  });
});

describe("free topics", () => {
  test("next to the last possible version take a free one", async () => {
    await client.call("codex", { prompt: "REVIEW", cwd, topic: "review-at_end-v999999999" });
    const { data } = await client.call("codex", { prompt: "REVIEW", cwd, topic: "at_end" });
    expect(data["topic"]).toBe("review-at_end-v1");
  });

  test("that differ in upper and lower case are versions of one", async () => {
    await client.call("codex", { prompt: "REVIEW", cwd, topic: "Read The Cases" });
    const { data } = await client.call("codex", { prompt: "REVIEW", cwd, topic: "read the cases" });
    expect(data["topic"]).toBe("review-Read_The_Cases-v2");
  });

  test.each([
    ["fix-index", "full-access", /^implement-fix[-_]index-v1$/],
    ["docs-readme-v3", "full-access", /^implement-docs[-_]readme-v3$/],
    ["修复登录", "full-access", /^implement-[A-Za-z0-9_]+-v1$/],
    ["Fix the login (urgent!)", "full-access", /^implement-Fix_the_login_urgent-v1$/],
    ["review: the cache", "read-only", /^review-the_cache-v1$/],
    ["../../etc/passwd", "read-only", /^review-etc_passwd-v1$/],
    ["long ".repeat(60), "read-only", /^review-[a-z0-9_]{1,60}-v1$/],
    ["🦊", "read-only", /^review-[a-z0-9_]+-v1$/],
    ["!!!", "read-only", /^review-work-v1$/],
    ["implement-exact_one-v7", "read-only", /^implement-exact_one-v7$/],
  ])("%p with %s", async (topic, sandbox, expected) => {
    const prompt = sandbox === "read-only" ? "REVIEW" : "WRITE";
    const { data } = await client.call("codex", { prompt, cwd, topic, sandbox });
    expect(data).toMatchObject({ success: true });
    expect(String(data["topic"])).toMatch(expected);
    expect(String(data["task_id"])).toStartWith(`codex-${String(data["topic"])}`);
  });
});

describe("resume", () => {
  test.each(["task id", "topic", "session id", "beginning"])("by %s", async (way) => {
    const subject = `resumed_by_${way.replace(" ", "_")}`;
    const first = await client.call("codex", { prompt: "WRITE", cwd, topic: subject, sandbox: "full-access" });
    const { task_id, topic, session_id } = first.data;
    const names = { "task id": task_id, topic, "session id": session_id, beginning: `implement-${subject}` };
    const next = await client.call("codex", {
      prompt: "AGAIN",
      resume: Object.entries(names).find(([name]) => name === way)?.[1],
    });
    expect(next.data).toMatchObject({
      success: true,
      session_id,
      topic: `implement-${subject}-v2`,
      worktree_dir: first.data["worktree_dir"],
    });
  });

  test("of a topic that two repositories have asks which is meant", async () => {
    const second = await world.repository("second");
    for (const folder of [cwd, second]) {
      await client.call("codex", { prompt: "REVIEW", cwd: folder, topic: "review-in_both-v1" });
    }
    const { data } = await client.call("codex", { prompt: "REVIEW", resume: "review-in_both-v1" });
    expect(data).toMatchObject({ success: false, code: "unknown_task" });
    expect(data["error"]).toBe('More than one task has the topic "review-in_both-v1".');
  });

  test("with read-only reads the worktree of a task that has written", async () => {
    const first = await client.call("codex", { prompt: "WRITE", cwd, topic: "then read", sandbox: "full-access" });
    const before = world.stub.toolOutputs.length;
    const next = await client.call("codex", { prompt: "AGAIN", resume: first.data["task_id"], sandbox: "read-only" });
    expect(next.data).toMatchObject({ success: true, session_id: first.data["session_id"] });
    expect(world.stub.toolOutputs.slice(before).join("\n")).toContain("hi");
  });

  test("after the worktree was discarded says that there is a new one", async () => {
    const first = await client.call("codex", { prompt: "WRITE", cwd, topic: "discarded", sandbox: "full-access" });
    await client.call("codex_discard", { task_id: first.data["task_id"] });
    const next = await client.call("codex", { prompt: "WRITE", resume: first.data["task_id"] });
    expect(next.data).toMatchObject({ success: true, session_id: first.data["session_id"] });
    expect(next.data["note"]).toContain("no longer exists: this task started in a new one from the checked-out commit");
  });

  test("and session_id of another session is refused", async () => {
    const [one, two] = await Promise.all([
      client.call("codex", { prompt: "REVIEW", cwd }),
      client.call("codex", { prompt: "REVIEW", cwd }),
    ]);
    const { data } = await client.call("codex", {
      prompt: "REVIEW",
      resume: one.data["task_id"],
      session_id: two.data["session_id"],
    });
    expect(data).toMatchObject({ success: false, code: "invalid_argument" });
  });

  test("of a running task is refused, and of an unknown one names the nearest", async () => {
    const started = await client.call("codex_dispatch", { prompt: "SLOW", cwd, topic: "still-running" });
    const task_id = String(started.data["task_id"]);
    expect((await client.call("codex", { prompt: "AGAIN", resume: task_id })).data).toMatchObject({
      code: "task_running",
    });
    const near = await client.call("codex", { prompt: "AGAIN", resume: "review-still-runing-v1" });
    expect(near.data).toMatchObject({ code: "unknown_task" });
    expect(near.data["hint"]).toContain(task_id);
    await client.call("codex_wait", { task_ids: task_id });
  });
});

describe("session_id", () => {
  test("that is no session is refused instead of starting a new one", async () => {
    for (const session_id of ["abc", "thread-1", "latest"]) {
      const { data } = await client.call("codex", { prompt: "REVIEW", cwd, topic: "lost-context", session_id });
      expect(data).toMatchObject({ success: false, code: "unknown_session" });
    }
  });

  test("may be written in upper case, with spaces around it", async () => {
    const first = await client.call("codex", { prompt: "REVIEW", cwd, topic: "upper case" });
    const id = String(first.data["session_id"]);
    const given = ` ${id.toUpperCase()} `;
    expect((await client.call("codex", { prompt: "REVIEW", cwd, session_id: given })).data).toMatchObject({
      session_id: id,
    });
    expect((await client.call("codex", { prompt: "REVIEW", resume: given })).data).toMatchObject({ session_id: id });
  });

  test("that is a topic or task id means that task's session", async () => {
    const first = await client.call("codex", { prompt: "REVIEW", cwd, topic: "as-session" });
    for (const session_id of [first.data["topic"], first.data["task_id"]]) {
      const next = await client.call("codex", { prompt: "REVIEW", cwd, session_id });
      expect(next.data).toMatchObject({ success: true, session_id: first.data["session_id"] });
    }
  });
});

test("tasks are named by topic, id or an unambiguous beginning in every tool", async () => {
  const { data } = await client.call("codex", { prompt: "WRITE", cwd, topic: "named_thing", sandbox: "full-access" });
  for (const name of [data["task_id"], data["topic"], "implement-named"]) {
    expect((await client.call("codex_status", { task_id: name })).data).toMatchObject({ task_id: data["task_id"] });
    expect((await client.call("codex_diff", { task_id: name })).data).toMatchObject({ task_id: data["task_id"] });
    expect((await client.call("codex_cancel", { task_id: name })).data).toMatchObject({ status: "completed" });
    expect((await client.call("codex_wait", { task_ids: [name] })).data["done"]).toHaveLength(1);
  }
});

test("work outside git says that there is no worktree and no undo", async () => {
  const folder = join(world.folder("plain"), "work");
  mkdirSync(folder);
  writeFileSync(join(folder, "a.txt"), "a\n");
  const { data } = await client.call("codex", { prompt: "WRITE", cwd: folder, sandbox: "full-access" });
  expect(data).toMatchObject({ success: true });
  expect(String(data["note"])).toContain("not in a git repository");
});

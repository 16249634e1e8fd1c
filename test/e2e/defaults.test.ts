import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import type { McpClient } from "../support/mcp-client.ts";
import { BINARY, World } from "../support/world.ts";

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
    expect([one.data["success"], two.data["success"]]).toEqual([true, true]);
    expect(one.data["worktree_dir"]).not.toBe(two.data["worktree_dir"]);
  });

  test("outside of a project asks for cwd", async () => {
    const elsewhere = await world.client({}, world.folder("empty"));
    const { data } = await elsewhere.call("codex", { prompt: "REVIEW" });
    expect(data).toMatchObject({ success: false, code: "invalid_cwd" });
    expect(data["hint"]).toContain("Pass cwd");
  });

  test("works in the client's only root", async () => {
    const root = await world.repository("rooted");
    expect(await callWithRoots([root], "REVIEW")).toMatchObject({ success: true });
    expect(existsSync(join(root, ".codex-tasks"))).toBe(true);
  });

  test("asks which root is meant if there are several", async () => {
    const roots = [world.folder("one"), world.folder("two")];
    expect(await callWithRoots(roots, "REVIEW")).toMatchObject({ code: "invalid_cwd" });
  });
});

/** Calls `codex` with a prompt alone, as a client that has these roots, from a folder that is no project. */
async function callWithRoots(roots: readonly string[], prompt: string): Promise<object> {
  const transport = new StdioClientTransport({
    command: BINARY,
    env: world.environment(),
    cwd: world.folder("no-project"),
    stderr: "ignore",
  });
  const rooted = new Client({ name: "rooted", version: "1" }, { capabilities: { roots: {} } });
  rooted.setRequestHandler(ListRootsRequestSchema, () => ({ roots: roots.map((path) => ({ uri: `file://${path}` })) }));
  await rooted.connect(transport);
  try {
    const { content } = await rooted.callTool({ name: "codex", arguments: { prompt } });
    const texts = content as { text: string }[];
    return JSON.parse(texts.at(-1)?.text ?? "") as object;
  } finally {
    await rooted.close();
  }
}

describe("free topics", () => {
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

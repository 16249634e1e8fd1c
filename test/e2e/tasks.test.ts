import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { TOKENS_PER_ANSWER } from "../support/model-stub.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;
let repository: string;

beforeAll(async () => {
  world = new World();
  world.stub.script("REVIEW-README", [{ run: "cat README.md" }, { say: "The README has one heading." }]);
  world.stub.script("ADD-GREETING", [
    { think: "A file is enough." },
    { patch: "*** Begin Patch\n*** Add File: greeting.txt\n+hello\n*** End Patch" },
    { run: "git add greeting.txt && git commit --quiet -m 'Add a greeting' && echo draft > notes.txt" },
    { say: "Added greeting.txt." },
  ]);
  world.stub.script("CHANGE-GREETING", [{ run: "echo more >> greeting.txt && pwd" }, { say: "Changed it." }]);
  world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
  repository = await world.repository();
  client = await world.client();
});

afterAll(() => world.close());

const hasId: unknown = expect.stringMatching(/^[0-9a-f-]{36}$/);
const isNumber: unknown = expect.any(Number);
const ofAnswers = (answers: number) => ({
  input_tokens: answers * TOKENS_PER_ANSWER.input,
  cached_input_tokens: 0,
  output_tokens: answers * TOKENS_PER_ANSWER.output,
  reasoning_output_tokens: 0,
});

test("codex reviews in the workspace itself and answers with what Codex said", async () => {
  const answer = await client.call("codex", {
    prompt: "REVIEW-README please",
    cwd: repository,
    topic: "review-readme-v1",
    sandbox: "read-only",
  });
  expect(answer).toEqual({
    isError: false,
    data: {
      success: true,
      task_id: "codex-review-readme-v1",
      topic: "review-readme-v1",
      status: "completed",
      session_id: hasId,
      result: "The README has one heading.",
      exit_code: 0,
      elapsed_seconds: isNumber,
      usage: ofAnswers(2),
    },
  });
  expect(await world.run(repository, ["git", "status", "--porcelain", "--untracked-files=all"])).toBe("");
  expect(await world.run(repository, ["git", "worktree", "list"])).not.toContain("agent");
});

test("full-access works in a worktree of its own, and a resume goes on there with tokens of its own", async () => {
  const head = (await world.run(repository, ["git", "rev-parse", "HEAD"])).trim();
  const worktree = join(world.root, "project-agent-implement-greeting");
  const first = await client.call("codex", {
    prompt: "ADD-GREETING please",
    cwd: repository,
    topic: "implement-greeting-v1",
    sandbox: "full-access",
    commit: "never",
  });
  expect(first).toEqual({
    isError: false,
    data: {
      success: true,
      task_id: "codex-implement-greeting-v1",
      topic: "implement-greeting-v1",
      status: "completed",
      session_id: hasId,
      result: "Added greeting.txt.",
      exit_code: 0,
      elapsed_seconds: isNumber,
      usage: ofAnswers(3),
      worktree_dir: worktree,
      agent_branch: "agent/implement-greeting",
      base_branch: "main",
      base_commit: head,
      diff_stat: "2 files changed, 2 insertions(+)",
      commits_ahead: 1,
      files_changed: ["greeting.txt", "notes.txt"],
      uncommitted_changes: ["?? notes.txt"],
      merges_cleanly: true,
    },
  });

  const second = await client.call("codex", {
    prompt: "CHANGE-GREETING please",
    cwd: repository,
    topic: "implement-greeting-v2",
    sandbox: "full-access",
    commit: "never",
    session_id: first.data["session_id"],
  });
  expect(second.data).toMatchObject({
    success: true,
    session_id: first.data["session_id"],
    usage: ofAnswers(2),
    worktree_dir: worktree,
    base_commit: head,
    diff_stat: "2 files changed, 3 insertions(+)",
    uncommitted_changes: [" M greeting.txt", "?? notes.txt"],
  });
  expect(readFileSync(join(worktree, "greeting.txt"), "utf8")).toBe("hello\nmore\n");
  expect(await world.run(repository, ["git", "status", "--porcelain", "--untracked-files=all"])).toBe("");
});

test("dispatch answers at once, for read-only tasks too, and status tells how it ended", async () => {
  world.stub.script("SLOW-REVIEW", [{ delayMs: 1500 }, { say: "All good." }]);
  const before = performance.now();
  const answer = await client.call("codex_dispatch", {
    prompt: "SLOW-REVIEW",
    cwd: repository,
    topic: "review-slow-v1",
    sandbox: "read-only",
  });
  const took = performance.now() - before;
  expect(answer.data).toEqual({
    task_id: "codex-review-slow-v1",
    status: "running",
    topic: "review-slow-v1",
    started_at: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
    log_file: join(world.stateHome, "tasks", "codex-review-slow-v1", "codex-exec.log"),
  });
  // The model alone takes longer than that: the answer did not wait for it.
  expect(took).toBeLessThan(1500);
  const running = await client.call("codex_status", { task_id: "codex-review-slow-v1" });
  expect(running.data).toMatchObject({ status: "running", mode: "dispatch", sandbox: "read-only", cwd: repository });
  const ended = await world.waitForEnd(client, "codex-review-slow-v1");
  expect(ended).toMatchObject({ status: "completed", result: "All good.", exit_code: 0, usage: ofAnswers(1) });
  expect(await world.sessions()).toEqual([]);
});

test("status lists all tasks newest first, filtered and in pages", async () => {
  const all = await client.call("codex_status", {});
  const ids = (all.data["tasks"] as { task_id: string }[]).map((task) => task.task_id);
  expect(ids).toEqual([
    "codex-review-slow-v1",
    "codex-implement-greeting-v2",
    "codex-implement-greeting-v1",
    "codex-review-readme-v1",
  ]);
  expect((await client.call("codex_status", { status: "failed" })).data).toEqual({ tasks: [] });
  const first = await client.call("codex_status", { limit: 3 });
  const second = await client.call("codex_status", { limit: 3, cursor: first.data["next_cursor"] });
  expect((second.data["tasks"] as { task_id: string }[]).map((task) => task.task_id)).toEqual([
    "codex-review-readme-v1",
  ]);
  expect(second.data["next_cursor"]).toBeUndefined();
});

test("events can be read on from where the last answer ended", async () => {
  const whole = await client.call("codex_status", { task_id: "codex-implement-greeting-v1", since_event: 0 });
  const events = whole.data["recent_events"] as { type: string; text: string; tool_name?: string }[];
  // Not every version of Codex warns of a model that it does not know.
  const types = events.map(({ type }) => type).filter((type) => type !== "warning");
  expect(types).toEqual(["thinking", "tool_call", "command", "tool_result", "text"]);
  expect(events.at(-1)).toEqual({ type: "text", text: "Added greeting.txt." });
  const next = { task_id: "codex-implement-greeting-v1", since_event: whole.data["next_event"] };
  const rest = await client.call("codex_status", next);
  expect(rest.data).toMatchObject({ recent_events: [], next_event: whole.data["next_event"] });
});

test("a topic that is run again keeps the earlier run's files", async () => {
  const again = { prompt: "SAY-HELLO", cwd: repository, topic: "review-readme-v1", sandbox: "read-only" };
  const answer = await client.call("codex", again);
  expect(answer.data).toMatchObject({ success: true, result: "Hello." });
  const folder = join(world.stateHome, "tasks", "codex-review-readme-v1");
  expect(readFileSync(join(folder, "prompt.md"), "utf8")).toBe("SAY-HELLO");
  expect(readFileSync(join(folder, "runs", "1", "prompt.md"), "utf8")).toBe("REVIEW-README please");
  expect(JSON.parse(readFileSync(join(folder, "runs", "1", "meta.json"), "utf8"))).toMatchObject({ run: 1 });
});

test("the topic of another repository gets an id of its own", async () => {
  const other = await world.repository("other");
  const same = { prompt: "SAY-HELLO", cwd: other, topic: "review-readme-v1", sandbox: "read-only" };
  const answer = await client.call("codex", same);
  expect(answer.data["task_id"]).toMatch(/^codex-review-readme-v1-[0-9a-z]{6}$/);
});

test("the workspace has a link to the task, files are private and git sees none of it", () => {
  const link = join(repository, ".codex-tasks", "implement-greeting-v1");
  const folder = join(world.stateHome, "tasks", "codex-implement-greeting-v1");
  expect(readlinkSync(link)).toBe(folder);
  expect(existsSync(join(link, "codex-exec.log"))).toBe(true);
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
  expect([world.stateHome, folder].map(mode)).toEqual(["700", "700"]);
  const files = ["meta.json", "prompt.md", "codex-exec.log", "codex-stderr.log"].map((name) => join(folder, name));
  expect([...files, join(world.stateHome, "codexmcp.db")].map(mode)).toEqual(["600", "600", "600", "600", "600"]);
});

import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  client = await world.client();
});
afterAll(() => world.close());

/** A task folder as the Python server leaves it while it runs, and once it has ended. */
function writeTask(topic: string, tmuxSession: string, exit: string, more: object = {}): string {
  const task_id = `codex-${topic}`;
  const folder = join(world.stateHome, "tasks", task_id);
  mkdirSync(folder, { recursive: true });
  const log_file = join(folder, "codex-exec.log");
  cpSync(join(import.meta.dir, "..", "fixtures", "codex-0.169", "good.jsonl"), log_file);
  appendFileSync(log_file, exit);
  const files = { log_file, prompt_file: join(folder, "prompt.md") };
  const none = { worktree_dir: null, agent_branch: null, base_branch: null, session_id: null, end_time: null };
  const meta = { task_id, mode: "dispatch", prompt: "do it", cwd: world.root, sandbox: "full-access", topic, ...files };
  const state = { tmux_session: tmuxSession, start_time: "2026-03-20T10:00:00.123456", status: "running", ...none };
  writeFileSync(
    join(folder, "meta.json"),
    JSON.stringify({ ...meta, ...state, exit_code: null, result: null, ...more }, null, 2),
  );
  return task_id;
}

test("a task of the Python server that has ended unseen is finished from its log", async () => {
  const task_id = writeTask("implement-old-v1", "codex-implement-old-v1", "\nEXIT_CODE=0\n");
  const { data } = await client.call("codex_status", { task_id });
  expect(data).toMatchObject({ status: "completed", result: "All done.", exit_code: 0, mode: "dispatch" });
});

test("one that runs can be cancelled, with its session and processes", async () => {
  const task_id = writeTask("longrun-stop-v1", "codex-longrun-stop-v1", "");
  writeFileSync(join(world.stateHome, "tasks", task_id, "codex-exec.log"), '{"type":"turn.started"}\n');
  const command = ["sh", "-c", "trap '' INT TERM; sleep 301 | tee /dev/null; true"];
  await world.run(world.root, ["tmux", "-S", world.tmuxSocket, "new-session", "-d", "-s", task_id, ...command]);
  await world.until(() => world.processes().some((process) => process.command === "sleep 301"));
  expect((await client.call("codex_cancel", { task_id })).data).toMatchObject({ status: "cancelled" });
  expect(world.processes().some((process) => process.command === "sleep 301")).toBe(false);
  await world.until(async () => !(await world.sessions()).includes(task_id));
});

test("one whose tmux session is there runs; one whose session is gone has failed", async () => {
  const task_id = writeTask("longrun-old-v1", "codex-longrun-old-v1", "");
  const session = ["tmux", "-S", world.tmuxSocket, "new-session", "-d", "-s", task_id, "sleep", "300"];
  await world.run(world.root, session);
  expect((await client.call("codex_status", { task_id })).data).toMatchObject({ status: "running" });
  await world.run(world.root, ["tmux", "-S", world.tmuxSocket, "kill-session", "-t", `=${task_id}`]);
  expect((await client.call("codex_status", { task_id })).data).toMatchObject({
    status: "failed",
    code: "supervisor_lost",
  });
});

test("the worktree of one is compared and merged, from where its branch began; it is not ours to discard", async () => {
  const repo = await world.repository();
  const worktree_dir = join(world.root, "project-agent-implement-py");
  const agent_branch = "agent/implement-py";
  await world.run(repo, ["git", "worktree", "add", "--quiet", "-b", agent_branch, worktree_dir]);
  writeFileSync(join(worktree_dir, "work.txt"), "work\n");
  await world.run(worktree_dir, ["git", "add", "."]);
  await world.run(worktree_dir, ["git", "commit", "--quiet", "-m", "Work"]);
  const place = { cwd: repo, worktree_dir, agent_branch, base_branch: "main" };
  const end = { status: "completed", end_time: "2026-03-20T10:05:00.123456", exit_code: 0 };
  const task_id = writeTask("implement-py-v1", "codex-implement-py-v1", "", { ...place, ...end });
  const { data } = await client.call("codex_diff", { task_id });
  expect(data).toMatchObject({ commits_ahead: 1, files: [{ path: "work.txt", status: "added" }] });
  expect((await client.call("codex_discard", { task_id })).data).toMatchObject({ code: "worktree_not_ours" });
  expect((await client.call("codex_merge", { task_ids: [task_id] })).data).toMatchObject({ success: true });
  expect(await world.run(repo, ["cat", "work.txt"])).toBe("work\n");
});

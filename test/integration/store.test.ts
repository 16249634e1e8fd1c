import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyRetention } from "#tasks/retention.ts";
import { readConfig } from "#base/config.ts";
import { ownSpace } from "#platform/host.ts";
import { endTask, markRunning, requestCancel, updateQueuedTask } from "#store/tasks/change-task.ts";
import { claimTask, type ClaimResult, findTask } from "#store/tasks/claim-task.ts";
import { findLastSessionUsage, queryTasks } from "#store/tasks/list-tasks.ts";
import { readMeta } from "#store/tasks/meta-file.ts";
import { readLockState } from "#store/locks/held-lock.ts";
import { openStore, type Store } from "#store/store.ts";
import { taskPaths } from "#store/store-paths.ts";
import { takeHandover, writeHandover, writeRunInput } from "#store/tasks/task-folder.ts";
import { findWorktreeBase, recordWorktree } from "#store/worktree-base.ts";
import type { CompletedTask, QueuedTask } from "#domain/record.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
let home: string;
let store: Store;

beforeEach(() => {
  scratch = new Scratch();
  home = join(scratch.root, "state");
  store = openStore(home, (cwd) => `workspace of ${cwd}`);
});
afterEach(() => scratch.close());

const queued = (task_id: string, run: number, change: Partial<QueuedTask> = {}): QueuedTask => ({
  task_id,
  run,
  status: "queued",
  topic: task_id.replace("codex-", ""),
  mode: "dispatch",
  sandbox: "read-only",
  cwd: "/project",
  workspace: "/project/.git",
  run_dir: "/project",
  prompt_file: taskPaths(home, task_id).prompt,
  log_file: taskPaths(home, task_id).log,
  start_time: new Date(Date.UTC(2026, 0, 1) + run * 1000).toISOString(),
  timeout_seconds: 0,
  idle_timeout_seconds: 0,
  ...change,
});

const completed = (task: QueuedTask, change: Partial<CompletedTask> = {}): CompletedTask => ({
  ...task,
  status: "completed",
  end_time: "2026-01-01T01:00:00.000Z",
  exit_code: 0,
  ...change,
});

function claim(topic: string, change: Partial<QueuedTask> = {}): ClaimResult {
  return claimTask(store, {
    workspace: change.workspace ?? "/project/.git",
    worktreeDir: change.worktree_dir,
    sessionId: change.resumes,
    taskIds: [`codex-${topic}`, `codex-${topic}-abc123`],
    build: (taskId, run) => queued(taskId, run, change),
  });
}

/** Claims, and prepares the folder as a start does. */
function start(topic: string, change: Partial<QueuedTask> = {}): QueuedTask {
  const result = claim(topic, change);
  if (!("granted" in result)) throw new Error("the claim was refused");
  writeRunInput(taskPaths(home, result.granted.task_id), {
    prompt: "do it",
    outputSchema: undefined,
    baseInstructions: undefined,
  });
  updateQueuedTask(store, result.granted);
  return result.granted;
}

describe("claims", () => {
  test("one topic is granted once, and again after it has ended, as the next run", () => {
    const first = start("review-a-v1");
    expect(first.run).toBe(1);
    expect(claim("review-a-v1")).toMatchObject({ because: "topic" });
    expect(markRunning(store, { ...first, status: "running" })).toBe(true);
    expect(claim("review-a-v1")).toMatchObject({ because: "topic" });
    expect(endTask(store, "running", completed(first))).toBe(true);
    expect(claim("review-a-v1")).toMatchObject({ granted: { run: 2 } });
  });

  test("another workspace gets another id", () => {
    start("review-a-v1");
    expect(claim("review-a-v1", { workspace: "/other/.git" })).toMatchObject({
      granted: { task_id: "codex-review-a-v1-abc123", run: 1 },
    });
  });

  test("one worktree has one unfinished task", () => {
    start("implement-a-v1", { worktree_dir: "/project-agent-implement-a" });
    const refused = claim("implement-a-v2", { worktree_dir: "/project-agent-implement-a" });
    expect(refused).toMatchObject({ because: "worktree", refusedBy: { record: { task_id: "codex-implement-a-v1" } } });
  });
});

describe("state changes are compare-and-swap", () => {
  test("of two that start or end a task, one wins; the published copy is the winner's", () => {
    const task = start("review-a-v1");
    expect(markRunning(store, { ...task, status: "running" })).toBe(true);
    expect(markRunning(store, { ...task, status: "running" })).toBe(false);
    expect(endTask(store, "running", completed(task, { result: "first" }))).toBe(true);
    expect(endTask(store, "running", completed(task, { result: "second" }))).toBe(false);
    expect(readMeta(taskPaths(home, task.task_id).meta)).toMatchObject({ status: "completed", result: "first" });
    expect(readdirSync(taskPaths(home, task.task_id).folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("a task whose cancel was asked for is not started", () => {
    const task = start("review-a-v1");
    requestCancel(store, task);
    expect(markRunning(store, { ...task, status: "running" })).toBe(false);
    expect(findTask(store, task.task_id)?.isCancelRequested).toBe(true);
  });

  test("who starts a task is no supervisor: only that is noted with its pid", () => {
    const task = start("review-a-v1");
    expect(findTask(store, task.task_id)?.supervisor).toBeUndefined();
    markRunning(store, { ...task, status: "running" });
    expect(findTask(store, task.task_id)?.supervisor).toMatchObject({ pid: process.pid, ...ownSpace() });
  });

  test("the starter's lock is held from before anybody can see the claim, until it lets go", () => {
    const result = claim("review-a-v1");
    const { starterLock } = taskPaths(home, "codex-review-a-v1");
    expect(readLockState(starterLock)).toBe("held");
    if ("lock" in result) result.lock.release();
    expect(readLockState(starterLock)).toBe("free");
  });
});

describe("what is on disk", () => {
  test("an earlier run's files are kept, private, below runs/", () => {
    const first = start("review-a-v1");
    const paths = taskPaths(home, first.task_id);
    writeFileSync(paths.log, "the first log");
    markRunning(store, { ...first, status: "running" });
    endTask(store, "running", completed(first));
    start("review-a-v1");
    expect(readFileSync(join(paths.runs, "1", "codex-exec.log"), "utf8")).toBe("the first log");
    expect(readFileSync(paths.log, "utf8")).toBe("");
    expect(statSync(paths.prompt).mode & 0o777).toBe(0o600);
    expect(statSync(paths.folder).mode & 0o777).toBe(0o700);
  });

  test("the environment is handed over once", () => {
    const task = start("implement-a-v1");
    const paths = taskPaths(home, task.task_id);
    writeHandover(paths, { SECRET: "x\ny" });
    expect(statSync(paths.handover).mode & 0o777).toBe(0o600);
    expect(takeHandover(paths)).toEqual({ SECRET: "x\ny" });
    expect(existsSync(paths.handover)).toBe(false);
    expect(takeHandover(paths)).toBeUndefined();
  });

  test("a lost index is rebuilt from the meta.json files, with sessions and worktree bases", () => {
    const place = { worktree_dir: "/project-agent-implement-a", agent_branch: "agent/implement-a", base_commit: "abc" };
    const task = start("implement-a-v1", place);
    recordWorktree(store, { ...place, base_branch: "main", workspace: "/r/.git" });
    markRunning(store, { ...task, status: "running" });
    const session_usage = { input_tokens: 5, cached_input_tokens: 0, output_tokens: 2, reasoning_output_tokens: 0 };
    endTask(store, "running", completed(task, { session_id: "s-1", session_usage }));
    store.database.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(store.paths.database + suffix, { force: true });
    store = openStore(home, (cwd) => cwd);
    expect(findTask(store, task.task_id)?.record).toEqual(completed(task, { session_id: "s-1", session_usage }));
    expect(findLastSessionUsage(store, "s-1")).toEqual(session_usage);
    expect(findWorktreeBase(store, place.worktree_dir)).toEqual({ base_commit: "abc" });
  });

  test("a damaged index is put aside and rebuilt", () => {
    start("review-a-v1");
    store.database.close();
    for (const suffix of ["-wal", "-shm"]) rmSync(store.paths.database + suffix, { force: true });
    writeFileSync(store.paths.database, "this is no database at all, whatever it was before");
    store = openStore(home, (cwd) => cwd);
    expect(findTask(store, "codex-review-a-v1")?.record.status).toBe("queued");
    expect(readdirSync(home).some((name) => name.startsWith("codexmcp.db.damaged-"))).toBe(true);
  });

  test("tasks of the Python server are read as they are", () => {
    const folder = join(home, "tasks", "codex-review-old-v3");
    mkdirSync(folder, { recursive: true });
    const meta = {
      task_id: "codex-review-old-v3",
      mode: "blocking",
      prompt: "look",
      cwd: "/old",
      sandbox: "read-only",
      topic: "review-old-v3",
      tmux_session: "",
      log_file: `${folder}/codex-exec.log`,
      prompt_file: `${folder}/prompt.md`,
      start_time: "2026-03-20T10:00:00.123456",
      status: "completed",
      worktree_dir: null,
      agent_branch: null,
      base_branch: null,
      session_id: "s-9",
      end_time: "2026-03-20T10:01:00.5",
      exit_code: 0,
      result: "fine",
    };
    writeFileSync(join(folder, "meta.json"), JSON.stringify(meta, null, 2));
    store = openStore(home, (cwd) => `workspace of ${cwd}`);
    expect(findTask(store, "codex-review-old-v3")?.record).toMatchObject({
      status: "completed",
      origin: "python",
      workspace: "workspace of /old",
      start_time: new Date("2026-03-20T10:00:00.123").toISOString(),
      result: "fine",
      exit_code: 0,
    });
    expect(queryTasks(store, { limit: 10 }).map((task) => task.task_id)).toEqual(["codex-review-old-v3"]);
  });

  test("a meta.json that is none is left alone", () => {
    const folder = join(home, "tasks", "codex-review-torn-v1");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "meta.json"), '{"task_id": "codex-rev');
    store = openStore(home, (cwd) => cwd);
    expect(findTask(store, "codex-review-torn-v1")).toBeUndefined();
    expect(readFileSync(join(folder, "meta.json"), "utf8")).toBe('{"task_id": "codex-rev');
  });

  test("retention removes what is neither new nor young, and nothing that runs", () => {
    for (const [index, topic] of ["review-a-v1", "review-b-v1", "review-c-v1"].entries()) {
      const task = start(topic, { start_time: `2026-01-0${index + 1}T00:00:00.000Z` });
      markRunning(store, { ...task, status: "running" });
      if (topic !== "review-b-v1") endTask(store, "running", completed(task));
    }
    const keep = (tasks: string, seconds: string) =>
      readConfig({ HOME: scratch.root, CODEXMCP_KEEP_TASKS: tasks, CODEXMCP_KEEP_SECONDS: seconds });
    applyRetention({ config: { ...keep("1", "999999999999"), home }, store });
    expect(queryTasks(store, { limit: 10 })).toHaveLength(3);
    applyRetention({ config: { ...keep("1", "60"), home }, store });
    expect(queryTasks(store, { limit: 10 }).map((task) => task.topic)).toEqual(["review-c-v1", "review-b-v1"]);
    expect(readdirSync(join(home, "tasks")).toSorted()).toEqual(["codex-review-b-v1", "codex-review-c-v1"]);
    expect(existsSync(store.paths.removed)).toBe(false);
  });
});

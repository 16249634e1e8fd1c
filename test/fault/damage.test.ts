import { afterAll, beforeAll, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { canMountDisks, mountDisk, remountDisk, unmountDisk } from "../support/disk.ts";
import { patientTest } from "../support/newer-codex.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
  world.stub.script("SLOW-WORK", [{ run: "echo one" }, { delayMs: 1200 }, { say: "Worked." }]);
  client = await world.client();
});
afterAll(() => world.close());

const canMount = canMountDisks();
if (!canMount) console.warn("SKIPPED: full and read-only disks, since no file system can be mounted here (needs root)");

const folderOf = (taskId: string) => join(world.stateHome, "tasks", taskId);

/** Starts slow work and waits until Codex is in the middle of it. */
async function startSlowly(topic: string, cwd: string, sandbox = "read-only"): Promise<string> {
  const taskId = `codex-${topic}`;
  await client.call("codex_dispatch", { prompt: "SLOW-WORK", cwd, topic, sandbox });
  await world.until(() => readFileSync(join(folderOf(taskId), "codex-exec.log"), "utf8").includes("echo one"));
  return taskId;
}

test("a log with bytes that are no UTF-8, no JSON, and a torn line in its middle", async () => {
  const taskId = await startSlowly("review-log-v1", world.folder("a"));
  appendFileSync(
    join(folderOf(taskId), "codex-exec.log"),
    Buffer.from([0xff, 0xfe, 0x0a, 0x7b, 0x22, 0x0a, 0x00, 0x0a]),
  );
  expect((await client.call("codex_status", { task_id: taskId })).data).toMatchObject({ status: "running" });
  expect(await world.waitForEnd(client, taskId)).toMatchObject({ status: "completed", result: "Worked." });
});

test("the published record damaged in the middle of a run: the index has it, and it is published anew", async () => {
  const taskId = await startSlowly("review-meta-v1", world.folder("a"));
  writeFileSync(join(folderOf(taskId), "meta.json"), '{"task_id": ');
  expect((await client.call("codex_status", { task_id: taskId })).data).toMatchObject({ status: "running" });
  expect(await world.waitForEnd(client, taskId)).toMatchObject({ status: "completed" });
  expect(JSON.parse(readFileSync(join(folderOf(taskId), "meta.json"), "utf8"))).toMatchObject({ status: "completed" });
});

test("the index lost in the middle of a run: a new server rebuilds it and knows the run", async () => {
  const taskId = await startSlowly("review-index-v1", world.folder("a"));
  for (const suffix of ["", "-wal", "-shm"]) rmSync(join(world.stateHome, `codexmcp.db${suffix}`), { force: true });
  client = await world.client();
  expect((await client.call("codex_status", { task_id: taskId })).data).toMatchObject({ status: "running" });
  expect(await world.waitForEnd(client, taskId)).toMatchObject({ status: "completed", result: "Worked." });
  const { data } = await client.call("codex_status", {});
  expect((data["tasks"] as object[]).length).toBeGreaterThanOrEqual(3);
});

test("the index held by another program: the call waits for it", async () => {
  const other = new Database(join(world.stateHome, "codexmcp.db"));
  // The tasks before this test may still be writing.
  other.run("PRAGMA busy_timeout = 10000");
  other.run("BEGIN IMMEDIATE");
  setTimeout(() => other.run("COMMIT"), 700);
  const answer = await client.call("codex", {
    prompt: "SAY-HELLO",
    cwd: world.root,
    topic: "review-lock-v1",
    sandbox: "read-only",
  });
  expect(answer.data).toMatchObject({ success: true });
  other.close();
});

test("the workspace deleted in the middle of a run: the run and its record stay", async () => {
  const folder = world.folder("goes");
  const taskId = await startSlowly("review-gone-v1", folder);
  rmSync(folder, { recursive: true, force: true });
  expect(await world.waitForEnd(client, taskId)).toMatchObject({ status: "completed", cwd: folder });
});

test("the worktree deleted in the middle of a run: the result stays, the worktree's facts are left out", async () => {
  const repository = await world.repository();
  const taskId = await startSlowly("implement-gone-v1", repository, "full-access");
  rmSync(`${repository}-agent-implement-gone`, { recursive: true });
  const ended = await world.waitForEnd(client, taskId);
  expect(ended).toMatchObject({ status: "completed", result: "Worked." });
  expect(ended["diff_stat"]).toBeUndefined();
});

test("the link, or the whole task folder, gone: the task is still known", async () => {
  const cwd = world.folder("linked");
  await client.call("codex", { prompt: "SAY-HELLO", cwd, topic: "review-link-v1", sandbox: "read-only" });
  rmSync(join(cwd, ".codex-tasks"), { recursive: true, force: true });
  rmSync(folderOf("codex-review-link-v1"), { recursive: true, force: true });
  const status = await client.call("codex_status", { task_id: "codex-review-link-v1", since_event: 0 });
  expect(status.data).toMatchObject({ status: "completed", result: "Hello.", recent_events: [] });
});

test.skipIf(!canMount)(
  "a full disk, a disk that is read only: refused in words, what was there stays, and it works again after",
  async () => {
    const home = world.folder("small-disk");
    mountDisk(home, "1m");
    try {
      mkdirSync(join(home, "state"));
      let small = await world.client({ CODEXMCP_HOME: join(home, "state") });
      const call = (topic: string) =>
        small.call("codex", { prompt: "SAY-HELLO", cwd: world.root, topic, sandbox: "read-only" });
      expect((await call("review-room-v1")).data).toMatchObject({ success: true });
      Bun.spawnSync(["dd", "if=/dev/zero", `of=${join(home, "ballast")}`, "bs=4k"]);
      const refused = await call("review-full-v1");
      expect(refused).toMatchObject({ isError: true, data: { success: false, code: "state_unusable" } });
      expect((await small.call("codex_status", { task_id: "codex-review-room-v1" })).data).toMatchObject({
        result: "Hello.",
      });
      rmSync(join(home, "ballast"));
      expect((await call("review-full-v2")).data).toMatchObject({ success: true });
      // The topic that was refused is free again.
      const again = await call("review-full-v1");
      expect(again.data).toMatchObject({ success: true });

      // A state folder that can only be read. Nobody may have it open for that.
      await small.close();
      await world.until(() => remountDisk(home, "ro"));
      small = await world.client({ CODEXMCP_HOME: join(home, "state") });
      expect(await call("review-unwritable-v1")).toMatchObject({
        isError: true,
        data: { success: false, code: "state_unusable" },
      });
      remountDisk(home, "rw");
      expect((await call("review-unwritable-v1")).data).toMatchObject({ success: true });
      const kept = await small.call("codex_status", { task_id: "codex-review-room-v1" });
      expect(kept.data).toMatchObject({ result: "Hello." });
      await small.close();
    } finally {
      unmountDisk(home);
    }
  },
);

patientTest(
  "a network that never comes is seen, and ended by the idle limit: repeated messages are no progress",
  async () => {
    const dead = new World();
    try {
      await dead.stub.stop();
      const lonely = await dead.client();
      const request = { prompt: "SAY-HELLO", cwd: dead.root, topic: "review-network-v1", sandbox: "read-only" };
      await lonely.call("codex_dispatch", { ...request, idle_timeout_seconds: 3 });
      const task_id = "codex-review-network-v1";
      await dead.until(async () => {
        const { data } = await lonely.call("codex_status", { task_id });
        return data["stalled"] === "waiting for network";
      });
      const ended = await dead.waitForEnd(lonely, task_id);
      expect(ended).toMatchObject({ status: "failed", code: "idle_timeout" });
      expect(ended["error"]).toContain("waiting for the network");
    } finally {
      await dead.close();
    }
  },
);

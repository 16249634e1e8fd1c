import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

// The whole suite is 100 tries: FAULT_ROUNDS=100 npm test -- test/fault
const TRIES = Number(process.env["FAULT_ROUNDS"] ?? 12);

let world: World;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  // Forked, detached twice over, and deaf to polite signals; and a new process every few milliseconds.
  world.stub.script("STUBBORN", [
    {
      run: `setsid sh -c 'trap "" TERM INT HUP; sleep 600' & nohup sh -c 'trap "" TERM INT; sleep 601' >/dev/null 2>&1 &
            trap "" TERM; while :; do sleep 0.02; done`,
    },
    { say: "Never said." },
  ]);
  client = await world.client();
});
afterAll(() => world.close());

const WAYS = {
  cancel: { status: "cancelled", code: "cancelled", limits: {} },
  "tmux kill-session": { status: "cancelled", code: "cancelled", limits: {} },
  "total time-out": { status: "failed", code: "timeout", limits: { timeout_seconds: 1 } },
  "idle time-out": { status: "failed", code: "idle_timeout", limits: { idle_timeout_seconds: 1 } },
} as const;

test(
  `cancelled, timed out, idle or ended by its tmux session at random moments, ${TRIES} times: no process is left`,
  async () => {
    const folder = world.folder("plain");
    for (let index = 0; index < TRIES; index++) {
      const ways = Object.keys(WAYS) as (keyof typeof WAYS)[];
      const way = ways[index % ways.length] as keyof typeof WAYS;
      const topic = `longrun-stop_${index}-v1`;
      const taskId = `codex-${topic}`;
      const sandbox = way === "tmux kill-session" || index % 3 > 0 ? "full-access" : "read-only";
      const request = { prompt: "STUBBORN", cwd: folder, topic, sandbox, ...WAYS[way].limits };
      await client.call("codex_dispatch", request);
      await Bun.sleep(Math.random() * 600);
      if (way === "cancel") {
        await client.call("codex_cancel", { task_id: taskId });
        // When it answers, nothing is left.
        expect(marked(taskId)).toEqual([]);
      }
      if (way === "tmux kill-session") {
        await world.run(world.root, ["tmux", "-S", world.tmuxSocket, "kill-session", "-t", `=${taskId}`]);
      }
      const { status, code } = WAYS[way];
      expect(await world.waitForEnd(client, taskId)).toMatchObject({ status, code });
      expect(marked(taskId)).toEqual([]);
    }
  },
  TRIES * 10_000,
);

test(
  `a cancel from another server while a task is being started, ${TRIES} times: it is cancelled, nothing is left`,
  async () => {
    const other = await world.client();
    const repository = await world.repository();
    for (let index = 0; index < TRIES; index++) {
      const topic = `longrun-early_${index}-v1`;
      const task_id = `codex-${topic}`;
      const sandbox = index % 2 === 0 ? "full-access" : "read-only";
      const dispatched = client.call("codex_dispatch", { prompt: "STUBBORN", cwd: repository, topic, sandbox });
      await Bun.sleep(Math.random() * 40);
      let answer = await other.call("codex_cancel", { task_id });
      while (answer.data["code"] === "unknown_task") answer = await other.call("codex_cancel", { task_id });
      expect(answer.data).toMatchObject({ status: "cancelled" });
      await dispatched;
      await world.until(() => marked(task_id).length === 0);
      const { data } = await other.call("codex_status", { task_id });
      expect(data).toMatchObject({ status: "cancelled", code: "cancelled" });
    }
    await world.until(async () => (await world.sessions()).length === 0);
  },
  TRIES * 10_000,
);

/** Processes that carry the marker of a task, whoever their parents are. */
function marked(taskId: string): string[] {
  const environments = readdirSync("/proc").map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1");
    } catch {
      return "";
    }
  });
  return environments.filter((environment) => /\0CODEXMCP_RUN=[^\0]*/.exec(environment)?.[0].includes(`:${taskId}:`));
}

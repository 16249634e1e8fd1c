import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isFlocked } from "#platform/flock.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  world.stub.script("HANG", [{ run: "for i in 1 2 3; do (sleep 0.2 &); done; echo started" }, { end: "hang" }]);
  client = await world.client();
});
afterAll(() => world.close());

test.if(process.platform !== "win32")(
  "a file in the task's folder is locked for as long as Codex lives, whoever started it",
  async () => {
    const taskId = await start("longrun-lock-v1");
    const lock = join(world.stateHome, "tasks", taskId, "live", "codex-1.lock");
    expect(isFlocked(lock)).toBe(true);
    for (const pid of supervisors(taskId)) process.kill(pid, "SIGKILL");
    await world.until(() => supervisors(taskId).length === 0);
    expect(isFlocked(lock)).toBe(true);
    await client.call("codex_cancel", { task_id: taskId });
    expect(isFlocked(lock)).toBe(false);
  },
);

test.if(process.platform === "linux")(
  "orphans that have ended do not stay with the supervisor as zombies",
  async () => {
    const taskId = await start("longrun-zombies-v1");
    await Bun.sleep(300);
    const [supervisor = 0] = supervisors(taskId);
    await world.until(() => zombiesOf(supervisor).length === 0);
    await client.call("codex_cancel", { task_id: taskId });
  },
);

async function start(topic: string): Promise<string> {
  await client.call("codex_dispatch", { prompt: "HANG", cwd: world.folder(topic), topic, sandbox: "full-access" });
  const taskId = `codex-${topic}`;
  const log = join(world.stateHome, "tasks", taskId, "codex-exec.log");
  await world.until(() => readFileSync(log, "utf8").includes("started"));
  return taskId;
}

function supervisors(taskId: string): number[] {
  const isSupervisor = (command: string) => command.includes(`run-task ${taskId}`) && !/^\S*tmux /.test(command);
  return world.processes().flatMap(({ pid, command }) => (isSupervisor(command) ? [pid] : []));
}

function zombiesOf(parent: number): string[] {
  const stats = readdirSync("/proc").map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "latin1");
    } catch {
      return "";
    }
  });
  return stats.filter((stat) => stat.slice(stat.lastIndexOf(")")).startsWith(`) Z ${parent} `));
}

// Measures the time of codex_status: on a log of 200 MB against one of 2 KB, and for the list of 10,000 tasks.
// Usage: bench:status [rounds]
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildBinary } from "../build.ts";
import type { McpClient } from "../../test/support/mcp-client.ts";
import { writeOldTasks } from "../../test/support/old-tasks.ts";
import { World } from "../../test/support/world.ts";
import { report, type Samples } from "./report.ts";

const rounds = Number(process.argv[2] ?? 25);
const TASKS = 10_000;
const LOG_BYTES = 200 * 1024 * 1024;

await buildBinary();
const world = new World();
try {
  world.stub.script("NEVER-ENDING", [{ end: "hang" }]);
  writeOldTasks(world.stateHome, TASKS);
  // The tasks are old; retention must not remove them while they are listed.
  const client = await world.client({ CODEXMCP_KEEP_TASKS: String(2 * TASKS) });
  const before = performance.now();
  await client.call("codex_status", {});
  console.log(`first call, which takes ${TASKS} tasks into the index: ${Math.round(performance.now() - before)} ms`);
  report("codex_status of one running task", await measureLogs(client));
  report(`codex_status of ${TASKS} tasks`, await measureList(client));
  for (const name of ["small", "large"]) await client.call("codex_cancel", { task_id: `codex-longrun-${name}-v1` });
} finally {
  await world.close();
}

async function measureLogs(client: McpClient): Promise<Samples> {
  for (const name of ["small", "large"]) {
    const request = { prompt: "NEVER-ENDING", cwd: world.root, topic: `longrun-${name}-v1`, sandbox: "read-only" };
    await client.call("codex_dispatch", request);
  }
  const log = join(world.stateHome, "tasks", "codex-longrun-large-v1", "codex-exec.log");
  const item = { id: "item_9", type: "agent_message", text: "x".repeat(1000) };
  const line = `${JSON.stringify({ type: "item.completed", item })}\n`;
  const chunk = line.repeat(1000);
  for (let written = 0; written < LOG_BYTES; written += chunk.length) appendFileSync(log, chunk);
  await Bun.sleep(3000); // the supervisor reads it meanwhile
  const samples: Samples = { "bare log of 2 KB": [], "tool log of 200 MB": [] };
  for (let round = 0; round < rounds; round++) {
    for (const [name, values] of Object.entries(samples)) {
      const task_id = `codex-longrun-${name.startsWith("bare") ? "small" : "large"}-v1`;
      values.push(await time(() => client.call("codex_status", { task_id })));
    }
  }
  return samples;
}

async function measureList(client: McpClient): Promise<Samples> {
  const samples: Samples = { "page of 50": [], "page of 500": [], all: [] };
  const before = residentMiB(client.pid);
  for (let round = 0; round < rounds; round++) {
    samples["page of 50"]?.push(await time(() => client.call("codex_status", {})));
    samples["page of 500"]?.push(await time(() => client.call("codex_status", { limit: 500 })));
    samples["all"]?.push(await time(() => client.call("codex_status", { limit: TASKS })));
  }
  console.log(`\nresident memory of the server: ${before} MiB before the lists, ${residentMiB(client.pid)} MiB after`);
  return samples;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function residentMiB(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kib) / 1024);
}

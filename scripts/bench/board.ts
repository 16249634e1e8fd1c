// Measures the board's server with 500 tasks, one of which has a log of 50 MB and one a diff of 5 MB and 2,000 files: the first state, the time
// from a change to its event, the processor time while nothing happens, its memory under many events, and whether tasks run slower beside it.
// Usage: bench:board [rounds] [tasks]
import { readFileSync } from "node:fs";
import { buildBinary } from "../build.ts";
import { TestBoard } from "../../test/support/board.ts";
import { EventReader } from "../../test/support/board-events.ts";
import { BoardLoad } from "../../test/support/board-load.ts";
import type { McpClient } from "../../test/support/mcp-client.ts";
import { World } from "../../test/support/world.ts";
import { quantile, report, type Samples } from "./report.ts";

const rounds = Number(process.argv[2] ?? 20);
const tasks = Number(process.argv[3] ?? 500);
const IDLE_SECONDS = 10;
const SETTLE_MS = 45_000;
const EVENTS = 3000;

await buildBinary();
await measureServer();
await measureTasks();

async function measureServer(): Promise<void> {
  const world = new World();
  try {
    const load = await BoardLoad.create(world, { tasks, longLogBytes: 50_000_000, hasLargeDiff: true });
    const board = await TestBoard.start(world);
    const samples: Samples = { "first state": [], "state changed": [], "log grew": [] };
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      (await EventReader.open(board)).close();
      samples["first state"]?.push(performance.now() - began);
    }
    const reader = await EventReader.open(board);
    await Bun.sleep(2000);
    console.log(`\none page, nothing happens: ${await idleShare(board)} of one processor`);
    const [id = "", other = ""] = load.ids.running;
    for (let round = 0; round < rounds; round++) {
      samples["state changed"]?.push(
        await timeOf(reader, () => load.change(id, (task) => ({ ...task, title: `${round}` }))),
      );
      await Bun.sleep(300);
      samples["log grew"]?.push(await timeOf(reader, () => load.say(other, `Step ${round}.`)));
    }
    report("event stream", samples);
    await measureMemory(load, board, reader);
    reader.close();
    await Bun.sleep(SETTLE_MS);
    console.log(`no page: ${await idleShare(board)} of one processor`);
    await board.stop();
    load.close();
  } finally {
    await world.close();
  }
}

/** Returns the milliseconds from a change to the next event about it. */
async function timeOf(reader: EventReader, change: () => void): Promise<number> {
  const before = reader.events.length;
  const began = performance.now();
  change();
  return (await reader.next("change", before)).at - began;
}

/** Sends as many events as an hour has. */
async function measureMemory(load: BoardLoad, board: TestBoard, reader: EventReader): Promise<void> {
  const sizes: number[] = [];
  for (let event = 0; event < EVENTS; event++) {
    for (const id of load.ids.running) load.say(id, `Event ${event}: ${"x".repeat(200)}`);
    await Bun.sleep(10);
    if (event % (EVENTS / 5) === 0) sizes.push(residentMiB(board.pid));
    // What the reader keeps is not the server's.
    reader.events.splice(1);
  }
  sizes.push(residentMiB(board.pid));
  console.log(
    `\nmemory of the server over ${EVENTS} events of ${load.ids.running.length} tasks: ${sizes.join(", ")} MiB`,
  );
}

/** Compares the time of a small task with and without a board that shows it. */
async function measureTasks(): Promise<void> {
  const world = new World();
  try {
    world.stub.script("STEPS", [...Array.from({ length: 5 }, () => ({ run: "true" })), { say: "Done." }]);
    const client = await world.client();
    const repository = await world.repository();
    const samples: Samples = { "bare task": [], "board task": [] };
    for (let round = 0; round < rounds; round++) {
      samples["bare task"]?.push(await timeTask(client, repository));
      const board = await TestBoard.start(world);
      const reader = await EventReader.open(board);
      samples["board task"]?.push(await timeTask(client, repository));
      reader.close();
      await board.stop();
    }
    report("one small task", samples);
    const [bare = [], beside = []] = [samples["bare task"], samples["board task"]];
    console.log(`beside a board: ${(quantile(beside, 0.5) / quantile(bare, 0.5)).toFixed(2)} times`);
  } finally {
    await world.close();
  }
}

async function timeTask(client: McpClient, cwd: string): Promise<number> {
  const began = performance.now();
  await client.call("codex", { prompt: "STEPS of a small task", cwd, sandbox: "read-only" });
  return performance.now() - began;
}

async function idleShare(board: TestBoard): Promise<string> {
  const before = processorMs(board.pid);
  await Bun.sleep(IDLE_SECONDS * 1000);
  return `${((processorMs(board.pid) - before) / (IDLE_SECONDS * 10)).toFixed(2)} %`;
}

/** Returns the processor time of a process and of the programs that it has waited for, in milliseconds. */
function processorMs(pid: number): number {
  const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const ticks = fields.split(" ").slice(11, 15).map(Number);
  return ticks.reduce((sum, count) => sum + count, 0) * 10;
}

function residentMiB(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kib) / 1024);
}

// Measures the board's server with 500 tasks, one of which has a log of 50 MB and one a diff of 5 MB and 2,000 files: the first state, the time
// from a change to its event, the processor time while nothing happens, its memory under many events, and whether tasks run slower beside it.
// Also the page: its first paint, and the time from a change until it is shown.
// Usage: bench:board [rounds] [tasks]
import { buildBinary } from "../build.ts";
import { TestBoard } from "../../test/support/board.ts";
import { TestBrowser } from "../../test/support/browser.ts";
import { EventReader } from "../../test/support/board-events.ts";
import { BoardLoad } from "../../test/support/board-load.ts";
import type { McpClient } from "../../test/support/mcp-client.ts";
import { processorMs, residentMiB } from "../../test/support/server-load.ts";
import { World } from "../../test/support/world.ts";
import { measurePage } from "./board-page.ts";
import { quantile, report, type Samples } from "./report.ts";

const rounds = Number(process.argv[2] ?? 20);
const tasks = Number(process.argv[3] ?? 500);
const IDLE_SECONDS = 10;
const SETTLE_MS = 45_000;
const EVENTS = 3000;
const AT_A_TIME = 3;

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
    await measurePage(board, load, 5, 30);
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

/** Compares the time of small tasks, some at a time, with and without a board that shows one of them. */
async function measureTasks(): Promise<void> {
  const world = new World();
  const browser = await TestBrowser.launch();
  try {
    world.stub.script("STEPS", [...Array.from({ length: 5 }, () => ({ run: "true" })), { say: "Done." }]);
    const client = await world.client();
    const repository = await world.repository();
    const samples: Samples = { "bare tasks": [], "board tasks": [] };
    await timeTasks(client, repository);
    for (let round = 0; round < rounds; round++) {
      samples["bare tasks"]?.push(await timeTasks(client, repository));
      const board = await TestBoard.start(world);
      const page = await browser.open(board);
      await page.locator(".card-row").first().waitFor();
      samples["board tasks"]?.push(await timeTasks(client, repository));
      await page.context().close();
      await board.stop();
    }
    report(`${AT_A_TIME} small tasks at a time`, samples);
    const [bare = [], beside = []] = [samples["bare tasks"], samples["board tasks"]];
    const ratios = beside.map((time, round) => time / (bare[round] ?? Number.NaN));
    const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => quantile(ratios, share).toFixed(2));
    console.log(`beside a board: ${middle} times (p10 ${low}, p90 ${high})`);
  } finally {
    await browser.close();
    await world.close();
  }
}

async function timeTasks(client: McpClient, cwd: string): Promise<number> {
  const began = performance.now();
  const request = { prompt: "STEPS of a small task", cwd, sandbox: "read-only" };
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => client.call("codex", request)));
  return performance.now() - began;
}

async function idleShare(board: TestBoard): Promise<string> {
  const before = processorMs(board.pid);
  await Bun.sleep(IDLE_SECONDS * 1000);
  return `${((processorMs(board.pid) - before) / (IDLE_SECONDS * 10)).toFixed(2)} %`;
}

import { afterAll, describe, expect, test } from "bun:test";
import { closingTerminals, type Terminal } from "../support/terminal.ts";
import { BINARY, World } from "../support/world.ts";
import { writeOldTasks } from "../support/old-tasks.ts";

const WIDTHS = [80, 200] as const;
const KEYS = "q quit";
const worlds: World[] = [];
const startTerminal = closingTerminals();

afterAll(async () => {
  for (const world of worlds) await world.close();
});

function newWorld(): World {
  const world = new World();
  worlds.push(world);
  return world;
}

async function watch(world: World, width: number, more: Record<string, string> = {}): Promise<Terminal> {
  // Otherwise old tasks would be removed.
  const variables = { CODEXMCP_KEEP_TASKS: "1000", ...more };
  const terminal = await startTerminal(world, [BINARY, "tasks", "--watch"], { width, height: 20 }, variables);
  await terminal.shows(KEYS);
  return terminal;
}

async function leave(terminal: Terminal): Promise<void> {
  await terminal.press("q");
  const screen = await terminal.shows("[exit 0]");
  expect(screen.join("\n")).not.toContain(KEYS);
}

describe.each(WIDTHS)("tasks --watch, %i columns", (width) => {
  test("says that there are no tasks", async () => {
    const terminal = await watch(newWorld(), width);
    const screen = await terminal.shows("No tasks yet");
    expect(screen[0]).toContain("0 running");
    await leave(terminal);
  });

  test("shows states, tokens and logs, attaches to tasks and cancels them", async () => {
    const world = newWorld();
    world.stub.script("HELLO", [{ say: "I found nothing." }]);
    world.stub.script("REFUSED", [{ httpStatus: 401 }]);
    world.stub.script("ENDLESS", [{ run: "echo in-the-log" }, { say: "Thinking on." }, { end: "hang" }]);
    const client = await world.client();
    const cwd = await world.repository();
    await client.call("codex", { prompt: "HELLO", cwd, topic: "review-hello-v1", sandbox: "read-only" });
    await client.call("codex", { prompt: "REFUSED", cwd, topic: "review-refused-v1", sandbox: "read-only" });
    await client.call("codex_dispatch", { prompt: "ENDLESS", cwd, topic: "implement-it-v1", sandbox: "full-access" });

    const terminal = await watch(world, width);
    const screen = await terminal.shows(/codex-implement-it-v1 +project +● running +\d+s +\d+s ago +\d+/);
    expect(screen[0]).toContain("1 running  0 queued  1 completed  1 failed");
    expect(screen.find((line) => line.includes("review-refused"))).toContain("✗ failed");
    expect(screen.find((line) => line.includes("review-hello"))).toMatch(/✓ completed .* 120/);
    expect(screen.some((line) => line.includes("I found nothing."))).toBe(width === 200);
    for (const line of screen) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width);

    expect(screen[2]).toContain("▶ codex-implement-it-v1");
    await terminal.press("l");
    await terminal.shows("$ echo in-the-log");
    await terminal.press("Tab");
    await terminal.shows("The task is running; it has no result yet.");
    await terminal.press("v");
    await terminal.shows("No changes.");
    await terminal.press("q");
    await terminal.shows(KEYS);

    await terminal.press("a");
    // Codex's own interface, or the log.
    await terminal.shows(/Ask Codex to do anything|\d\d:\d\d:\d\d ● Thinking on\./);
    await terminal.press("C-b", "d");
    await terminal.shows(KEYS);

    await terminal.press("c");
    await terminal.shows("Cancel codex-implement-it-v1? y/n");
    await terminal.press("n");
    await terminal.shows(KEYS);
    await terminal.press("c");
    await terminal.shows("y/n");
    await terminal.press("y");
    await terminal.shows("codex-implement-it-v1: cancelled");
    expect(await world.sessions()).toEqual([]);
    await leave(terminal);
  });

  test("shows as many of 300 tasks as fit, and every one can be reached", async () => {
    const world = newWorld();
    writeOldTasks(world.stateHome, 300);
    const terminal = await watch(world, width);
    const first = await terminal.shows("1/300");
    expect(first).toHaveLength(20);
    expect(first[2]).toContain("▶ codex-review-old_299-v1");
    await terminal.press("End");
    const last = await terminal.shows("300/300");
    expect(last.findLast((line) => line.includes("codex-review"))).toContain("▶ codex-review-old_0-v1");
    await terminal.press("PageUp");
    await terminal.shows("283/300");
    await terminal.press("f");
    await terminal.shows("No tasks are queued or running.");
    await terminal.press("f");
    await terminal.resize({ width: 60, height: 10 });
    await terminal.shows("codex-review-old_299-v1");
    const small = await terminal.screen();
    for (const line of small) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(60);
    await leave(terminal);
  });
});

test("Ctrl-C quits, and NO_COLOR is respected", async () => {
  const world = newWorld();
  const colourful = await watch(world, 80);
  expect((await colourful.screen("-e")).join("\n")).toContain("\u001B[");
  await colourful.press("C-c");
  await colourful.shows("[exit 0]");
  const plain = await watch(world, 80, { NO_COLOR: "1" });
  expect((await plain.screen("-e")).join("\n")).not.toContain("\u001B[");
  await leave(plain);
});

test("without a terminal --watch is refused, with an alternative", () => {
  const run = Bun.spawnSync([BINARY, "tasks", "--watch"], { env: newWorld().environment() });
  expect(run.exitCode).toBe(64);
  expect(run.stderr.toString()).toContain("tasks --json");
});

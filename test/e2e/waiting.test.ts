import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;
let cwd: string;

const LONG_RESULT = `FIRST ${"All is well in this part of the code. ".repeat(140_000)} LAST`;

beforeAll(async () => {
  world = new World();
  world.stub.script("QUICK", [{ say: "Done." }]);
  world.stub.script("SLOW", [{ say: "Looking around." }, { run: "sleep 2.5" }, { say: "Slowly done." }]);
  world.stub.script("ENDLESS", [{ say: "Thinking on." }, { end: "hang" }]);
  world.stub.script("TALKATIVE", [{ say: LONG_RESULT }]);
  client = await world.client();
  cwd = await world.repository();
});
afterAll(() => world.close());

const review = (prompt: string, topic: string) => ({ prompt, cwd, topic, sandbox: "read-only" });

async function cancel(...topics: string[]): Promise<void> {
  for (const topic of topics) await client.call("codex_cancel", { task_id: `codex-${topic}` });
}

/** Calls a tool as a client that wants to know how it goes. @returns when each message came, in milliseconds */
async function callWithProgress(
  name: string,
  args: object,
): Promise<{ at: number; progress: number; message: string }[]> {
  const told: { at: number; progress: number; message: string }[] = [];
  const start = performance.now();
  await client.sdk.callTool({ name, arguments: { ...args } }, CallToolResultSchema, {
    timeout: 60_000,
    onprogress: ({ progress, message = "" }) => void told.push({ at: performance.now() - start, progress, message }),
  });
  return told;
}

describe("codex_wait", () => {
  test("any: comes back with the first that ends, the others as a line each, and what to do next", async () => {
    for (const [prompt, topic] of [
      ["ENDLESS", "review-endless-v1"],
      ["SLOW", "review-slow-v1"],
    ] as const) {
      await client.call("codex_dispatch", review(prompt, topic));
    }
    const task_ids = ["codex-review-endless-v1", "codex-review-slow-v1", "codex-review-slow-v1"];
    const { data, isError } = await client.call("codex_wait", { task_ids, mode: "any" });
    expect(isError).toBe(false);
    expect(data).toEqual({
      done: [expect.objectContaining({ task_id: "codex-review-slow-v1", success: true, result: "Slowly done." })],
      running: [
        {
          task_id: "codex-review-endless-v1",
          topic: "review-endless-v1",
          status: "running",
          elapsed_seconds: expect.any(Number) as number,
          activity: "Thinking on.",
        },
      ],
      next: expect.stringContaining('["codex-review-endless-v1"]') as string,
    });
  });

  test("all: waits no longer than it is told to, and says what runs still", async () => {
    await client.call("codex", review("QUICK", "review-quick-v1"));
    const start = performance.now();
    const task_ids = ["codex-review-quick-v1", "codex-review-endless-v1"];
    const { data } = await client.call("codex_wait", { task_ids, mode: "all", timeout_seconds: 0.5 });
    expect(performance.now() - start).toBeGreaterThan(450);
    expect(data["done"]).toHaveLength(1);
    expect(data["running"]).toHaveLength(1);
    await cancel("review-endless-v1");
    const after = await client.call("codex_wait", { task_ids, mode: "all" });
    expect(after.data).toMatchObject({
      done: [{ status: "completed" }, { status: "cancelled", success: false }],
      running: [],
    });
    expect(after.data["next"]).toBeUndefined();
  });

  test("an unknown task is refused before anything is waited for", async () => {
    const { isError, data } = await client.call("codex_wait", { task_ids: ["codex-review-quick-v1", "codex-none-v1"] });
    expect(isError).toBe(true);
    expect(data).toMatchObject({ code: "unknown_task" });
  });
});

describe("a client's ceiling", () => {
  test("codex answers before it, with the task running on and what to call; codex_wait keeps to it too", async () => {
    const hasty = await world.client({ CODEXMCP_CALL_LIMIT_SECONDS: "2" });
    const start = performance.now();
    const first = await hasty.call("codex", review("SLOW", "review-ceiling-v1"));
    expect(performance.now() - start).toBeLessThan(2000);
    expect(first.isError).toBe(false);
    expect(first.data).toMatchObject({
      task_id: "codex-review-ceiling-v1",
      status: "running",
      next: expect.stringContaining('codex_wait with task_ids ["codex-review-ceiling-v1"]') as string,
    });
    expect(first.data["success"]).toBeUndefined();
    let rounds = 0;
    for (let done: unknown[] = []; done.length === 0; rounds++) {
      const begun = performance.now();
      const { data } = await hasty.call("codex_wait", { task_ids: ["codex-review-ceiling-v1"], timeout_seconds: 600 });
      expect(performance.now() - begun).toBeLessThan(2000);
      done = data["done"] as unknown[];
      if (done.length > 0) expect(done).toMatchObject([{ success: true, result: "Slowly done." }]);
    }
    expect(rounds).toBeLessThanOrEqual(3);
  });

  test("a wrong limit is named", async () => {
    const wrong = await world.client({ CODEXMCP_CALL_LIMIT_SECONDS: "soon" });
    expect((await wrong.call("codex_status", {})).data).toMatchObject({ code: "invalid_configuration" });
  });
});

describe("progress", () => {
  test("from the first second, when something happens, at most once a second", async () => {
    const start = performance.now();
    const told = await callWithProgress("codex", review("SLOW", "review-progress-v1"));
    // The first was there before Codex ran its command, which alone takes 2.5 seconds, however slow the machine.
    expect(performance.now() - start - (told[0]?.at ?? 0)).toBeGreaterThan(2500);
    expect(told.map(({ message }) => message)).toContain("$ sleep 2.5");
    for (let index = 1; index < told.length; index++) {
      const [before, now] = [told[index - 1], told[index]];
      expect(now?.progress).toBeGreaterThan(before?.progress ?? 0);
      expect((now?.at ?? 0) - (before?.at ?? 0)).toBeGreaterThan(800);
    }
  });

  test("also while queued, and of several tasks", async () => {
    const busy = await world.client({ CODEXMCP_MAX_CONCURRENT: "1" });
    const [first, second] = ["review-busy_1-v1", "review-busy_2-v1"] as const;
    await busy.call("codex_dispatch", review("SLOW", first));
    await busy.call("codex_dispatch", review("QUICK", second));
    const told = await callWithProgress("codex_wait", { task_ids: [`codex-${second}`], mode: "all" });
    expect(told[0]?.message).toBe("queued, position 1");
    const both = await callWithProgress("codex_wait", {
      task_ids: [`codex-${first}`, `codex-${second}`],
      mode: "all",
      timeout_seconds: 1,
    });
    expect(both.length).toBeLessThanOrEqual(2);
  });

  test("a client that does not ask is not told", async () => {
    const messages: unknown[] = [];
    client.sdk.fallbackNotificationHandler = async (notification) => void messages.push(notification);
    await client.call("codex", review("QUICK", "review-untold-v1"));
    expect(messages).toEqual([]);
  });
});

describe("an answer's limit", () => {
  test("a message of 5 MB: what is answered fits, the whole is in the task's folder", async () => {
    const { data } = await client.call("codex", review("TALKATIVE", "review-talkative-v1"));
    expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThanOrEqual(30_000);
    const result = String(data["result"]);
    expect(result).toStartWith("FIRST All is well");
    expect(result).toEndWith(" LAST");
    const [, path = "", uri = ""] = /the whole text is in (\S+) and the resource (\S+) …\]/.exec(result) ?? [];
    expect(path).toBe(join(world.stateHome, "tasks", "codex-review-talkative-v1", "result.md"));
    expect(readFileSync(path, "utf8")).toBe(LONG_RESULT);
    const { contents } = await client.sdk.readResource({ uri });
    expect(contents).toMatchObject([{ uri, mimeType: "text/markdown", text: LONG_RESULT }]);
    const shown = await client.call("codex_status", { task_id: "codex-review-talkative-v1", since_event: 0 });
    expect(Buffer.byteLength(JSON.stringify(shown.data))).toBeLessThanOrEqual(30_000);
  });

  test("a list of tasks comes in pages that fit, and none is lost", async () => {
    const small = await world.client({ CODEXMCP_RESULT_LIMIT: "1000" });
    const seen: string[] = [];
    let cursor: unknown;
    do {
      const { data } = await small.call("codex_status", { limit: 100, ...(cursor !== undefined && { cursor }) });
      expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThanOrEqual(1000);
      seen.push(...(data["tasks"] as { task_id: string }[]).map(({ task_id }) => task_id));
      cursor = data["next_cursor"];
    } while (cursor !== undefined);
    const all = (await client.call("codex_status", { limit: 100 })).data["tasks"] as { task_id: string }[];
    expect(seen).toEqual(all.map(({ task_id }) => task_id));
    expect(seen.length).toBeGreaterThan(5);
  });
});

test("the tools' definitions together are small", async () => {
  const { tools } = await client.sdk.listTools();
  expect(Buffer.byteLength(JSON.stringify(tools))).toBeLessThan(14_336);
});

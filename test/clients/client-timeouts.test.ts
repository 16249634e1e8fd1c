// A task of six minutes, and clients that wait for one minute (the SDK's own limit) and for five (Codex's).
// As long as it takes, so only with CODEXMCP_TEST_LONG=1; test/e2e/waiting.test.ts does the same in seconds.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { askCodex, callTasks, giveServerToCodex } from "../support/codex-client.ts";
import { World } from "../support/world.ts";

const isWanted = process.env["CODEXMCP_TEST_LONG"] === "1";
if (!isWanted) console.warn("SKIPPED: a task of six minutes; CODEXMCP_TEST_LONG=1 takes the time");

const ANSWER = "Six minutes of work.";

describe.skipIf(!isWanted)("a task of six minutes", () => {
  let world: World;
  let repo: string;

  beforeAll(async () => {
    world = new World();
    repo = await world.repository();
    const work = Array.from({ length: 12 }, () => ({ run: "sleep 30", yieldMs: 40_000 }));
    world.stub.script("LONG-WORK", [...work, { say: ANSWER }]);
  });
  afterAll(() => world.close());

  const task = (topic: string) => ({ prompt: "LONG-WORK", cwd: repo, topic, sandbox: "read-only" });

  test.concurrent("a client that waits for 60 s, and only asks again as it is told to", async () => {
    const client = await world.client();
    let rounds = 0;
    const call = async (name: string, args: object): Promise<Record<string, unknown>> => {
      rounds++;
      const result = await client.sdk.callTool({ name, arguments: { ...args } }, CallToolResultSchema);
      return result.structuredContent as Record<string, unknown>;
    };
    const first = await call("codex", task("longrun-sixty-v1"));
    expect(first).toMatchObject({ status: "running" });
    const wait = { task_ids: [first["task_id"]], timeout_seconds: 3600 };
    let answer = await call("codex_wait", wait);
    while ((answer["done"] as object[]).length === 0) answer = await call("codex_wait", wait);
    expect(answer).toMatchObject({ done: [{ success: true, result: ANSWER }], running: [] });
    expect(rounds).toBeLessThanOrEqual(9);
  }, 500_000);

  test.concurrent("Codex, which waits for 300 s", async () => {
    giveServerToCodex(world);
    const wait = { task_ids: ["codex-longrun-three_hundred-v1"], timeout_seconds: 3600 };
    world.stub.script("DELEGATE", [
      callTasks("codex", task("longrun-three_hundred-v1")),
      callTasks("codex_wait", wait),
      { say: "I have it." },
    ]);
    await askCodex(world, repo, "DELEGATE it");
    const [first, second] = world.stub.toolOutputs.filter((output) =>
      output.includes("codex-longrun-three_hundred-v1"),
    );
    expect(first).toContain('"status":"running"');
    expect(second).toContain(ANSWER);
  }, 500_000);
});

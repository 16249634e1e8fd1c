// Log messages and resource updates about the ends of a client's tasks, in both protocol revisions.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { dataOf, EndsWorld, endsIn, wireCall, wireEnds } from "../support/ended-since.ts";
import { MODERN, type WireClient, WITH_TASKS } from "../support/wire-client.ts";

let world: EndsWorld;

beforeAll(async () => {
  world = await new EndsWorld().prepare();
});
afterAll(() => world.close());

const messagesTo = (wire: WireClient) => wire.received.filter(({ method }) => method === "notifications/message");

describe("log messages", () => {
  test("a client of the older revisions gets one when a task of its own has ended", async () => {
    const wire = await world.handshake("log reader");
    const other = await world.handshake("other reader");
    await wireCall(wire, "codex_dispatch", world.request("QUICK", "review-logged-v1"));
    await wireCall(other, "codex_dispatch", world.request("ENDLESS", "review-unlogged-v1"));
    const { params } = await wire.until(({ method }) => method === "notifications/message");
    expect(params).toEqual({
      level: "info",
      logger: "codex-mcp-server",
      data: {
        task_id: "codex-review-logged-v1",
        run: 1,
        status: "completed",
        topic: "review-logged-v1",
        outcome: "First line.",
      },
    });
    expect(await wireEnds(wire)).toEqual(["codex-review-logged-v1"]);
    expect(messagesTo(other)).toEqual([]);
    await wireCall(other, "codex_cancel", { task_id: "review-unlogged-v1" });
  });

  test("none below the level that the client has set", async () => {
    const wire = await world.handshake("quiet reader");
    const loud = await world.handshake("quiet reader");
    expect((await wire.ask("logging/setLevel", { level: "warning" })).result).toEqual({});
    expect((await loud.ask("logging/setLevel", { level: "debug" })).result).toEqual({});
    await wireCall(loud, "codex_dispatch", world.request("ENDLESS", "review-level-v1"));
    // Both servers watch the task of their client.
    await wireCall(wire, "codex_status", {});
    await runCli(world, ["cancel", "review-level-v1"]);
    await loud.until(({ method }) => method === "notifications/message");
    await wire.ask("ping");
    expect(messagesTo(wire)).toEqual([]);
  });

  test("in 2026-07-28, only during a request that asks for them", async () => {
    const wire = world.wire();
    const meta = { ...MODERN, "io.modelcontextprotocol/clientInfo": { name: "modern reader", version: "1" } };
    expect((await wire.askModern("server/discover", {}, meta)).result).toMatchObject({ capabilities: { logging: {} } });
    expect((await wire.askModern("logging/setLevel", { level: "info" }, meta)).error?.code).toBe(-32_601);
    await wireCall(wire, "codex_dispatch", world.request("QUICK", "review-silent-v1"), meta);
    await world.untilEnded("review-silent-v1");
    expect(await wireEnds(wire, meta)).toEqual(["codex-review-silent-v1"]);
    await wireCall(wire, "codex_dispatch", world.request("GATED", "review-during-v1"), meta);
    await wireCall(wire, "codex_dispatch", world.request("UNTIL", "review-after-v1"), meta);
    const wait = { task_ids: ["review-after-v1"], timeout_seconds: 50 };
    const waiting = wireCall(wire, "codex_wait", wait, { ...meta, "io.modelcontextprotocol/logLevel": "info" });
    // Its answer shows that the server has the request before it, too.
    await wire.askModern("server/discover", {}, meta);
    writeFileSync(join(world.root, "gate"), "");
    const { params } = await wire.until(({ method }) => method === "notifications/message");
    expect(params).toMatchObject({ level: "info", data: { task_id: "codex-review-during-v1", status: "completed" } });
    writeFileSync(join(world.root, "go-on"), "");
    const data = dataOf(await waiting);
    expect(data["done"]).toHaveLength(1);
    expect(endsIn({ data })).toEqual(["codex-review-during-v1"]);
    expect(messagesTo(wire)).toHaveLength(1);
  });

  test("a result that the Tasks extension delivers is told with that", async () => {
    const wire = world.wire();
    const meta = { ...WITH_TASKS, "io.modelcontextprotocol/clientInfo": { name: "task reader", version: "1" } };
    const { result } = await wireCall(wire, "codex", world.request("QUICK", "review-extension-v1"), meta);
    const taskId = String(result?.["taskId"]);
    await world.untilEnded("review-extension-v1");
    await wireCall(wire, "codex_dispatch", world.request("QUICK", "review-beside-v1"), meta);
    await world.untilEnded("review-beside-v1");
    const { result: task } = await wire.askModern("tasks/get", { taskId }, meta);
    const data = dataOf({ result: task?.["result"] as Record<string, unknown> });
    expect(data["task_id"]).toBe("codex-review-extension-v1");
    const told = [...endsIn({ data }), ...(await wireEnds(wire, meta))];
    // The answer to the dispatch has reported the first one if it had ended by then.
    expect(told).toEqual(["codex-review-beside-v1"]);
  });
});

test("commands start no tasks of clients, and a subscription to a result announces its end", async () => {
  await runCli(world, ["run", "--topic", "review-command-v1", "QUICK"], {}, world.repo);
  const wire = await world.handshake("subscriber");
  expect(await wireEnds(wire)).toEqual([]);
  await wireCall(wire, "codex_dispatch", world.request("ENDLESS", "review-subscribed-v1"));
  const uri = "codex://tasks/codex-review-subscribed-v1/result";
  expect((await wire.ask("resources/subscribe", { uri })).result).toEqual({});
  await runCli(world, ["cancel", "review-subscribed-v1"]);
  const { params } = await wire.until(({ method }) => method === "notifications/resources/updated");
  expect(params).toEqual({ uri });
  const meta = JSON.parse(
    readFileSync(join(world.stateHome, "tasks", "codex-review-subscribed-v1", "meta.json"), "utf8"),
  ) as Record<string, unknown>;
  expect(meta["client_key"]).toMatch(/^[0-9a-f]{32}$/);
});

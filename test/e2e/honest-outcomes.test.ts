import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { CODEX, World } from "../support/world.ts";

let world: World;
let cwd: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  world.stub.script("HELLO", [{ say: "Hello." }]);
  world.stub.script("ENDLESS", [{ run: "echo begun" }, { run: "sleep 600" }, { say: "Never said." }]);
  cwd = await world.repository();
  client = await world.client();
});
afterAll(() => world.close());

test("tokens are known while a task runs, and kept when it is cancelled", async () => {
  const { data } = await client.call("codex_dispatch", { prompt: "ENDLESS", cwd, topic: "tokens-of-a-cancelled-one" });
  const task_id = String(data["task_id"]);
  let running: Record<string, unknown> = {};
  await world.until(async () => {
    running = (await client.call("codex_status", { task_id })).data;
    return running["usage"] !== undefined;
  });
  expect(running).toMatchObject({ status: "running", usage: { output_tokens: expect.any(Number) as number } });
  await client.call("codex_cancel", { task_id });
  const ended = await client.call("codex_status", { task_id });
  expect(ended.data).toMatchObject({ status: "cancelled" });
  expect((ended.data["usage"] as { output_tokens: number }).output_tokens).toBeGreaterThanOrEqual(20);
});

test("a Codex that starts a new session instead of resuming is no success", async () => {
  const first = await client.call("codex", { prompt: "HELLO", cwd, topic: "resumed-by-a-forgetful-one" });
  const forgetful = join(world.root, "forgetful-codex");
  const script = `#!/bin/sh\nfor word; do shift; case $word in resume) skip=1;; *) [ "$skip" = 1 ] && skip= || set -- "$@" "$word";; esac; done\nexec '${CODEX}' "$@"\n`;
  writeFileSync(forgetful, script);
  chmodSync(forgetful, 0o755);
  // An app-server is asked for the session by its id, and the answer has it.
  const other = await world.client({ CODEXMCP_CODEX_BIN: forgetful, CODEXMCP_ENGINE: "exec" });
  const { data } = await other.call("codex", { prompt: "HELLO", resume: first.data["task_id"] });
  expect(data).toMatchObject({ success: false, code: "unknown_session" });
  expect(String(data["error"])).toContain(String(first.data["session_id"]));
});

test("tasks of a folder are found by whatever name it is asked for", async () => {
  const folder = await world.repository("named-in-many-ways");
  mkdirSync(join(folder, "sub"));
  const link = join(world.root, "link-to-it");
  symlinkSync(folder, link);
  const names = [folder, `${folder}/`, link, join(folder, "sub") + "/.."];
  for (const [index, name] of names.entries()) {
    await client.call("codex", { prompt: "HELLO", cwd: name, topic: `named-${index}` });
  }
  for (const name of names) {
    expect((await client.call("codex_status", { cwd: name })).data["tasks"]).toHaveLength(names.length);
  }
});

test("the list says what was asked and what came of it, for the project the server is in", async () => {
  const here = await world.repository("listed");
  const local = await world.client({}, here);
  for (let index = 0; index < 11; index++) await local.call("codex", { prompt: `HELLO number ${index}` });
  const { data } = await local.call("codex_status", {});
  const tasks = data["tasks"] as Record<string, unknown>[];
  expect(tasks).toHaveLength(10);
  expect(tasks[0]).toMatchObject({ asked: "HELLO number 10", outcome: "Hello." });
  expect(tasks.every((task) => task["cwd"] === here)).toBe(true);
  expect(String(data["note"])).toContain("all: true");
  const all = (await local.call("codex_status", { all: true })).data["tasks"] as Record<string, unknown>[];
  expect(new Set(all.map((task) => task["cwd"])).size).toBeGreaterThan(1);
});

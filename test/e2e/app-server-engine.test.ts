import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { taskPaths } from "#store/store-paths.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let cwd: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  client = await world.client({ CODEXMCP_ENGINE: "app-server" });
});
afterAll(() => world.close());

/** Returns the place of a task's socket, which Codex names after the path that it was given. */
function socketOf(taskId: string): string {
  const path = taskPaths(world.stateHome, taskId).appServer;
  const name = new Bun.CryptoHasher("sha256").update(path).digest("hex");
  return join("/tmp", `codex-daemon-${process.getuid?.()}`, name);
}

test("no repository becomes trusted, none of its MCP servers starts, and no socket is left", async () => {
  const started = join(world.root, "mcp-server-started");
  mkdirSync(join(cwd, ".codex"), { recursive: true });
  writeFileSync(
    join(cwd, ".codex", "config.toml"),
    `[mcp_servers.planted]\ncommand = "sh"\nargs = ["-c", "touch ${started}"]\n`,
  );
  const config = join(world.codexHome, "config.toml");
  const before = readFileSync(config, "utf8");
  world.stub.script("TRUST", [{ run: "true" }, { say: "Done." }]);
  const tasks: string[] = [];
  for (const sandbox of ["read-only", "workspace-write", "full-access"]) {
    const { data } = await client.call("codex", { prompt: "TRUST", cwd, sandbox });
    expect(data).toMatchObject({ success: true });
    tasks.push(String(data["task_id"]));
  }
  world.stub.script("STOPPED", [{ run: "sleep 432" }, { say: "Never." }]);
  const { data } = await client.call("codex_dispatch", { prompt: "STOPPED", cwd });
  await world.until(() => world.processes().some(({ command }) => command.endsWith("sleep 432")));
  tasks.push(String(data["task_id"]));
  expect(existsSync(socketOf(tasks[3] ?? ""))).toBe(true);
  await client.call("codex_cancel", { task_id: data["task_id"] });
  expect(readFileSync(config, "utf8")).toBe(before);
  for (const taskId of tasks) expect(existsSync(socketOf(taskId))).toBe(false);
  expect(existsSync(started)).toBe(false);
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
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
  client = await world.client();
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

/** Makes a Codex that is the real one, but for its app-server, which runs this shell script instead. */
function codexWhoseServer(name: string, script: string): string {
  const real = world.environment()["CODEXMCP_CODEX_BIN"] ?? "";
  const path = join(world.root, "bin", name);
  const lines = ["#!/bin/sh", `case "$*" in *app-server*--listen*) ${script} ;; esac`, `exec "${real}" "$@"`];
  writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o755 });
  return path;
}

describe("an app-server that cannot be used is replaced by codex exec", () => {
  for (const [name, script] of [
    ["ends at once", "exit 3"],
    ["is ended by a signal", "kill -9 $$"],
    ["serves something else", `exec "$REAL" app-server --listen off`],
  ] as const) {
    test(name, async () => {
      const codex = codexWhoseServer(name.replaceAll(" ", "-"), script);
      const other = await world.client({ CODEXMCP_CODEX_BIN: codex });
      world.stub.script("EITHER WAY", [{ run: "true" }, { say: "By exec." }]);
      const { data } = await other.call("codex", { prompt: "EITHER WAY", cwd, sandbox: "full-access" });
      expect(data).toMatchObject({ success: true, result: "By exec.", exit_code: 0 });
      const { log } = taskPaths(world.stateHome, String(data["task_id"]));
      expect(readFileSync(log, "utf8")).toContain("this task runs with codex exec");
    });
  }
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { taskPaths } from "#store/store-paths.ts";
import { appServerTest, HAS_APP_SERVER } from "../support/newer-codex.ts";
import { daemonFilesOf, isCodexCommand, socketOfTask } from "../support/engines.ts";
import { isCodexFrom } from "../support/codex-version.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

const CODEXMCP_ENGINE = "app-server";
// The whole suite is 17 rounds of three tasks.
const ROUNDS = Number(process.env["TASK_ROUNDS"] ?? 1);

let world: World;
let cwd: string;
let temporary: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  temporary = world.folder("temporary");
  client = await world.client({ CODEXMCP_ENGINE, TMPDIR: temporary });
});
afterAll(() => world.close());

const socketsOf = (taskId: string) =>
  daemonFilesOf(socketOfTask(world.stateHome, taskId)).filter((path) => existsSync(path));

/** Starts a task that is running a command. */
async function startSleeping(prompt: string, sandbox: string): Promise<string> {
  world.stub.script(prompt, [{ run: `sleep 432; echo ${prompt}` }, { say: "Never." }]);
  const { data } = await client.call("codex_dispatch", { prompt, cwd, sandbox });
  await world.until(() => world.processes().some(({ command }) => command.includes(`sleep 432; echo ${prompt}`)));
  return String(data["task_id"]);
}

appServerTest(
  "the user's configuration stays as it is, no MCP server of a repository starts, nothing is left in /tmp",
  async () => {
    const started = join(world.root, "mcp-server-started");
    mkdirSync(join(cwd, ".codex"), { recursive: true });
    writeFileSync(
      join(cwd, ".codex", "config.toml"),
      `[mcp_servers.planted]\ncommand = "sh"\nargs = ["-c", "touch ${started}"]\n`,
    );
    await world.git(cwd, "add", ".");
    await world.git(cwd, "commit", "-qm", "Planted");
    const config = join(world.codexHome, "config.toml");
    const before = readFileSync(config, "utf8");
    world.stub.script("TRUST", [{ run: "true" }, { say: "Done." }]);
    const tasks: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const sandbox of ["read-only", "workspace-write", "full-access"]) {
        const { data } = await client.call("codex", { prompt: "TRUST", cwd, sandbox, topic: `trust-${round}` });
        expect(data).toMatchObject({ success: true });
        tasks.push(String(data["task_id"]));
      }
    }
    const stopped = await startSleeping("STOPPED", "workspace-write");
    // Earlier versions put the socket where they are told to, if its path is not too long.
    if (isCodexFrom("0.156.0")) expect(socketsOf(stopped)).toHaveLength(2);
    await client.call("codex_cancel", { task_id: stopped });
    const killed = await startSleeping("KILLED", "read-only");
    for (const { pid, command } of world.processes()) {
      if (isCodexCommand(command) || command.includes("run-task")) process.kill(pid, "SIGKILL");
    }
    expect(await world.waitForEnd(client, killed)).toMatchObject({ status: "failed" });
    expect([...tasks, stopped, killed].flatMap(socketsOf)).toEqual([]);
    // Codex's own sandbox leaves mount points there, with either engine.
    expect(readdirSync(temporary).filter((name) => name.startsWith("codexmcp"))).toEqual([]);
    expect(readFileSync(config, "utf8")).toBe(before);
    expect(existsSync(started)).toBe(false);
  },
  ROUNDS * 10_000 + 50_000,
);

/** Makes a Codex that is the real one, but for its app-server, which runs this shell script instead. */
function codexWhoseServer(name: string, script: string): string {
  const real = world.environment()["CODEXMCP_CODEX_BIN"] ?? "";
  const path = join(world.root, "bin", name);
  const lines = ["#!/bin/sh", `case "$*" in *app-server*--listen*) ${script} ;; esac`, `exec "${real}" "$@"`];
  writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o755 });
  return path;
}

describe.skipIf(!HAS_APP_SERVER)("an app-server that cannot be used is replaced by codex exec", () => {
  for (const [name, script] of [
    ["ends at once", "exit 3"],
    ["is ended by a signal", "kill -9 $$"],
    ["serves something else", `exec "$REAL" app-server --listen off`],
  ] as const) {
    test(name, async () => {
      const codex = codexWhoseServer(name.replaceAll(" ", "-"), script);
      const other = await world.client({ CODEXMCP_CODEX_BIN: codex, CODEXMCP_ENGINE });
      world.stub.script("EITHER WAY", [{ run: "true" }, { say: "By exec." }]);
      const { data } = await other.call("codex", { prompt: "EITHER WAY", cwd, sandbox: "full-access" });
      expect(data).toMatchObject({ success: true, result: "By exec.", exit_code: 0 });
      const { log } = taskPaths(world.stateHome, String(data["task_id"]));
      expect(readFileSync(log, "utf8")).toContain("app-server could not be used, so the run begins again");
    });
  }
});

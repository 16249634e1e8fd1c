import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { identifyProcess } from "#platform/process/identity.ts";
import { isCodexCommand } from "../support/engines.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;
let repository: string;

beforeAll(async () => {
  world = new World();
  world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
  world.stub.script("SLOW-WORK", [{ run: "echo work > work.txt" }, { delayMs: 1500 }, { say: "Worked." }]);
  // What a real agent's command can do: detach, ignore signals, leave its session.
  world.stub.script("STUBBORN", [
    { run: "setsid sh -c 'trap \"\" TERM INT HUP; sleep 600' & nohup sleep 601 >/dev/null 2>&1 & sleep 602" },
    { say: "Never said." },
  ]);
  world.stub.script("SHOW-ENV", [{ run: "printenv PROJECT_SECRET CODEX_HOME | sort" }, { say: "Shown." }]);
  repository = await world.repository();
});

afterAll(() => world.close());

test("the server killed in the middle of a full-access run: the run ends and a new server gives its result", async () => {
  const first = await world.client();
  const request = { prompt: "SLOW-WORK", cwd: repository, topic: "implement-slow-v1", sandbox: "full-access" };
  void first.call("codex", request).catch(() => undefined);
  await world.until(async () => (await world.sessions()).includes("codex-implement-slow-v1"));
  process.kill(first.pid, "SIGKILL");
  const second = await world.client();
  expect(await world.waitForEnd(second, "codex-implement-slow-v1")).toMatchObject({
    status: "completed",
    result: "Worked.",
    mode: "blocking",
    diff_stat: "1 file changed, 1 insertion(+)",
    commits_ahead: 1,
    uncommitted_changes: [],
  });
});

test("a cancel leaves no process of the task, however stubborn, for both sandboxes", async () => {
  const client = await world.client();
  for (const sandbox of ["read-only", "full-access"]) {
    const id = `codex-longrun-${sandbox.replace("-", "_")}-v1`;
    const topic = id.replace("codex-", "");
    await client.call("codex_dispatch", { prompt: "STUBBORN", cwd: repository, topic, sandbox });
    await world.until(() => world.processes().filter(({ command }) => command.startsWith("sleep 60")).length === 3);
    const answer = await client.call("codex_cancel", { task_id: id });
    expect(answer.data).toMatchObject({ task_id: id, status: "cancelled" });
    // MCP servers stay, and tmux's own may take a moment to leave after its last session: it has no command line while it exits.
    const left = world
      .processes()
      .filter(({ command }) => command !== BINARY && command !== "" && !/^\S*(?:tmux|utempter) /.test(command));
    expect(left).toEqual([]);
    expect(await world.sessions()).toEqual([]);
    const again = await client.call("codex_cancel", { task_id: id });
    expect(again.data).toMatchObject({ task_id: id, status: "cancelled" });
    const status = await client.call("codex_status", { task_id: id });
    expect(status.data).toMatchObject({ status: "cancelled", code: "cancelled" });
  }
}, 60_000);

test("ending the tmux session is a cancel", async () => {
  const client = await world.client();
  const request = { prompt: "STUBBORN", cwd: repository, topic: "longrun-ended-v1", sandbox: "full-access" };
  await client.call("codex_dispatch", request);
  await world.until(() => world.processes().filter(({ command }) => command.startsWith("sleep 60")).length === 3);
  await $`tmux -S ${world.tmuxSocket} kill-session -t =codex-longrun-ended-v1`.env(world.environment()).quiet();
  expect(await world.waitForEnd(client, "codex-longrun-ended-v1")).toMatchObject({ status: "cancelled" });
  await world.until(() => world.processes().filter(({ command }) => command.startsWith("sleep 60")).length === 0);
});

test("the tmux server killed: the pane is lost, the run goes on", async () => {
  const client = await world.client();
  const request = { prompt: "SLOW-WORK", cwd: repository, topic: "implement-paneless-v1", sandbox: "full-access" };
  await client.call("codex_dispatch", request);
  await world.until(() => readLog("codex-implement-paneless-v1").includes("turn.started"));
  const server = await world.run(world.root, ["tmux", "-S", world.tmuxSocket, "display-message", "-p", "#{pid}"]);
  process.kill(Number(server), "SIGKILL");
  expect(await world.waitForEnd(client, "codex-implement-paneless-v1")).toMatchObject({
    status: "completed",
    result: "Worked.",
    diff_stat: "1 file changed, 1 insertion(+)",
  });
});

test("what a task has left in the background ends with it", async () => {
  const client = await world.client();
  world.stub.script("LEAVES-A-SERVER", [
    { run: "setsid nohup sleep 611 >/dev/null 2>&1 & echo started" },
    { say: "Started." },
  ]);
  const request = { prompt: "LEAVES-A-SERVER", cwd: repository, topic: "implement-server-v1", sandbox: "full-access" };
  expect((await client.call("codex", request)).data).toMatchObject({ success: true, result: "Started." });
  await world.until(() => !world.processes().some(({ command }) => command.includes("sleep 611")));
});

/** Starts a task, kills its supervisor in its turn, and waits for its end. */
async function runWithKilledSupervisor(topic: string, sandbox: string) {
  const client = await world.client();
  await client.call("codex_dispatch", { prompt: "SLOW-WORK", cwd: repository, topic, sandbox });
  const supervisor = () => world.processes().find(({ command }) => command.includes(`run-task codex-${topic}`));
  await world.until(() => supervisor() !== undefined && readLog(`codex-${topic}`).includes("turn.started"));
  process.kill(supervisor()?.pid ?? 0, "SIGKILL");
  return world.waitForEnd(client, `codex-${topic}`);
}

test("the supervisor killed: a new one goes on with the run, and its result is not lost", async () => {
  expect(await runWithKilledSupervisor("review-orphan-v1", "read-only")).toMatchObject({
    status: "completed",
    result: "Worked.",
  });
});

test("the supervisor killed: a new one commits what Codex left, whose exit status it may not know", async () => {
  expect(await runWithKilledSupervisor("implement-orphan-v1", "workspace-write")).toMatchObject({
    status: "completed",
    commits_ahead: 1,
    uncommitted_changes: [],
  });
});

test("supervisor and Codex killed: the task has failed, and says so", async () => {
  const client = await world.client();
  const request = { prompt: "SLOW-WORK", cwd: repository, topic: "review-dead-v1", sandbox: "read-only" };
  await client.call("codex_dispatch", request);
  await world.until(() => readLog("codex-review-dead-v1").includes("turn.started"));
  const isOfTask = (command: string) => command.includes("run-task") || isCodexCommand(command);
  const ofTask = world.processes().filter(({ command }) => isOfTask(command));
  for (const { pid } of ofTask) process.kill(pid, "SIGKILL");
  expect(await world.waitForEnd(client, "codex-review-dead-v1")).toMatchObject({
    status: "failed",
    code: "supervisor_lost",
  });
});

test("the server's environment reaches Codex through an older tmux server, and stands nowhere", async () => {
  // An older tmux server, started with an environment of its own.
  const older = world.environment({ PROJECT_SECRET: "of-the-tmux-server", CODEX_HOME: "/nowhere" });
  await $`tmux -S ${world.tmuxSocket} new-session -d -s older sleep 300`.env(older).quiet();
  const secret = "s3cret-of-the-client";
  const client = await world.client({ PROJECT_SECRET: secret, CODEX_HOME: world.codexHome });
  const request = { prompt: "SHOW-ENV", cwd: repository, topic: "test-env-v1", sandbox: "full-access" };
  const argvs = new Set<string>();
  const watcher = setInterval(() => {
    for (const { command } of world.processes()) argvs.add(command);
  }, 2);
  const answer = await client.call("codex", request);
  clearInterval(watcher);
  expect(answer.data).toMatchObject({ success: true });
  expect(readLog("codex-test-env-v1")).toContain(JSON.stringify(`${world.codexHome}\n${secret}\n`).slice(1, -1));
  expect([...argvs].some((argv) => argv.includes("run-task codex-test-env-v1"))).toBe(true);
  expect([...argvs].filter((argv) => argv.includes(secret))).toEqual([]);
  const files = readdirSync(world.stateHome, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const holding = files.filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(secret));
  // The log holds it because this very task was told to print it.
  expect(holding.map((entry) => entry.name)).toEqual(["codex-exec.log"]);
  await $`tmux -S ${world.tmuxSocket} kill-session -t =older`.env(world.environment()).quiet();
});

test("a hostile .env and bunfig.toml in the workspace are not read, and stdout carries the protocol alone", async () => {
  const hostile = world.folder("hostile");
  await Bun.write(join(hostile, ".env"), "CODEXMCP_HOME=/nowhere/at/all\nCODEXMCP_KEEP_TASKS=broken\n");
  await Bun.write(join(hostile, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
  await Bun.write(
    join(hostile, "evil.ts"),
    `await Bun.write(${JSON.stringify(join(world.root, "pwned"))}, "x"); console.log("pwned");`,
  );
  const client = await world.client({ CODEXMCP_LOG_LEVEL: "debug" }, hostile);
  const request = { prompt: "SAY-HELLO", cwd: hostile, sandbox: "full-access", topic: "implement-hostile-v1" };
  expect(await client.call("codex", request)).toMatchObject({ isError: false });
  expect(await client.call("codex", { ...request, sandbox: "read-only", topic: "review-hostile-v1" })).toMatchObject({
    isError: false,
  });
  expect(existsSync(join(world.root, "pwned"))).toBe(false);

  const raw = Bun.spawn([BINARY], {
    cwd: hostile,
    env: world.environment({ CODEXMCP_LOG_LEVEL: "debug" }),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const lines = [
    {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
    },
    { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "codex_status", arguments: {} } },
  ];
  void raw.stdin.write(`${lines.map((line) => JSON.stringify(line)).join("\n")}\nthis is no JSON\n`);
  await raw.stdin.end();
  const output = (await new Response(raw.stdout).text()).trimEnd().split("\n");
  const ids = output.map((line) => String((JSON.parse(line) as { id: number | null }).id));
  expect(ids.toSorted()).toEqual(["1", "2", "null"]);
  expect(await raw.exited).toBe(0);
});

test("however clients stop their servers, no server is left and no task is harmed", async () => {
  const ways: Record<string, (client: McpClient) => Promise<void>> = {
    "end of input": (client) => client.close(),
    "SIGINT, then SIGTERM": async ({ pid }) => {
      process.kill(pid, "SIGINT");
      await Bun.sleep(100); // as Claude Code does
      if (isAlive(pid)) process.kill(pid, "SIGTERM");
    },
    "SIGTERM and end of input": async (client) => {
      process.kill(client.pid, "SIGTERM");
      await client.close();
    },
  };
  for (const [index, stop] of Object.values(ways).entries()) {
    const client = await world.client();
    const { pid } = client;
    const request = { prompt: "SLOW-WORK", cwd: repository, topic: `review-stop_${index}-v1`, sandbox: "read-only" };
    void client.call("codex", request).catch(() => undefined);
    await world.until(() => readLog(`codex-review-stop_${index}-v1`).includes("turn.started"));
    await stop(client);
    await world.until(() => !isAlive(pid));
    const next = await world.client();
    expect(await world.waitForEnd(next, `codex-review-stop_${index}-v1`)).toMatchObject({ status: "completed" });
  }
});

function isAlive(pid: number): boolean {
  return identifyProcess(pid) !== undefined;
}

function readLog(taskId: string): string {
  const path = join(world.stateHome, "tasks", taskId, "codex-exec.log");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

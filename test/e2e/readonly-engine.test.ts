import { afterAll, beforeAll, expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { taskPaths } from "#store/store-paths.ts";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { appServerTest as test } from "../support/newer-codex.ts";
import { Terminal } from "../support/terminal.ts";
import { BINARY, World } from "../support/world.ts";

// Under the read-only fallback the app-server cannot open a socket, so it is talked to through pipes.

const CODEXMCP_ENGINE = "app-server";

let world: World;
let cwd: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  client = await world.client({ CODEXMCP_ENGINE, CODEXMCP_READONLY_FALLBACK: "1" });
});
afterAll(() => world.close());

/** Starts a read-only task whose model waits after its first command until the returned function is called. */
async function startGated(prompt: string, ...more: { run: string }[]) {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.stub.script(prompt, [{ run: `echo begun-${prompt}` }, ...more, { until: () => promise }, { say: "Read." }]);
  const { data } = await client.call("codex_dispatch", { prompt, cwd, sandbox: "read-only" });
  const taskId = String(data["task_id"]);
  const { log } = taskPaths(world.stateHome, taskId);
  await world.until(() => readFileSync(log, "utf8").includes('"exit_code":0'));
  return { taskId, open: resolve };
}

const wait = async (taskId: string) =>
  (await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 30 })).data["done"];
const lastRequest = () => JSON.stringify(world.stub.requests.at(-1));
const CLEAN = { readonly_audit: { verdict: "CLEAN", enforcement: "landlock" } };

test("a confined task takes a message into its running turn, and leaves no pipe behind", async () => {
  const { taskId, open } = await startGated("CONFINED");
  const { data } = await client.call("codex_send", { task_id: taskId, message: "Mind the tests." });
  expect(data).toMatchObject({ delivery: "steered" });
  open();
  expect(await wait(taskId)).toMatchObject([{ success: true, result: "Read.", ...CLEAN }]);
  expect(lastRequest()).toContain("Mind the tests.");
  const { appServerInput, appServerOutput } = taskPaths(world.stateHome, taskId);
  expect([appServerInput, appServerOutput].filter(existsSync)).toEqual([]);
});

test("a confined task cannot be joined: show and attach name its log instead", async () => {
  const { taskId, open } = await startGated("ALONE");
  const { stdout } = await runCli(world, ["show", taskId]);
  expect(stdout).toContain(`codex-mcp-server logs -f ${taskId}`);
  const terminal = await Terminal.start(world, [BINARY, "attach", taskId], { width: 200, height: 20 });
  await terminal.shows("it runs without tmux, and it runs under the read-only fallback");
  await terminal.close();
  open();
  expect(await wait(taskId)).toMatchObject([{ success: true }]);
});

test("a confined task whose supervisor was killed is taken over, takes messages, and has each item once", async () => {
  const { taskId, open } = await startGated("ADOPTED");
  const isSupervisor = (command: string) => command.includes(`run-task ${taskId}`);
  const supervisor = world.processes().find(({ command }) => isSupervisor(command));
  if (supervisor === undefined) throw new Error("no supervisor");
  process.kill(supervisor.pid, "SIGKILL");
  const sent = await client.call("codex_send", { task_id: taskId, message: "Still there?" });
  expect(sent.data).toMatchObject({ delivery: "steered" });
  open();
  expect(await wait(taskId)).toMatchObject([{ success: true, result: "Read.", ...CLEAN }]);
  const log = readFileSync(taskPaths(world.stateHome, taskId).log, "utf8").trim().split("\n");
  const ids = log.flatMap((line) => /^\{"type":"item\.completed","item":\{"id":"([^"]+)"/.exec(line)?.[1] ?? []);
  expect(ids.length).toBeGreaterThan(2);
  expect(new Set(ids).size).toBe(ids.length);
});

test("a message that is larger than a pipe arrives whole", async () => {
  const { taskId, open } = await startGated("LARGE");
  const message = `${"long line ".repeat(60_000)}END`;
  expect((await client.call("codex_send", { task_id: taskId, message })).data).toMatchObject({ delivery: "steered" });
  open();
  expect(await wait(taskId)).toMatchObject([{ success: true, ...CLEAN }]);
  expect(lastRequest()).toContain(message);
});

test("the agent's commands can neither write to the pipes nor open a socket of their own", async () => {
  const attempt = [
    "import os, socket, glob",
    `for path in glob.glob(${JSON.stringify(join(world.stateHome, "tasks", "*", "live", "app-server.*"))}):`,
    "    try: open(path, 'ab', buffering=0).write(b'{}\\n'); print('WROTE', path)",
    "    except OSError as error: print('refused', error.errno)",
    "try: socket.socket(socket.AF_UNIX); print('SOCKET')",
    "except OSError as error: print('refused', error.errno)",
  ];
  const script = join(world.root, "attempt.py");
  writeFileSync(script, `${attempt.join("\n")}\n`);
  const { taskId, open } = await startGated("HOSTILE", { run: `python3 ${script}` });
  const { log } = taskPaths(world.stateHome, taskId);
  await world.until(() => readFileSync(log, "utf8").split('"exit_code":0').length > 2);
  const written = readFileSync(log, "utf8");
  expect(written.match(/refused/g)?.length).toBeGreaterThanOrEqual(3);
  expect(written).not.toMatch(/WROTE|SOCKET\\n/);
  open();
  expect(await wait(taskId)).toMatchObject([{ success: true, result: "Read." }]);
});

test("where the app-server cannot be used, the task is confined with codex exec", async () => {
  const real = world.environment()["CODEXMCP_CODEX_BIN"] ?? "";
  const path = join(world.root, "bin", "codex-without-server");
  const lines = ["#!/bin/sh", 'case "$*" in *app-server*--listen*) exit 3 ;; esac', `exec "${real}" "$@"`];
  writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o755 });
  const other = await world.client({ CODEXMCP_ENGINE, CODEXMCP_READONLY_FALLBACK: "1", CODEXMCP_CODEX_BIN: path });
  world.stub.script("EITHER WAY", [{ run: "true" }, { say: "By exec." }]);
  const { data } = await other.call("codex", { prompt: "EITHER WAY", cwd, sandbox: "read-only" });
  expect(data).toMatchObject({ success: true, result: "By exec.", ...CLEAN });
});

test("a command is judged, too, if the model gives its call the name of another one", async () => {
  const run = (cmd: string) => ({ call: "exec_command", id: "same", args: { cmd } });
  world.stub.script("ONE-AFTER-ANOTHER", [run("ls"), run("touch hidden.txt"), { say: "Done." }]);
  world.stub.script("AT-ONCE", [{ ...run("touch hidden.txt"), hasMore: true }, run("ls"), { say: "Done." }]);
  for (const prompt of ["ONE-AFTER-ANOTHER", "AT-ONCE"]) {
    const { data } = await client.call("codex", { prompt, cwd });
    const violations = [{ kind: "command", command: "touch hidden.txt" }];
    expect(data).toMatchObject({ readonly_audit: { verdict: "VIOLATION", violations } });
  }
});

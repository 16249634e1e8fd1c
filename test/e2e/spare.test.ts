import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readMeta } from "#store/tasks/meta-file.ts";
import { sparePaths, storePaths, taskPaths } from "#store/store-paths.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { processesOf } from "../support/processes.ts";
import { BINARY } from "../support/world.ts";
import { signal, TaskWorld } from "../support/task-world.ts";

let world: TaskWorld;
let client: McpClient;

beforeEach(async () => {
  world = new TaskWorld();
  client = await world.client();
});
afterEach(() => world.close());

/** Runs a task to its end. @returns its record */
async function run(prompt: string, more: object = {}, by = client) {
  const { data } = await by.call("codex", { prompt, cwd: world.root, sandbox: "read-only", ...more });
  return recordOf(String(data["task_id"]));
}

function recordOf(taskId: string) {
  const record = readMeta(taskPaths(world.stateHome, taskId).meta);
  if (record === undefined) throw new Error(`${taskId} has no record`);
  return record;
}

/** Waits until the server keeps a process ready. @returns its id */
async function spareReady(but?: string): Promise<string> {
  const found = () => world.spares().find((id) => id !== but && existsSync(sparePaths(world.stateHome, id).socket));
  await world.until(() => found() !== undefined);
  return found() ?? "";
}

/** Returns the place of the socket of a process: Codex names it after the path that it was given. */
function socketOf(id: string): string {
  const name = new Bun.CryptoHasher("sha256").update(sparePaths(world.stateHome, id).socket).digest("hex");
  return join("/tmp", `codex-daemon-${process.getuid?.()}`, name);
}

function processOf(id: string) {
  return processesOf(world.root).filter(({ command }) => command.includes(`/spares/${id}/`));
}

test("a task takes the process that is ready, and the process ends with it", async () => {
  const first = await run("SAY-HELLO");
  expect(first).toMatchObject({ status: "completed", result: "Hello.", engine: "app-server" });
  const ready = await spareReady();
  expect(first.spare?.id).not.toBe(ready);
  const { stdout } = Bun.spawnSync([BINARY, "doctor", "--json"], { env: world.environment(), cwd: world.root });
  expect(stdout.toString()).toMatch(/"check": "processes",\s+"status": "ok",\s+"message": "none"/);
  const repository = await world.repository();
  world.stub.script("WRITE", [{ run: "echo new > new.txt; (setsid sleep 433 &)" }, { say: "Written." }]);
  const second = await run("WRITE", { cwd: repository, sandbox: "full-access" });
  expect(second).toMatchObject({ status: "completed", result: "Written.", files_changed: ["new.txt"] });
  expect(second.spare?.id).toBe(ready);
  await world.until(() => processOf(ready).length === 0 && !existsSync(sparePaths(world.stateHome, ready).folder));
  await world.until(() => !world.processes().some(({ command }) => command.endsWith("sleep 433")));
  for (const { spare } of [first, second]) expect(existsSync(socketOf(spare?.id ?? ""))).toBe(false);
});

test("of two tasks at once one takes it", async () => {
  await run("SAY-HELLO");
  const ready = await spareReady();
  const both = await Promise.all([run("SAY-HELLO"), run("SAY-HELLO")]);
  expect(both).toMatchObject([{ result: "Hello." }, { result: "Hello." }]);
  const ids = both.map(({ spare }) => spare?.id);
  expect(new Set(ids).size).toBe(2);
  expect(ids).toContain(ready);
});

test("it ends with its server, however the server ends", async () => {
  await run("SAY-HELLO");
  const ready = await spareReady();
  process.kill(client.pid, "SIGKILL");
  await world.until(() => processOf(ready).length === 0);
  await world.until(() => !existsSync(socketOf(ready)));

  const other = await world.client();
  await run("SAY-HELLO", {}, other);
  const next = await spareReady();
  await other.close();
  await world.until(() => processOf(next).length === 0 && !existsSync(socketOf(next)));
  expect(existsSync(sparePaths(world.stateHome, next).folder)).toBe(false);
});

test("one that outlived its server is ended after the next task", async () => {
  await run("SAY-HELLO");
  const ready = await spareReady();
  const watcher = processesOf(world.root).find(({ command }) => command.startsWith("/bin/sh -c"));
  if (watcher === undefined) throw new Error("nothing watches the process");
  signal([watcher.pid, client.pid], "SIGKILL");
  await world.until(() => world.spares().length === 0);
  expect(processOf(ready)).not.toEqual([]);
  utimesSync(sparePaths(world.stateHome, ready).folder, 1, 1);
  await run("SAY-HELLO", {}, await world.client());
  await world.until(() => processOf(ready).length === 0 && !existsSync(sparePaths(world.stateHome, ready).folder));
});

test("one that was started before a change of the configuration, or has died, is not used", async () => {
  await run("SAY-HELLO");
  const old = await spareReady();
  const config = join(world.codexHome, "config.toml");
  writeFileSync(config, readFileSync(config, "utf8").replace('model = "gpt-5"', 'model = "gpt-5-changed"'));
  const changed = await run("SAY-HELLO");
  expect(changed.spare?.id).not.toBe(old);
  expect(world.stub.requests.at(-1)?.model).toBe("gpt-5-changed");
  await world.until(() => processOf(old).length === 0);
  const next = await spareReady(old);
  signal(
    processOf(next).map(({ pid }) => pid),
    "SIGKILL",
  );
  const after = await run("SAY-HELLO");
  expect(after).toMatchObject({ status: "completed", engine: "app-server" });
  expect(after.spare?.id).not.toBe(next);
});

test("each server's tasks have its own environment", async () => {
  world.stub.script("TELL", [{ run: "echo it is $COLOUR" }, { say: "Told." }]);
  for (const COLOUR of ["red", "green"]) {
    const other = await world.client({ COLOUR });
    await run("TELL", {}, other);
    await spareReady();
    await run("TELL", {}, other);
    expect(world.stub.toolOutputs.slice(-2).map((output) => /it is \w+/.exec(output)?.[0])).toEqual([
      `it is ${COLOUR}`,
      `it is ${COLOUR}`,
    ]);
    await other.close();
    await world.until(() => world.spares().length === 0);
  }
});

test("a cancel ends the process with all that it started", async () => {
  await run("SAY-HELLO");
  const ready = await spareReady();
  world.stub.script("LINGER", [{ run: "(setsid sleep 434 &); exec sleep 434" }, { say: "Never." }]);
  const repository = await world.repository();
  const { data } = await client.call("codex_dispatch", { prompt: "LINGER", cwd: repository, sandbox: "full-access" });
  const isLingering = () => world.processes().filter(({ command }) => command.endsWith("sleep 434")).length;
  await world.until(() => isLingering() === 2);
  expect(recordOf(String(data["task_id"])).spare?.id).toBe(ready);
  await client.call("codex_cancel", { task_id: data["task_id"] });
  expect([isLingering(), processOf(ready).length]).toEqual([0, 0]);
  expect(existsSync(socketOf(ready))).toBe(false);
});

test("a run whose supervisor died goes on in it", async () => {
  await run("SAY-HELLO");
  const ready = await spareReady();
  const { data } = await client.call("codex_dispatch", { prompt: "WORK", cwd: world.root, sandbox: "read-only" });
  const taskId = String(data["task_id"]);
  await world.until(() => readFileSync(taskPaths(world.stateHome, taskId).log, "utf8").includes("command_execution"));
  process.kill(world.supervisorOf(taskId), "SIGKILL");
  expect(await world.waitForEnd(client, taskId)).toMatchObject({ status: "completed", result: "Worked." });
  expect(recordOf(taskId).spare?.id).toBe(ready);
  await world.until(() => processOf(ready).length === 0);
});

test("settings have the same effect in it", async () => {
  const requests = {
    model: { model: "gpt-5-other", reasoning_effort: "high" },
    settings: {
      config: { model_reasoning_summary: "detailed", web_search: "live" },
      "developer-instructions": "Speak as a pirate.",
      "base-instructions": "Be brief.",
    },
    process: { config: { "features.shell_snapshot": false } },
  };
  appendFileSync(join(world.codexHome, "config.toml"), `[mcp_servers.own]\ncommand = "codex-mcp-server"\n`);
  const without = await world.client({ CODEXMCP_SPARE: "0" });
  for (const [name, more] of Object.entries(requests)) {
    const own = await run("SAY-HELLO", more, without);
    expect(own.spare).toBeUndefined();
    const expected = world.stub.requests.at(-1);
    const record = await run("SAY-HELLO", more);
    expect(record).toMatchObject({ status: "completed", engine: "app-server" });
    expect(record.spare === undefined).toBe(name === "process");
    const instructions = ["Be brief.", "Speak as a pirate."];
    expect(instructions.every((text) => JSON.stringify(expected).includes(text))).toBe(name === "settings");
    expect(comparable(world.stub.requests.at(-1))).toEqual(comparable(expected));
  }
});

test("it resumes sessions", async () => {
  const first = await run("SAY-HELLO");
  const ready = await spareReady();
  const second = await run("SAY-HELLO again", { resume: first.task_id });
  expect(second).toMatchObject({ status: "completed", spare: { id: ready } });
  expect("session_id" in first && "session_id" in second && second.session_id === first.session_id).toBe(true);
  expect(JSON.stringify(world.stub.requests.at(-1)?.input)).toContain("Hello.");
});

test("a profile holds in it, below the task's own settings", async () => {
  const profile = 'model_reasoning_effort = "low"\nmodel_reasoning_summary = "concise"\n';
  writeFileSync(join(world.codexHome, "quick.config.toml"), profile);
  const record = await run("SAY-HELLO", { profile: "quick", config: { model_reasoning_summary: "detailed" } });
  expect(record).toMatchObject({ status: "completed", engine: "app-server" });
  expect(record.spare).toBeDefined();
  expect(world.stub.requests.at(-1)?.reasoning).toEqual({ effort: "low", summary: "detailed" });
});

/** Returns a request without what differs from run to run. */
function comparable(request: object | undefined): object {
  const {
    input,
    client_metadata: _,
    prompt_cache_key: __,
    ...rest
  } = { input: [], ...request } as Record<string, unknown>;
  const texts = JSON.stringify(input).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID");
  return { ...rest, texts };
}

test("without it, each supervisor starts Codex", async () => {
  const without = await world.client({ CODEXMCP_SPARE: "0" });
  expect((await run("SAY-HELLO", {}, without)).spare).toBeUndefined();
  const limited = await world.client({ CODEXMCP_MAX_CONCURRENT: "3" });
  expect((await run("SAY-HELLO", {}, limited)).spare).toBeUndefined();
  const exec = await world.client({ CODEXMCP_ENGINE: "exec" });
  expect((await run("SAY-HELLO", {}, exec)).spare).toBeUndefined();
  expect(existsSync(storePaths(world.stateHome).spares)).toBe(false);
});

test("the command run starts Codex early, and keeps no process", async () => {
  const output = await world.run(world.root, [BINARY, "run", "--json", "SAY-HELLO"]);
  const { task_id } = JSON.parse(output) as { task_id: string };
  expect(recordOf(task_id).spare).toBeDefined();
  await world.until(() => readdirSync(storePaths(world.stateHome).spares).length === 0);
  await world.until(() => !processesOf(world.root).some(({ command }) => command.includes("/spares/")));
});

test("a folder that cannot be made costs only the head start", async () => {
  mkdirSync(world.stateHome, { recursive: true });
  writeFileSync(storePaths(world.stateHome).spares, "not a folder");
  const record = await run("SAY-HELLO");
  expect(record).toMatchObject({ status: "completed", engine: "app-server" });
  expect(record.spare).toBeUndefined();
});

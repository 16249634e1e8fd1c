import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "#cli/framework/commands.ts";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { writeOldTasks } from "../support/old-tasks.ts";
import { Terminal } from "../support/terminal.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;
let client: McpClient;
let cwd: string;

beforeAll(async () => {
  world = new World();
  world.stub.script("HELLO", [{ run: "echo in-the-log" }, { say: "I found nothing." }]);
  world.stub.script("REFUSED", [{ httpStatus: 401 }]);
  world.stub.script("SLOW", [{ say: "First." }, { run: "sleep 1" }, { say: "Second." }]);
  world.stub.script("ENDLESS", [{ say: "Thinking on." }, { end: "hang" }]);
  client = await world.client();
  cwd = await world.repository();
  await start("codex", "HELLO", "review-hello-v1");
  await start("codex", "REFUSED", "review-refused-v1");
});
afterAll(() => world.close());

const cli = (...args: string[]) => runCli(world, args);

function start(tool: "codex" | "codex_dispatch", prompt: string, topic: string, sandbox = "read-only") {
  return client.call(tool, { prompt, cwd, topic, sandbox });
}

describe("help", () => {
  test.each(COMMANDS.filter(({ group }) => group !== undefined).map(({ name }) => name))(
    "%s --help shows summary, options and an example",
    async (name) => {
      const { exitCode, stdout } = await cli(name, "--help");
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`Usage: codex-mcp-server ${name}`);
      expect(stdout).toContain("--help");
      expect(stdout).toMatch(/Examples\n {2}codex-mcp-server /);
    },
  );

  test("lists every command for people and no internal one", async () => {
    const { stdout } = await cli("--help");
    expect(stdout).toContain("Start here: `codex-mcp-server doctor`\n");
    for (const { name, group } of COMMANDS) {
      if (group === undefined) expect(stdout).not.toContain(name);
      else expect(stdout).toContain(`  ${name}`);
    }
  });

  test("is shown on a terminal without a command", async () => {
    const terminal = await Terminal.start(world, [BINARY], { width: 100, height: 70 });
    await terminal.shows("Usage: codex-mcp-server [command]");
    await terminal.shows("[exit 0]");
    await terminal.close();
  });
});

describe("a wrong command line", () => {
  test.each([
    [["taks"], 'no command "taks". Did you mean tasks?'],
    [["frobnicate"], "Use one of: serve, install, doctor"],
    [["tasks", "--wacth"], "Did you mean --watch?"],
    [["tasks", "--status", "runing"], "Did you mean running?"],
    [["tasks", "--limit", "many"], "--limit takes a whole number"],
    [["tasks", "extra"], "takes no arguments (extra)"],
    [["show"], "show requires <task|group>"],
    [["install", "cursr"], "Did you mean cursor?"],
    [["wait", "-t", "soon", "x"], "--timeout takes a duration"],
    [["clean", "--older-than", "monday"], "--older-than takes a duration"],
    [["completion", "tcsh"], "Choose one of bash, zsh, fish."],
    [["logs", "-n", "0", "review-hello-v1"], "--lines takes a whole number from 1"],
    [["run"], "run requires <prompt|->"],
    [["run", "two", "words"], "run takes only <prompt|-> (words)"],
    [["run", "--read-only", "--full-access", "x"], "--read-only and --full-access cannot be combined"],
    [["run", "--network", "x"], "network cannot be true with sandbox read-only"],
    [["run", "--output-schema", "/none.json", "x"], "/none.json does not exist"],
    [["resume", "review-hello-v1"], "resume requires <task> <prompt|->"],
  ])("%p is explained and exits with 64", async (args, words) => {
    const { exitCode, stdout, stderr } = await cli(...args);
    expect(stderr).toContain(words);
    expect(stdout).toBe("");
    expect(exitCode).toBe(64);
  });

  test("a wrong variable is named", async () => {
    const { exitCode, stderr } = await runCli(world, ["tasks"], { CODEXMCP_KEEP_TASKS: "many" });
    expect(stderr).toContain("CODEXMCP_KEEP_TASKS must be a whole number");
    expect(exitCode).toBe(1);
  });
});

test.each([
  [["ls"], "codex-review-hello-v1"],
  [["list"], "codex-review-hello-v1"],
  [["ps"], "codex-review-hello-v1"],
  [["status"], "codex-review-refused-v1"],
  [["status", "--json"], '"tasks"'],
  [["status", "review-hello"], "Result\nI found nothing."],
  [["log", "review-hello"], "I found nothing."],
  [["stop", "review-hello"], "it had already ended"],
  [["kill", "review-hello"], "it had already ended"],
  [["start", "--help"], "Usage: codex-mcp-server run <prompt|->"],
  [["exec", "--help"], "Usage: codex-mcp-server run <prompt|->"],
  [["help", "ls"], "Other names: ls, list, ps, status"],
])("%p is a command, too", async (args, words) => {
  const { exitCode, stdout } = await cli(...args);
  expect(stdout).toContain(words);
  expect(exitCode).toBe(0);
});

test("--version shows version, commit and target", async () => {
  const { stdout } = await cli("--version");
  expect(stdout).toMatch(
    /^codex-mcp-server \d+\.\d+\.\d+\ncommit [0-9a-f]{40}(-dirty)?, \d{4}-\d\d-\d\dT.*\nfor \w+-\w+, Bun /,
  );
  const build = JSON.parse((await cli("version", "--json")).stdout) as object;
  expect(build).toMatchObject({ readonlyFallback: "0", bun: Bun.version });
});

describe("tasks", () => {
  test("prints one line for each task to a pipe, uncut and without colour", async () => {
    const { stdout } = await cli("tasks");
    const [titles, ...rows] = stdout.trimEnd().split("\n");
    expect(titles).toMatch(/^TASK +REPOSITORY +STATE +ELAPSED +LAST +TOKENS +SANDBOX +WORKSPACE$/);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/^codex-review-refused-v1 +project +✗ failed /);
    expect(rows[1]).toMatch(new RegExp(`^codex-review-hello-v1 +project +✓ completed .* 240 +read-only +${cwd}$`));
    expect(stdout).not.toContain("\u001B");
  });

  test("filters tasks and prints JSON", async () => {
    const { stdout } = await cli("tasks", "--status", "completed", "--cwd", cwd, "--json");
    const { tasks } = JSON.parse(stdout) as { tasks: object[] };
    expect(tasks).toHaveLength(1);
    expect(tasks[0]).toMatchObject({ task_id: "codex-review-hello-v1", activity: "I found nothing." });
    expect((await runCli(world, ["tasks", "--cwd", "."], {}, world.home)).stdout).toBe("No matching tasks.\n");
  });

  test("exits with 0 if the reader closes the pipe early", async () => {
    const run = Bun.spawnSync(
      ["/bin/bash", "-c", `'${BINARY}' tasks --limit 1000 | head -1; echo "\${PIPESTATUS[0]}"`],
      {
        env: world.environment(),
      },
    );
    expect(run.stdout.toString()).toEndWith("\n0\n");
    expect(run.stderr.toString()).toBe("");
  });
});

describe("wait and cancel", () => {
  test("wait exits with 0, 1 or 124", async () => {
    expect((await cli("wait", "review-hello-v1")).exitCode).toBe(0);
    expect((await cli("wait", "review-hello-v1", "review-refused-v1")).exitCode).toBe(1);
    await start("codex_dispatch", "ENDLESS", "longrun-endless-v1", "full-access");
    const timedOut = await cli("wait", "--timeout", "0.2s", "longrun-endless-v1");
    expect(timedOut.exitCode).toBe(124);
    expect(timedOut.stderr).toContain("not ended: codex-longrun-endless-v1");
    const any = await cli("wait", "--any", "--json", "longrun-endless-v1", "review-hello-v1");
    expect(any.exitCode).toBe(0);
    expect(JSON.parse(any.stdout)).toMatchObject([{ task_id: "codex-review-hello-v1", success: true }]);
  });

  test("wait takes times longer than a timer can hold", async () => {
    await start("codex_dispatch", "ENDLESS", "review-long_wait-v1");
    const waiting = cli("wait", "--timeout", "30d", "review-long_wait-v1");
    await Promise.race([waiting, cli("tasks").then(() => cli("tasks"))]);
    await cli("cancel", "review-long_wait-v1");
    expect((await waiting).exitCode).toBe(1);
  });

  test("attach shows a running task, also inside another tmux", async () => {
    const terminal = await Terminal.start(world, [BINARY, "attach", "longrun-endless"], { width: 120, height: 20 });
    await terminal.shows("Thinking on.");
    await terminal.press("C-b", "C-b", "d");
    await terminal.close();
  });

  test("attach shows a log without taking keys unless it is told to: Ctrl-C by reflex cancels nothing", async () => {
    const withLog = await world.client({ CODEXMCP_PANE: "log" });
    const request = { prompt: "ENDLESS", cwd, topic: "longrun-reflex-v1", sandbox: "full-access" };
    await withLog.call("codex_dispatch", request);
    const status = async () =>
      (await client.call("codex_status", { task_id: "codex-longrun-reflex-v1" })).data["status"];
    const reading = await Terminal.start(world, [BINARY, "attach", "longrun-reflex"], { width: 120, height: 20 });
    await reading.shows("Thinking on.");
    await reading.press("C-c", "C-c");
    await reading.press("C-b", "d");
    await reading.press("C-b", "C-b", "d");
    await reading.close();
    expect(await status()).toBe("running");
    const writing = await Terminal.start(world, [BINARY, "attach", "--write", "longrun-reflex"], {
      width: 120,
      height: 20,
    });
    await writing.shows("Thinking on.");
    await writing.press("C-c");
    await writing.shows("[exit 0]");
    await writing.close();
    expect(await status()).toBe("cancelled");
  });

  test("cancel stops nothing if a name is wrong, otherwise all processes", async () => {
    expect((await cli("cancel", "longrun-endless-v1", "nonsense")).exitCode).toBe(1);
    expect(await world.sessions()).toEqual(["codex-longrun-endless-v1"]);
    const { exitCode, stdout } = await cli("cancel", "longrun-endless-v1");
    expect(stdout).toMatch(/^codex-longrun-endless-v1: cancelled after \d+s\n$/);
    expect(exitCode).toBe(0);
    expect(world.processes().filter(({ command }) => command.includes("codex exec"))).toEqual([]);
    expect((await cli("cancel", "longrun-endless-v1")).stdout).toContain("had already ended");
  });
});

describe("clean", () => {
  const folders = () => readdirSync(join(world.stateHome, "tasks"));
  // Otherwise the end of a run would remove them.
  const keepAll = { CODEXMCP_KEEP_TASKS: "1000" };

  test("removes tasks beyond the limits, only lists them without --yes, and keeps worktrees", async () => {
    writeOldTasks(world.stateHome, 20);
    const before = folders().length;
    const dry = await runCli(world, ["clean", "--older-than", "7d"], keepAll);
    expect(dry.stdout).toContain("would remove codex-review-old_0-v1");
    expect(dry.stdout.match(/would remove codex-/g)).toHaveLength(20);
    expect(folders()).toHaveLength(before);
    const done = await runCli(world, ["clean", "--yes", "--older-than", "7d", "--json"], keepAll);
    expect(JSON.parse(done.stdout)).toMatchObject({ dry_run: false, leftovers: [] });
    expect(folders()).toHaveLength(before - 20);
    expect(existsSync(`${cwd}-agent-longrun-endless`)).toBe(true);
    expect((await runCli(world, ["clean"], keepAll)).stdout).toBe("Nothing to remove.\n");
  });

  test("--keep keeps the newest and the running tasks", async () => {
    await start("codex_dispatch", "ENDLESS", "review-running-v1");
    await cli("clean", "--yes", "--keep", "1");
    expect(folders()).toContain("codex-review-running-v1");
    const { tasks } = JSON.parse((await cli("tasks", "--json")).stdout) as { tasks: { status: string }[] };
    expect(tasks.map(({ status }) => status).toSorted()).toEqual(["cancelled", "running"]);
    await cli("cancel", "review-running-v1");
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { runOnTerminal } from "../support/raw-terminal.ts";
import { Terminal } from "../support/terminal.ts";
import { isCodexCommand } from "../support/engines.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;
let cwd: string;

beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  world.stub.script("HELLO", [{ run: "echo in-the-log" }, { say: "I found\nnothing." }]);
  world.stub.script("WRITE", [{ run: "echo new > new.txt" }, { say: "Written." }]);
  world.stub.script("AGAIN", [{ say: "Again." }]);
  world.stub.script("REFUSED", [{ httpStatus: 401 }]);
  world.stub.script("ENDLESS", [{ say: "Thinking on." }, { end: "hang" }]);
});
afterAll(() => world.close());

const cli = (...args: string[]) => runCli(world, args, {}, cwd);

interface Task {
  task_id: string;
  status: string;
}

async function tasks(): Promise<Task[]> {
  return (JSON.parse((await cli("tasks", "--json")).stdout) as { tasks: Task[] }).tasks;
}

const statusOf = async (id: string) => (await tasks()).find(({ task_id }) => task_id === id)?.status;
const codexProcesses = () => world.processes().filter(({ command }) => isCodexCommand(command));

/** Starts `run` as a CI job does: without a terminal, in pipes. */
function startJob(args: readonly string[], input?: string | Uint8Array) {
  const run = Bun.spawn([BINARY, "run", ...args], {
    cwd,
    env: world.environment(),
    stdio: [input === undefined ? "ignore" : Buffer.from(input), "pipe", "pipe"],
  });
  const done = Promise.all([run.exited, run.stdout.text(), run.stderr.text()]).then(([exitCode, stdout, stderr]) => ({
    exitCode,
    stdout,
    stderr,
  }));
  return { run, done };
}

describe("run in pipes", () => {
  test("prints the result alone on stdout, and where the task runs and how it ended on stderr", async () => {
    const { exitCode, stdout, stderr } = await cli("run", "HELLO there");
    expect(stdout).toBe("I found\nnothing.\n");
    expect(stderr).toMatch(
      /^codex-review-\S+-v1 \(read-only\) in \/var\/tmp\/codexmcp-\S+\/project\ncompleted after \d+s\n$/,
    );
    expect(exitCode).toBe(0);
  });

  test("works in a worktree with --full-access, and prints all facts with --json", async () => {
    const { exitCode, stdout, stderr } = await cli("run", "--full-access", "--json", "--topic", "new file", "WRITE");
    expect(JSON.parse(stdout)).toMatchObject({
      success: true,
      topic: "implement-new_file-v1",
      result: "Written.",
      files_changed: ["new.txt"],
      commits_ahead: 1,
    });
    expect(stderr).toContain("on agent/implement-new_file\n");
    expect(exitCode).toBe(0);
    expect(existsSync(join(cwd, "new.txt"))).toBe(false);
  });

  test("exits with 1 if the task fails, with nothing on stdout and what to do on stderr", async () => {
    const { exitCode, stdout, stderr } = await cli("run", "REFUSED");
    expect(exitCode).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/failed after \d+s: [\s\S]*\[not_logged_in\]\n[\s\S]*codex login/);
    const json = await cli("run", "REFUSED", "--json", "--quiet");
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ success: false, code: "not_logged_in" });
  });

  test("exits with 124 after --timeout, and leaves no process", async () => {
    const { exitCode, stdout, stderr } = await cli("run", "ENDLESS", "--timeout", "2s");
    expect({ exitCode, stdout }).toEqual({ exitCode: 124, stdout: "" });
    expect(stderr).toContain("[timeout]");
    expect(codexProcesses()).toEqual([]);
  });

  test("takes the prompt from stdin", async () => {
    const { exitCode, stdout } = await startJob(["-", "--quiet"], "HELLO from a pipe\n").done;
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "I found\nnothing.\n" });
  });

  test.each([
    ["more than 1 MiB", Buffer.alloc(1024 * 1024 + 1, "x"), "larger than 1048576 bytes"],
    ["nothing", Buffer.alloc(0), "The prompt is empty."],
    ["no UTF-8", Buffer.from([0x48, 0xff]), "not UTF-8"],
  ])("refuses %s on stdin", async (_, input, words) => {
    const before = (await tasks()).length;
    const { exitCode, stdout, stderr } = await startJob(["-"], input).done;
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain(words);
    expect(await tasks()).toHaveLength(before);
  });

  test("passes an output schema on", async () => {
    writeFileSync(
      join(cwd, "schema.json"),
      JSON.stringify({ type: "object", properties: { ok: { type: "boolean" } } }),
    );
    const { exitCode, stdout } = await cli("run", "--output-schema", "schema.json", "HELLO schema", "--json");
    expect(exitCode).toBe(0);
    const { task_id } = JSON.parse(stdout) as Task;
    const stored = readFileSync(join(world.stateHome, "tasks", task_id, "output-schema.json"), "utf8");
    expect(JSON.parse(stored)).toMatchObject({ type: "object" });
    writeFileSync(join(cwd, "schema.json"), "[]");
    expect((await cli("run", "--output-schema", "schema.json", "x")).stderr).toContain("is not a JSON Schema");
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s stops the task with all its processes and asks nothing: exit status %i", async (signal, status) => {
    const { run, done } = startJob(["--full-access", "--topic", `stopped by ${signal}`, "ENDLESS"]);
    await world.until(() => codexProcesses().length > 0);
    run.kill(signal);
    const { exitCode, stdout, stderr } = await done;
    expect({ exitCode, stdout }).toEqual({ exitCode: status, stdout: "" });
    expect(stderr).toContain("cancelled after");
    expect(codexProcesses()).toEqual([]);
    expect(await world.sessions()).toEqual([]);
  });

  test("SIGHUP, the loss of the terminal, leaves the task running", async () => {
    const { run, done } = startJob(["--topic", "review-hangup-v1", "ENDLESS"]);
    await world.until(async () => (await statusOf("codex-review-hangup-v1")) === "running");
    run.kill("SIGHUP");
    await done;
    expect(await statusOf("codex-review-hangup-v1")).toBe("running");
    await cli("cancel", "review-hangup-v1");
  });

  test("--detach prints the task's id and leaves the task running", async () => {
    const { exitCode, stdout } = await cli("run", "--detach", "--topic", "review-detached-v1", "ENDLESS");
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "codex-review-detached-v1\n" });
    expect(await statusOf("codex-review-detached-v1")).toBe("running");
    const again = await cli("run", "--topic", "review-detached-v1", "ENDLESS");
    expect(again.stderr).toContain("`codex-mcp-server cancel codex-review-detached-v1`");
    expect(again.exitCode).toBe(1);
    await cli("cancel", "review-detached-v1");
  });
});

test("resume continues a task in its worktree and session, from any folder", async () => {
  const first = JSON.parse(
    (await cli("run", "--full-access", "--json", "--topic", "to resume", "WRITE")).stdout,
  ) as Task;
  const resumed = await runCli(world, ["resume", first.task_id, "AGAIN", "--json"], {}, world.home);
  expect(JSON.parse(resumed.stdout)).toMatchObject({
    topic: "implement-to_resume-v2",
    result: "Again.",
    session_id: (first as unknown as { session_id: string }).session_id,
    worktree_dir: (first as unknown as { worktree_dir: string }).worktree_dir,
  });
  expect((await cli("resume", "nonsense", "AGAIN")).stderr).toContain('There is no task "nonsense".');
});

describe("run on a terminal", () => {
  test("shows progress line by line, and the last message only as the result, then rings", async () => {
    const { exitCode, output } = await runOnTerminal(world, ["run", "HELLO terminal"], {
      cwd,
      more: { NO_COLOR: "1" },
    });
    const shown = output.toString();
    expect(shown).toMatch(/\d\d:\d\d:\d\d \$ echo in-the-log\n\d\d:\d\d:\d\d {3}ok: in-the-log\n/);
    expect(shown.split("nothing.")).toHaveLength(2);
    expect(shown).toContain("\u0007");
    expect(shown).toEndWith("I found\nnothing.\n");
    expect(exitCode).toBe(0);
  });

  test("Ctrl-C stops the task at once", async () => {
    const terminal = await Terminal.start(world, [BINARY, "run", "--topic", "review-keys-v1", "ENDLESS"], {
      width: 80,
      height: 20,
    });
    await terminal.shows("codex-review-keys-v1");
    await world.until(async () => (await statusOf("codex-review-keys-v1")) === "running");
    await terminal.press("C-c");
    await terminal.shows("[exit 130]");
    await terminal.close();
    expect(await statusOf("codex-review-keys-v1")).toBe("cancelled");
  });
});

test("CODEXMCP_ON_END is run with the task's facts in variables, and none of them becomes part of the command", async () => {
  const file = join(world.root, "ended");
  const hook = `printf '%s\\n' "$CODEXMCP_TASK_ID" "$CODEXMCP_TASK_STATUS" "$CODEXMCP_TASK_TITLE" "$CODEXMCP_TASK_CODE" > '${file}.part' && mv '${file}.part' '${file}'`;
  const title = 'REFUSED "; touch pwned; $(touch pwned) `touch pwned`';
  await runCli(world, ["run", "--topic", "review-hook-v1", title], { CODEXMCP_ON_END: hook }, cwd);
  await world.until(() => existsSync(file));
  expect(readFileSync(file, "utf8")).toBe(`codex-review-hook-v1\nfailed\n${title}\nnot_logged_in\n`);
  expect(existsSync(join(cwd, "pwned"))).toBe(false);
});

test("CODEXMCP_ON_END is also run by the command that finds a task whose processes were killed", async () => {
  const file = join(world.root, "ended-unseen");
  const hook = { CODEXMCP_ON_END: `echo "$CODEXMCP_TASK_STATUS $CODEXMCP_TASK_CODE" > '${file}'` };
  await runCli(world, ["run", "--detach", "--topic", "review-killed-v1", "ENDLESS"], hook, cwd);
  const isOwn = (command: string) => isCodexCommand(command) || /run-task|keep-orphans/.test(command);
  const own = () => world.processes().filter(({ command }) => isOwn(command));
  await world.until(() => codexProcesses().length > 0);
  for (const { pid } of own()) process.kill(pid, "SIGKILL");
  await world.until(() => own().length === 0);
  await world.until(
    async () => (await runCli(world, ["tasks"], hook, cwd)).stdout.includes("failed") && existsSync(file),
  );
  expect(readFileSync(file, "utf8")).toBe("failed supervisor_lost\n");
});

test("a hook that does not end delays neither the answer nor the next run of the task", async () => {
  const hook = { CODEXMCP_ON_END: "echo $$ > ../hook-pid; exec sleep 25" };
  for (let run = 0; run < 2; run++) {
    const { exitCode } = await runCli(world, ["run", "--topic", "review-slow_hook-v1", "AGAIN"], hook, cwd);
    expect(exitCode).toBe(0);
    await world.until(() => world.processes().filter(({ command }) => command === "sleep 25").length === run + 1);
  }
  for (const { pid, command } of world.processes()) if (command === "sleep 25") process.kill(pid);
});

test("a task started by a server within another tmux server is found there by attach and cancel", async () => {
  const inner = join(world.root, "work.sock");
  const tmux = (...args: string[]) => world.run(world.root, ["tmux", "-S", inner, ...args]);
  const run = `'${BINARY}' run --detach --full-access --topic implement-elsewhere-v1 ENDLESS`;
  const start = `cd '${cwd}' && env -u CODEXMCP_TMUX_SOCKET ${run}; exec cat`;
  await tmux("-f", "/dev/null", "new-session", "-d", "-s", "work", "--", "/bin/sh", "-c", start);
  await world.until(async () => (await tmux("list-sessions")).includes("codex-implement-elsewhere-v1"));
  await world.until(async () => (await statusOf("codex-implement-elsewhere-v1")) === "running");
  const terminal = await Terminal.start(world, [BINARY, "attach", "implement-elsewhere"], { width: 100, height: 20 });
  await terminal.shows("Thinking on.");
  await terminal.close();
  await cli("cancel", "implement-elsewhere-v1");
  expect(await tmux("list-sessions")).not.toContain("codex-implement-elsewhere-v1");
  await tmux("kill-server");
});

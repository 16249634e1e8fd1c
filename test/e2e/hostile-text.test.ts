import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { findHidden, HOSTILE } from "../support/hostile-text.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { runOnTerminal } from "../support/raw-terminal.ts";
import { Terminal } from "../support/terminal.ts";
import { BINARY, World } from "../support/world.ts";

// git takes no control characters below U+0080 in a branch's name, and no tmux a cwd of several lines.
const BRANCH = "evil-\u202Egpj.\u009B31m\u200B";
const FILE = "file\u001B]52;c;aGk=\u0007\nsecond\u202Eline\r\u009B.txt";
const BYTES = Buffer.from([
  0x61, 0x9b, 0x33, 0x31, 0x6d, 0xff, 0x1b, 0x5b, 0x32, 0x4a, 0x0d, 0x0a, 0xe2, 0x80, 0xae, 0x0a,
]);

let world: World;
let client: McpClient;
let repo: string;
let worktree: string;

beforeAll(async () => {
  world = new World();
  repo = await world.repository("pro\u001B[31mject\u202E");
  await world.run(repo, ["git", "checkout", "--quiet", "-b", BRANCH]);
  world.stub.script("WORK", [{ run: `printf '${HOSTILE.replaceAll("\u007F", "")}'` }, { say: `Done ${HOSTILE}` }]);
  world.stub.script("ENDLESS", [{ say: `Thinking ${HOSTILE}` }, { end: "hang" }]);
  client = await world.client();
  const args = { prompt: "WORK", cwd: repo, topic: "implement-evil-v1", sandbox: "full-access" };
  worktree = String((await client.call("codex", args)).data["worktree_dir"]);
  writeFileSync(join(worktree, FILE), BYTES);
  writeFileSync(join(worktree, "README.md"), `ours ${HOSTILE}\n`);
  await world.run(worktree, ["git", "add", "."]);
  await world.run(worktree, ["git", "commit", "--quiet", "-m", `Work ${HOSTILE}`]);
  writeFileSync(join(worktree, `new ${FILE}`), BYTES);
});
afterAll(() => world.close());

const TASK = "implement-evil-v1";

async function seen(args: readonly string[], options: Parameters<typeof runOnTerminal>[2] = {}): Promise<string> {
  const { output } = await runOnTerminal(world, args, options);
  expect(findHidden(output), args.join(" ")).toBe("");
  return output.toString();
}

describe("on a terminal, controls and bidi characters of others are seen", () => {
  test("in lists, records and logs", async () => {
    for (const args of [["tasks"], ["show", TASK], ["logs", TASK]]) {
      expect(await seen(args), args.join(" ")).toContain("\\x1b]52;c;aGk=");
    }
    for (const args of [
      ["tasks", "--json"],
      ["show", TASK, "--json"],
      ["logs", "--raw", TASK],
    ]) {
      expect(await seen(args), args.join(" ")).toContain("\\u001b]52;c;aGk=");
    }
  });

  test("in names of files, branches and folders", async () => {
    const commands = [["worktrees"], ["diff", "--stat", TASK], ["clean", "--worktrees"]];
    for (const args of commands) {
      expect(await seen(args), args.join(" ")).toContain("\\u202e");
      expect(await seen([...args, "--json"])).toContain("\\u202e");
    }
    expect(await seen(["diff", "--stat", TASK])).toContain(
      "file\\x1b]52;c;aGk=\\x07\\nsecond\\u202eline\\r\\u009b.txt",
    );
  });

  test("in what a person types, and in whatever is said about it", async () => {
    const lines = [
      [HOSTILE],
      ["help", HOSTILE],
      ["show", HOSTILE],
      ["diff", TASK, HOSTILE],
      ["logs", TASK, "--run", HOSTILE],
      ["tasks", "--status", HOSTILE],
      ["tasks", `--${HOSTILE}`],
      ["install", HOSTILE],
      ["install", "--name", HOSTILE, "cursor"],
      ["install", "cursor", "--print", "--env", `A=${HOSTILE}`],
      ["completion", HOSTILE],
    ];
    for (const args of lines) await seen(args);
    expect(await seen(["show", HOSTILE])).toContain("\\x1b]52;c;aGk=\\x07\\x1b[2J\\u009b31m");
  });

  test("in all that is printed otherwise", async () => {
    const more = { CODEX_HOME: `${world.codexHome}${HOSTILE}` };
    expect(await seen(["doctor"], { more })).toContain("\\x1b]52;");
    const lines = [
      ["wait", TASK],
      ["cancel", TASK],
      ["restore", TASK],
      ["complete", "--", "show", ""],
      ["completion", "bash"],
    ];
    for (const args of [...lines, ["--help"], ["--version"]]) await seen(args);
    await seen(["install"], { keys: "\n" });
  });

  test("what a shell shows of completions holds none, though it is a pipe", async () => {
    const { stdout } = await runCli(world, ["complete", "--", "show", ""]);
    expect(stdout).toContain("pro\\x1b[31mject\\u202e");
    expect(findHidden(Buffer.from(stdout))).toBe("");
  });

  test("a variable with a wrong value", async () => {
    expect(await seen(["tasks"], { more: { CODEXMCP_KEEP_TASKS: `many${HOSTILE}` } })).toContain("CODEXMCP_KEEP_TASKS");
  });

  test("tasks --watch, with a log", async () => {
    expect(await seen(["tasks", "--watch"], { keys: "lqq" })).toContain("implement-evil");
  });

  test("a task's pane", async () => {
    await client.call("codex_dispatch", {
      prompt: "ENDLESS",
      cwd: repo,
      topic: "longrun-pane-v1",
      sandbox: "full-access",
    });
    const task = "codex-longrun-pane-v1";
    await world.until(async () => (await world.pane(task)).includes("Thinking"));
    const pane = await world.pane(task);
    expect(findHidden(Buffer.from(pane))).toBe("");
    expect(pane.replaceAll("\n", "")).toContain("\\x1b]52;c;aGk=\\x07");
    await client.call("codex_cancel", { task_id: task });
  });

  test("in a real terminal: nothing reaches its clipboard, title or colours", async () => {
    const terminal = await Terminal.start(world, [BINARY, "diff", TASK], { width: 150, height: 40 });
    const screen = (await terminal.shows("[exit 0]")).join("\n");
    expect(screen).toContain("+a\\x9b31m\\xff\\x1b[2J\\r");
    expect(screen).toContain("+ours \\x1b]52;c;aGk=\\x07");
    expect((await terminal.screen("-e")).join("\n")).toContain("\u001B[32m+ours");
    await terminal.close();
  });

  test("merge: conflicts; discard", async () => {
    writeFileSync(join(repo, "README.md"), `theirs ${HOSTILE}\n`);
    await world.run(repo, ["git", "commit", "--quiet", "-am", `Theirs ${HOSTILE}`]);
    await world.run(worktree, ["git", "add", "."]);
    await world.run(worktree, ["git", "commit", "--quiet", "-m", "More"]);
    const conflict = await seen(["merge", TASK]);
    expect(conflict).toContain("[merge_conflict]");
    expect(conflict).toContain("ours \\x1b]52;");
    await world.run(worktree, [
      "git",
      "checkout",
      "--quiet",
      String((await diffJson())["base_commit"]),
      "--",
      "README.md",
    ]);
    await world.run(worktree, ["git", "commit", "--quiet", "-m", "Without README"]);
    expect(await seen(["merge", TASK])).toContain("evil-\\u202egpj.\\u009b31m\\u200b");
    expect(await seen(["discard", TASK])).toContain("pro\\x1b[31mject\\u202e");
    expect(await seen(["restore", TASK])).toContain("pro\\x1b[31mject\\u202e");
  });
});

async function diffJson(): Promise<Record<string, unknown>> {
  return JSON.parse((await runCli(world, ["diff", TASK, "--json"])).stdout) as Record<string, unknown>;
}

describe("into a pipe", () => {
  test("diff is byte for byte what git made of it, and applies", async () => {
    const run = Bun.spawn([BINARY, "diff", TASK], { env: world.environment(), stdio: ["ignore", "pipe", "pipe"] });
    const bytes = Buffer.from(await run.stdout.bytes());
    const { patch_file, base_commit } = await diffJson();
    expect(bytes.equals(readFileSync(String(patch_file)))).toBe(true);
    const other = join(world.root, "other");
    await world.run(repo, ["git", "worktree", "add", "--quiet", "--detach", other, String(base_commit)]);
    const patch = join(world.root, "patch");
    writeFileSync(patch, bytes);
    await world.run(other, ["git", "apply", "--index", patch]);
    expect(readFileSync(join(other, FILE)).equals(BYTES)).toBe(true);
  });

  test("JSON is as it was", async () => {
    const { files } = await diffJson();
    expect((files as { path: string }[]).map(({ path }) => path)).toContain(FILE);
  });

  test("views for people hold what others said without control characters", async () => {
    const { stdout } = await runCli(world, ["logs", TASK]);
    expect(stdout).toContain("● Done ]52;c;aGk=[2J31mred\u202Etxt");
  });

  test("who reads only the beginning of a large patch ends the command quietly, and it has read no more than that", async () => {
    writeFileSync(join(worktree, "large.txt"), Buffer.alloc(32 << 20, "0123456789abcdef\n"));
    const stdio = ["ignore", "pipe", "pipe"] as const;
    const run = Bun.spawn([BINARY, "diff", TASK, "large.txt"], { env: world.environment(), stdio: [...stdio] });
    const reader = run.stdout.getReader();
    expect((await reader.read()).value?.length).toBeGreaterThan(0);
    if (process.platform === "linux") {
      const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${run.pid}/status`, "utf8")) ?? [];
      expect(Number(kilobytes)).toBeLessThan(90_000);
    }
    await reader.cancel();
    expect(await run.exited).toBe(0);
    expect(await run.stderr.text()).toBe("");
  });
});

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readActions } from "#codex/run/run-actions.ts";
import { RunLog } from "#codex/run/run-log.ts";
import { LineReader, MAX_LINE_LENGTH, readLinesFrom } from "#platform/files/json-lines.ts";

let folder: string;
let log: string;

beforeEach(() => {
  folder = mkdtempSync("/var/tmp/codexmcp-log-");
  log = join(folder, "log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const item = (fields: object, type = "item.completed") => `${JSON.stringify({ type, item: fields })}\n`;
const command = item({ id: "1", type: "command_execution", command: "ls", exit_code: 0, status: "completed" });
const follow = (path: string) => {
  const followed = new RunLog(path);
  for (const _ of followed.readToEnd());
  return followed;
};

describe("what nobody can judge is counted", () => {
  const HARMLESS = [
    item({ type: "agent_message", text: "hi" }),
    item({ type: "reasoning", text: "hm" }),
    item({ type: "web_search", query: "q" }),
    item({ type: "todo_list", items: [] }),
    item({ type: "error", message: "m" }),
    '{"type":"thread.started","thread_id":"x"}\n',
    '{"type":"turn.started"}\n',
    '{"type":"turn.completed"}\n',
    '{"type":"error","message":"m"}\n',
    "\n",
  ];
  const UNKNOWN: [string, string][] = [
    [item({ type: "mcp_tool_call", server: "files", tool: "write", status: "completed" }), "the MCP tool files.write"],
    [item({ type: "collab_tool_call", tool: "spawn", status: "completed" }), "another agent (spawn)"],
    [item({ type: "hologram" }), "an item of type hologram"],
    [item({ type: "hologram" }, "item.started"), "an item of type hologram"],
    [item({ type: "command_execution", command: 7 }), "an item of type command_execution"],
    ['{"type":"thread.paused"}\n', "an event of type thread.paused"],
    ["Segmentation fault\n", "a log line that is not an event"],
    ['{"type":"item.completed","item":{"type":"comm', "a log line that is not an event"],
    [`${"[".repeat(100_000)}\n`, "a log line that is not an event"],
  ];
  const LACKING: [object, string][] = [
    [{ command: undefined }, "an item of type command_execution that does not say what was done"],
    [{ command: "" }, "an item of type command_execution that does not say what was done"],
    [{ script: "rm f" }, "an item of type command_execution with the field script"],
    [{ cwd: "/elsewhere" }, "an item of type command_execution with the field cwd"],
    [{ status: "delegated" }, "an item of type command_execution with the status delegated"],
    [{ type: "file_change", command: undefined }, "an item of type file_change that does not say what was done"],
    [{ type: "file_change", changes: [] }, "an item of type file_change that does not say what was done"],
    [{ command: ["rm", "f"] }, "an item of type command_execution"],
    [{ changes: "all", type: "file_change" }, "an item of type file_change"],
  ];
  for (const [fields, what] of LACKING) {
    test(`a report of an action in a shape that is not known: ${JSON.stringify(fields)}`, () => {
      writeFileSync(log, item({ id: "1", type: "command_execution", command: "ls", status: "completed", ...fields }));
      expect(readActions(log).unknown).toEqual([what]);
    });
  }
  test("reports under one id that differ in what is done are different actions", () => {
    const report = (text: string, status: string) =>
      item({ id: "1", type: "command_execution", command: text, status });
    const patch = (path: string) =>
      item({ id: "1", type: "file_change", changes: [{ path, kind: "add" }], status: "completed" });
    writeFileSync(log, [report("rm f", "in_progress"), report("ls", "completed"), patch("a"), patch("b")].join(""));
    const { commands, patches } = readActions(log);
    expect(commands.map(({ command: text }) => text)).toEqual(["rm f", "ls"]);
    expect(patches.map(({ path }) => path)).toEqual(["a", "b"]);
  });
  test("events that change nothing are not", () => {
    writeFileSync(log, HARMLESS.join("") + command);
    expect(readActions(log)).toEqual({ commands: [{ command: "ls", exitCode: 0 }], patches: [], unknown: [] });
  });
  for (const [line, what] of UNKNOWN) {
    test(what, () => {
      writeFileSync(log, command + line);
      expect(readActions(log)).toMatchObject({ commands: [{ command: "ls" }], unknown: [what] });
    });
  }
  test("a line that is too long is skipped, at once and in pieces", () => {
    const start = "x".repeat(MAX_LINE_LENGTH + 10_000);
    writeFileSync(log, start);
    const reader = new LineReader(log);
    expect([...reader.read()]).toEqual([]);
    appendFileSync(log, `xxx\n${command}`);
    expect([...reader.read(), ""].join("\n")).toBe(command);
    expect([...new LineReader(log).read(), ""].join("\n")).toBe(command);
  });
  test("a line that is too long, with what comes after it", () => {
    writeFileSync(log, `${"x".repeat(MAX_LINE_LENGTH + 300_000)}\n${command}`);
    expect(readActions(log)).toMatchObject({
      commands: [{ command: "ls" }],
      unknown: ["1 log line longer than the limit"],
    });
  });
});

describe("a log is read without waiting and within limits, whatever it is", () => {
  test("no regular file", () => {
    Bun.spawnSync(["mkfifo", join(folder, "pipe")]);
    mkdirSync(join(folder, "folder"));
    symlinkSync("/dev/zero", join(folder, "zero"));
    for (const name of ["pipe", "folder", "zero", "missing"]) {
      const path = join(folder, name);
      expect(readActions(path)).toEqual({ commands: [], patches: [], unknown: [] });
      expect(follow(path).state.commandsRun).toBe(0);
      expect(readLinesFrom(path, 0, 100)).toEqual({ lines: [], nextOffset: 0 });
    }
  });

  test("one line without end does not fill the memory, and a reader of slices gets past it", () => {
    writeFileSync(log, "");
    truncateSync(log, 200 * 1024 * 1024); // sparse: NUL bytes
    appendFileSync(log, `\n${command}`);
    const before = process.memoryUsage().rss;
    expect(readActions(log)).toMatchObject({ commands: [{ command: "ls" }] });
    let at = 0;
    const lines: string[] = [];
    for (let slices = 0; slices < 50; slices++) {
      const slice = readLinesFrom(log, at, 64 * 1024);
      lines.push(...slice.lines);
      if (slice.nextOffset === at) break;
      at = slice.nextOffset;
    }
    expect(`${lines.at(-1)}\n`).toBe(command);
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });
});

describe("whether a log is as it was read", () => {
  beforeEach(() => writeFileSync(log, command.repeat(3)));
  const changes: [string, () => void, boolean][] = [
    ["left alone", () => {}, true],
    ["added to", () => appendFileSync(log, command), true],
    ["cut", () => truncateSync(log, 10), false],
    ["emptied", () => truncateSync(log, 0), false],
    ["rewritten in the same length", () => writeFileSync(log, command.replace("ls", "xx").repeat(3)), false],
    ["removed", () => rmSync(log), false],
    ["replaced by a folder", () => (rmSync(log), mkdirSync(log)), false],
  ];
  for (const [how, change, isIntact] of changes) {
    test(how, () => {
      const followed = follow(log);
      change();
      expect(followed.isIntact()).toBe(isIntact);
    });
  }
  test("one of which nothing was read is as it was", () => {
    expect(new RunLog(join(folder, "none")).isIntact()).toBe(false);
    writeFileSync(log, "");
    expect(follow(log).isIntact()).toBe(true);
  });
});

test("what is added while a log is read is left for the next time", () => {
  writeFileSync(log, "one\n");
  const reader = new LineReader(log);
  const seen: string[] = [];
  for (const line of reader.read()) {
    seen.push(line);
    appendFileSync(log, "more\n");
  }
  expect(seen).toEqual(["one"]);
  expect([...reader.read()]).toEqual(["more"]);
});

// Today's models call tools from JavaScript, which one more process runs (`codex-code-mode-host`).
import { afterAll, beforeAll, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CODE_MODE_MODEL } from "../support/codex-version.ts";
import { codeModeTest as test } from "../support/newer-codex.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

const PATCH = "*** Begin Patch\\n*** Add File: patched.txt\\n+hello\\n*** End Patch";

let world: World;
let cwd: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  world.stub.script("WORK", [
    { think: "Three ways." },
    {
      js: 'const r = await tools.exec_command({cmd: "echo one > made.txt; echo from-script"}); text(JSON.stringify(r));',
    },
    {
      js: 'text(JSON.stringify(await Promise.all(["echo a", "exit 3", "echo b"].map((cmd) => tools.exec_command({cmd})))));',
    },
    { js: `await tools.apply_patch("${PATCH}"); text("patched");` },
    { say: "Worked." },
  ]);
  world.stub.script("THROW", [{ js: 'throw new Error("thrown in the script");' }, { say: "It threw." }]);
  world.stub.script("ENDLESS-COMMAND", [
    { js: 'await tools.exec_command({cmd: "sleep 600"}); text("never");' },
    { say: "Never." },
  ]);
  world.stub.script("ENDLESS-SCRIPT", [
    { js: 'await tools.exec_command({cmd: "echo begun"}); for (;;) {}' },
    { say: "Never." },
  ]);
  world.stub.script("BACKGROUND", [
    { js: 'await tools.exec_command({cmd: "sleep 600 & echo started"}); text("left");' },
    { say: "A command is left." },
  ]);
  cwd = await world.repository();
  client = await world.client();
});
afterAll(() => world.close());

const run = (prompt: string, more: Record<string, unknown>) =>
  client.call("codex", { prompt, cwd, model: CODE_MODE_MODEL, ...more });
const logOf = (taskId: unknown) =>
  readFileSync(join(world.stateHome, "tasks", String(taskId), "codex-exec.log"), "utf8");

test("commands, parallel ones and patches of a script are events; its work is committed, its tokens are counted", async () => {
  const { data } = await run("WORK", { topic: "code-mode", sandbox: "full-access" });
  expect(data).toMatchObject({
    success: true,
    result: "Worked.",
    files_changed: ["made.txt", "patched.txt"],
    usage: { input_tokens: 400, output_tokens: 80 },
  });
  const { data: status } = await client.call("codex_status", { task_id: data["task_id"], since_event: 0 });
  const texts = (status["recent_events"] as { text: string }[]).map(({ text }) => text);
  for (const wanted of ["echo a", "exit 3", "echo b"]) expect(texts.some((text) => text.includes(wanted))).toBe(true);
  expect(texts.some((text) => text.includes("patched.txt"))).toBe(true);
});

test("a script that throws is told to the model, and is no failure of the task", async () => {
  const { data } = await run("THROW", { topic: "code-mode-throw" });
  expect(data).toMatchObject({ success: true, result: "It threw." });
  expect(world.stub.toolOutputs.join("\n")).toContain("thrown in the script");
});

test.each(["ENDLESS-COMMAND", "ENDLESS-SCRIPT"])("%s: a cancel ends the script's process, too", async (prompt) => {
  const before = new Set(world.processes().map(({ pid }) => pid));
  const started = await client.call("codex_dispatch", {
    prompt,
    cwd,
    model: CODE_MODE_MODEL,
    topic: prompt,
    sandbox: "full-access",
  });
  const task_id = started.data["task_id"];
  await world.until(() => logOf(task_id).includes("command_execution"));
  expect(world.processes().some(({ command }) => command.includes("code-mode"))).toBe(true);
  expect((await client.call("codex_cancel", { task_id })).data).toMatchObject({ status: "cancelled" });
  const left = world.processes().filter(({ pid, command }) => !before.has(pid) && !command.includes("tmux"));
  expect(left).toEqual([]);
});

test("a command that a script leaves running ends with the task", async () => {
  const { data } = await run("BACKGROUND", { topic: "code-mode-background", sandbox: "full-access" });
  expect(data).toMatchObject({ success: true });
  await world.until(() => !world.processes().some(({ command }) => command.includes("sleep 600")));
});

test("the audit of a read-only run judges the commands and patches of scripts", async () => {
  const fallback = await world.client({ CODEXMCP_READONLY_FALLBACK: "1" });
  const reading = await fallback.call("codex", {
    prompt: "THROW",
    cwd,
    model: CODE_MODE_MODEL,
    topic: "audited-reading",
  });
  expect(reading.data).toMatchObject({ success: true, readonly_audit: { verdict: "CLEAN" } });
  const writing = await fallback.call("codex", {
    prompt: "WORK",
    cwd,
    model: CODE_MODE_MODEL,
    topic: "audited-writing",
  });
  const audit = writing.data["readonly_audit"] as {
    verdict: string;
    violations: { kind: string; took_effect: unknown }[];
  };
  expect(audit.verdict).toBe("VIOLATION");
  expect(audit.violations.map(({ kind }) => kind).toSorted()).toEqual(["command", "file_change"]);
  expect(audit.violations.every(({ took_effect }) => took_effect === false)).toBe(true);
});

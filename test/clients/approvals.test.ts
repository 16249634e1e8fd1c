// The real Claude Code with tasks that ask: its model answers, and so does its user in a dialog.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ClaudeCode } from "../support/claude-code.ts";
import { findClient } from "../support/real-clients.ts";
import { Terminal } from "../support/terminal.ts";
import { World } from "../support/world.ts";

const CLAUDE = findClient("claude");

/** Presses a key again until the screen shows what it leads to: one that comes too soon is lost, or taken for a part of the text. */
async function pressUntil(terminal: Terminal, key: string, wanted: string | RegExp): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    await terminal.press(key);
    for (let look = 0; look < 40; look++) {
      const screen = (await terminal.screen()).join("\n");
      if (typeof wanted === "string" ? screen.includes(wanted) : wanted.test(screen)) return;
      await Bun.sleep(100);
    }
  }
  throw new Error(`${key} did not lead to ${String(wanted)}`);
}

describe.skipIf(CLAUDE === undefined)("Claude Code and a task that asks", () => {
  let world: World;
  let claude: ClaudeCode;
  let repo: string;

  beforeAll(async () => {
    world = new World();
    repo = await world.repository();
    claude = new ClaudeCode(world, CLAUDE ?? "", repo);
  });
  afterAll(async () => {
    await claude.model.stop();
    await world.close();
  });

  const call = (tool: string, args: object) => ({ tool: `mcp__codex__${tool}`, args });

  /** Scripts a task that asks to make a file. @returns the file's path, and the arguments of the call */
  function scriptAsking(prompt: string, topic: string): { path: string; args: object } {
    const path = join(world.root, `made-${prompt}`);
    const args = { cmd: `touch ${path}`, sandbox_permissions: "require_escalated", justification: "Needed." };
    world.stub.script(prompt, [{ call: "exec_command", args }, { say: `${prompt} is done.` }]);
    return { path, args: { prompt, cwd: repo, topic, sandbox: "workspace-write", approvals: "ask" } };
  }

  test("its model hears of the question from codex_wait, and answers it", async () => {
    const { path, args } = scriptAsking("BY-MODEL", "implement-by_model-v1");
    const task_id = "codex-implement-by_model-v1";
    claude.model.script("ASK-MODEL", [
      call("codex_dispatch", args),
      call("codex_wait", { task_ids: [task_id] }),
      call("codex_send", { task_id, answer: "q1-0", message: "accept" }),
      call("codex_wait", { task_ids: [task_id] }),
      { say: "It is made." },
    ]);
    expect(await claude.print("ASK-MODEL please")).toBe("It is made.");
    const [, waiting = "", sent = "", done = ""] = claude.model.toolResults;
    expect(waiting).toContain("codex_send {task_id");
    expect(sent).toContain('"answered\\');
    expect(done).toContain("BY-MODEL is done.");
    expect(existsSync(path)).toBe(true);
  }, 90_000);

  test("its user sees the question of a blocking call in a dialog", async () => {
    const { path, args } = scriptAsking("BY-USER", "implement-by_user-v1");
    claude.model.script("ASK-USER", [call("codex", args), { say: "The call is over." }]);
    const terminal = await Terminal.start(world, claude.interactive, { width: 140, height: 50 }, claude.environment);
    await terminal.shows("auto mode");
    await terminal.type("ASK-USER please");
    await terminal.shows("ASK-USER please");
    await pressUntil(terminal, "Enter", "requests your input");
    await terminal.shows("made-BY-USER");
    await terminal.shows("Codex's reason: Needed.");
    expect(existsSync(path)).toBe(false);
    await pressUntil(terminal, "Right", "◯ decline");
    await pressUntil(terminal, "Enter", "✔ Decision: accept");
    await pressUntil(terminal, "Enter", /MCP task codex-implement-by_user-v1\.1 .*completed/);
    expect(existsSync(path)).toBe(true);
    await terminal.close();
  }, 90_000);
});

// The real Claude Code with a scripted model: what it does with this server, and what its model gets to see.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ClaudeCode } from "../support/claude-code.ts";
import { findClient } from "../support/real-clients.ts";
import { Terminal } from "../support/terminal.ts";
import { World } from "../support/world.ts";

const CLAUDE = findClient("claude");

describe.skipIf(CLAUDE === undefined)("Claude Code", () => {
  let world: World;
  let claude: ClaudeCode;
  let repo: string;

  beforeAll(async () => {
    world = new World();
    repo = await world.repository();
    claude = new ClaudeCode(world, CLAUDE ?? "", repo);
    world.stub.script("SLOW", [{ say: "Looking." }, { run: "sleep 3" }, { say: "Slowly done." }]);
    world.stub.script("ENDLESS", [{ run: "setsid sleep 987 & sleep 987" }, { say: "never" }]);
    world.stub.script("TALKATIVE", [{ say: `FIRST ${"All is well. ".repeat(400_000)} LAST` }]);
  });
  afterAll(async () => {
    await claude.model.stop();
    await world.close();
  });

  const call = (tool: string, args: object) => ({ tool: `mcp__codex__${tool}`, args });
  const task = (prompt: string, topic: string) => ({ prompt, cwd: repo, topic, sandbox: "read-only" });

  test("in print mode its model calls each tool and gets the results", async () => {
    const task_id = "codex-review-endless-v1";
    claude.model.script("ALL-TOOLS", [
      call("codex", task("SLOW", "review-slow-v1")),
      call("codex_dispatch", task("ENDLESS", "review-endless-v1")),
      call("codex_wait", { task_ids: [task_id], timeout_seconds: 1 }),
      call("codex_status", { task_id }),
      call("codex_cancel", { task_id }),
      call("codex", task("TALKATIVE", "review-talkative-v1")),
      { say: "All five are done." },
    ]);
    expect(await claude.print("ALL-TOOLS please")).toBe("All five are done.");
    const results = claude.model.toolResults;
    const wanted = ["Slowly done.", '"running\\', '"done\\', "recent_events", '"cancelled\\', "characters left out"];
    expect(results).toHaveLength(wanted.length);
    for (const [index, text] of wanted.entries()) expect(results[index]).toContain(text);
    // What it takes whole: larger results it puts into files of its own.
    expect(results.at(-1)).toContain("LAST");
  }, 90_000);

  describe("in interactive use", () => {
    let terminal: Terminal;

    beforeAll(async () => {
      claude.model.script("GO-SLOW", [call("codex", task("SLOW", "review-back-v1")), { say: "It runs behind me." }]);
      claude.model.script("GO-ENDLESS", [
        call("codex", { ...task("ENDLESS", "implement-stop-v1"), sandbox: "full-access" }),
        { say: "That one runs too." },
      ]);
      claude.model.script("task-notification", [{ say: "I have been told." }]);
      terminal = await Terminal.start(world, claude.interactive, { width: 140, height: 50 }, claude.environment);
      await terminal.shows("auto mode");
    }, 60_000);
    afterAll(() => terminal.close());

    /** An Enter that comes too soon after the text is taken for a part of it. */
    async function say(text: string): Promise<void> {
      await terminal.type(text);
      await terminal.shows(text);
      const isTyped = async () => (await terminal.screen()).findLast((line) => line.startsWith("❯"))?.includes(text);
      await world.until(async () => {
        await terminal.press("Enter");
        await Bun.sleep(200);
        return (await isTyped()) !== true;
      });
    }

    test("a call of codex goes on behind, and its end is announced to the model with the result", async () => {
      await say("GO-SLOW please");
      await terminal.shows("It runs behind me.");
      await terminal.shows("1 MCP task");
      await terminal.shows("I have been told.");
      expect(claude.model.told).toContain("MCP task codex-review-back-v1.1 (codex/codex) completed.");
      expect(claude.model.told).toContain("Slowly done.");
    }, 60_000);

    test("what Codex does can be seen, and stopping it there leaves no process", async () => {
      await say("GO-ENDLESS please");
      await terminal.shows("That one runs too.");
      const isLeft = () => world.processes().some(({ command }) => command.startsWith("sleep 987"));
      await world.until(isLeft);
      await say("/tasks");
      await terminal.shows("Server task:  codex-implement-stop-v1.1");
      await terminal.shows("working · $ ");
      await terminal.press("x");
      await world.until(() => !isLeft());
      await world.until(async () => (await world.sessions()).length === 0);
      expect(world.processes().filter(({ command }) => command.includes("run-task"))).toEqual([]);
    }, 60_000);
  });
});

// The real Codex CLI as the client of this server.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY, CODEX, World } from "../support/world.ts";

let world: World;
let repo: string;

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  world.stub.script("INNER-SLOW", [{ say: "Looking." }, { run: "sleep 1" }, { say: "Slowly done." }]);
  world.stub.script("INNER-ENDLESS", [{ run: "sleep 987" }, { say: "never" }]);
  const variables = '["STUB_KEY", "CODEXMCP_CODEX_BIN", "CODEXMCP_TMUX_SOCKET"]';
  appendFileSync(
    join(world.codexHome, "config.toml"),
    `\n[mcp_servers.tasks]\ncommand = "${BINARY}"\nenv_vars = ${variables}\ndefault_tools_approval_mode = "approve"\n`,
  );
});
afterAll(() => world.close());

test("its model calls each tool and gets the results", async () => {
  const call = (tool: string, args: object) => ({ server: "tasks", tool, args });
  const task = (prompt: string, topic: string) => ({ prompt, cwd: repo, topic, sandbox: "read-only" });
  const task_id = "codex-review-endless-v1";
  world.stub.script("ALL-TOOLS", [
    call("codex", task("INNER-SLOW", "review-slow-v1")),
    call("codex_dispatch", task("INNER-ENDLESS", "review-endless-v1")),
    call("codex_wait", { task_ids: [task_id], timeout_seconds: 1 }),
    call("codex_status", { task_id }),
    call("codex_cancel", { task_id }),
    { say: "All five are done." },
  ]);
  const command = [CODEX, "exec", "--sandbox", "read-only", "--skip-git-repo-check", "ALL-TOOLS please"];
  expect(await world.run(repo, command)).toContain("All five are done.");
  const answers = world.stub.toolOutputs.filter((output) => output.includes("task_id") || output.includes("running"));
  const wanted = ["Slowly done.", '"status":"running"', '"done":[]', "recent_events", '"status":"cancelled"'];
  expect(answers).toHaveLength(wanted.length);
  for (const [index, text] of wanted.entries()) expect(answers[index]).toContain(text);
}, 60_000);

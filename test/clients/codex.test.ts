// The real Codex CLI as the client of this server.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { askCodex, callTasks, giveServerToCodex } from "../support/codex-client.ts";
import { World } from "../support/world.ts";

let world: World;
let repo: string;

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  world.stub.script("INNER-SLOW", [{ say: "Looking." }, { run: "sleep 1" }, { say: "Slowly done." }]);
  world.stub.script("INNER-ENDLESS", [{ run: "sleep 987" }, { say: "never" }]);
  giveServerToCodex(world);
});
afterAll(() => world.close());

test("its model calls each tool and gets the results", async () => {
  const task = (prompt: string, topic: string) => ({ prompt, cwd: repo, topic, sandbox: "read-only" });
  const task_id = "codex-review-endless-v1";
  world.stub.script("ALL-TOOLS", [
    callTasks("codex", task("INNER-SLOW", "review-slow-v1")),
    callTasks("codex_dispatch", task("INNER-ENDLESS", "review-endless-v1")),
    callTasks("codex_wait", { task_ids: [task_id], timeout_seconds: 1 }),
    callTasks("codex_status", { task_id }),
    callTasks("codex_cancel", { task_id }),
    { say: "All five are done." },
  ]);
  expect(await askCodex(world, repo, "ALL-TOOLS please")).toContain("All five are done.");
  const answers = world.stub.toolOutputs.filter((output) => output.includes("task_id") || output.includes("running"));
  const wanted = ["Slowly done.", '"status":"running"', '"done":[]', "recent_events", '"status":"cancelled"'];
  expect(answers).toHaveLength(wanted.length);
  for (const [index, text] of wanted.entries()) expect(answers[index]).toContain(text);
}, 60_000);

import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { BINARY, World } from "../support/world.ts";

// The long run: FAULT_ROUNDS=200 npm test -- test/fault/consistency.test.ts
const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 10);

let world: World;
let client: McpClient;
let other: McpClient;
let load: Bun.Subprocess;

beforeAll(async () => {
  world = new World();
  world.stub.script("QUICK", [{ say: "Done." }]);
  [client, other] = [await world.client(), await world.client()];
  // A disk that is always busy: what is written last is not there last by accident.
  const dd = `while :; do dd if=/dev/zero of=${join(world.root, "load")} bs=1M count=64 conv=fsync 2>/dev/null; done`;
  load = Bun.spawn(["sh", "-c", dd], { stdin: "ignore", env: world.environment() });
});
afterAll(async () => {
  load.kill("SIGKILL");
  await world.close();
});

test(
  `what an answer says, the next call sees, on every server and the command line, ${ROUNDS} times under disk load`,
  async () => {
    const repository = await world.repository();
    const faults: string[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const topic = `implement-round_${round}-v1`;
      const task_id = `codex-${topic}`;
      const request = {
        prompt: "QUICK",
        cwd: repository,
        topic,
        sandbox: round % 4 === 0 ? "full-access" : "read-only",
      };
      const answer = await client.call("codex", request);
      // All at once, in the moment of the answer.
      const tasks = Bun.spawn([BINARY, "show", task_id, "--json"], { env: world.environment(), stdin: "ignore" });
      const [own, others, listed] = await Promise.all([
        client.call("codex_status", { task_id }),
        other.call("codex_status", { task_id }),
        other.call("codex_status", { limit: 1 }),
      ]);
      const merged =
        request.sandbox === "full-access" ? await other.call("codex_merge", { task_ids: [task_id] }) : undefined;
      const shown = JSON.parse(await tasks.stdout.text()) as { status: string };
      const [newest] = listed.data["tasks"] as { task_id: string; status: string }[];
      const said = {
        answer: answer.data["status"],
        own: own.data["status"],
        others: others.data["status"],
        listed: newest?.task_id === task_id ? newest.status : newest?.task_id,
        shown: shown.status,
      };
      const isAgreed = Object.values(said).every((status) => status === "completed");
      if (!isAgreed || merged?.isError === true) faults.push(JSON.stringify({ round, ...said, merged: merged?.data }));
    }
    expect(faults).toEqual([]);
  },
  ROUNDS * 30_000,
);

// Clients are told that their tasks have ended: each end once, by the next answer of any tool.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { EndsWorld, endsIn, wireEnds } from "../support/ended-since.ts";
import { isCodexCommand } from "../support/engines.ts";
import { killAll } from "../support/processes.ts";
import type { McpClient, ToolAnswer } from "../support/mcp-client.ts";

let world: EndsWorld;

beforeAll(async () => {
  world = await new EndsWorld().prepare();
});
afterAll(() => world.close());

/** Starts a task in the background. @returns the answer */
async function dispatch(client: McpClient, prompt: string, topic: string): Promise<ToolAnswer> {
  const answer = await client.call("codex_dispatch", world.request(prompt, topic));
  expect(answer.isError).toBe(false);
  return answer;
}

const list = async (client: McpClient) => client.call("codex_status", {});

describe("ended_since", () => {
  test("the next answer has it, once; with state, topic and the first line", async () => {
    const client = await world.client();
    await dispatch(client, "QUICK", "review-one-v1");
    await dispatch(client, "REFUSED", "review-two-v1");
    await world.untilEnded("review-one-v1", "review-two-v1");
    const { data } = await list(client);
    const ends = data["ended_since"] as object[];
    expect(ends).toHaveLength(2);
    expect(ends).toContainEqual({
      task_id: "codex-review-one-v1",
      status: "completed",
      topic: "review-one-v1",
      outcome: "First line.",
    });
    expect(ends).toContainEqual(expect.objectContaining({ task_id: "codex-review-two-v1", status: "failed" }));
    expect(endsIn(await list(client))).toEqual([]);
  });

  test("refusals have it, too, but a call that does not open the store does not", async () => {
    const client = await world.client();
    await dispatch(client, "QUICK", "review-refusal-v1");
    await world.untilEnded("review-refusal-v1");
    const other = await world.client();
    expect(endsIn(await other.call("codex_nothing", {}))).toEqual([]);
    const refused = await client.call("codex_status", { task_id: "codex-review-absent-v1" });
    expect(refused.isError).toBe(true);
    expect(refused.data["code"]).toBe("unknown_task");
    expect(endsIn(refused)).toEqual(["codex-review-refusal-v1"]);
  });

  test("answers that tell an end themselves do not repeat it", async () => {
    const client = await world.client();
    expect(endsIn(await client.call("codex", world.request("QUICK", "review-own-v1")))).toEqual([]);
    expect(endsIn(await list(client))).toEqual([]);
    await dispatch(client, "QUICK", "review-waited-v1");
    const waited = await client.call("codex_wait", { task_ids: ["review-waited-v1"] });
    expect(waited.data["done"]).toHaveLength(1);
    expect([...endsIn(waited), ...endsIn(await list(client))]).toEqual([]);
    await dispatch(client, "QUICK", "review-shown-v1");
    await world.untilEnded("review-shown-v1");
    const shown = await client.call("codex_status", { task_id: "review-shown-v1" });
    expect([...endsIn(shown), ...endsIn(await list(client))]).toEqual([]);
    await dispatch(client, "ENDLESS", "review-stopped-v1");
    const cancelled = await client.call("codex_cancel", { task_id: "review-stopped-v1" });
    expect(cancelled.data["status"]).toBe("cancelled");
    expect([...endsIn(cancelled), ...endsIn(await list(client))]).toEqual([]);
  });

  test("calls that wait at the same time do not report each other's ends", async () => {
    const client = await world.client();
    const topics = Array.from({ length: 5 }, (_, index) => `review-parallel_${index}-v1`);
    const answers = await Promise.all(topics.map((topic) => client.call("codex", world.request("QUICK", topic))));
    expect(answers.map(({ data }) => data["status"])).toEqual(topics.map(() => "completed"));
    expect([...answers, await list(client)].flatMap(endsIn)).toEqual([]);
  });

  test("the end of a run that another run of its task has followed is told", async () => {
    const client = await world.client();
    await dispatch(client, "QUICK", "review-again-v1");
    await world.untilEnded("review-again-v1");
    const second = await dispatch(client, "ENDLESS", "review-again-v1");
    expect(endsIn(second)).toEqual(["codex-review-again-v1"]);
    await client.call("codex_cancel", { task_id: "review-again-v1" });
  });

  test("a client that comes back with another server is told; another client, or one elsewhere, is not", async () => {
    const client = await world.client();
    await dispatch(client, "UNTIL", "review-restart-v1");
    await client.close();
    writeFileSync(join(world.root, "go-on"), "");
    await world.untilEnded("review-restart-v1");
    const other = await world.handshake("other client");
    expect(await wireEnds(other)).toEqual([]);
    const elsewhere = await world.client({}, world.folder("elsewhere"));
    expect(endsIn(await list(elsewhere))).toEqual([]);
    const back = await world.client();
    expect(endsIn(await list(back))).toEqual(["codex-review-restart-v1"]);
    expect(endsIn(await list(await world.client()))).toEqual([]);
  });

  test("CLAUDE_PROJECT_DIR is the folder of a client that names it", async () => {
    const project = { CLAUDE_PROJECT_DIR: world.repo };
    const client = await world.client(project, world.folder("a"));
    await dispatch(client, "QUICK", "review-claude-v1");
    await world.untilEnded("review-claude-v1");
    expect(endsIn(await list(await world.client()))).toEqual([]);
    expect(endsIn(await list(await world.client(project, world.folder("b"))))).toEqual(["codex-review-claude-v1"]);
  });

  test("of several servers of one client, exactly one tells each end", async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => world.client()));
    const topics = Array.from({ length: 6 }, (_, index) => `review-shared_${index}-v1`);
    const [first] = clients;
    if (first === undefined) throw new Error("no client");
    const answers: ToolAnswer[] = [];
    for (const topic of topics) answers.push(await dispatch(first, "QUICK", topic));
    const ask = async (client: McpClient) => {
      for (let call = 0; call < 5; call++) answers.push(await list(client));
    };
    await Promise.all([world.untilEnded(...topics), ...clients.map(ask)]);
    await Promise.all(clients.map(ask));
    expect(answers.flatMap(endsIn).toSorted()).toEqual(topics.map((topic) => `codex-${topic}`));
  });

  test("many ends are cut, and counted", async () => {
    const client = await world.client();
    await dispatch(client, "QUICK", "review-many-v1");
    await world.untilEnded("review-many-v1");
    const index = new Database(join(world.stateHome, "codexmcp.db"));
    index.run("PRAGMA busy_timeout = 10000");
    for (let number = 1; number <= 40; number++) {
      index.run(
        `INSERT INTO ends SELECT 'codex-review-many_' || ? || '-v1', run, end_time, status, topic, outcome, client_key, 0, NULL, NULL, 0
         FROM ends WHERE task_id = 'codex-review-many-v1'`,
        [number],
      );
    }
    index.close();
    const { data } = await list(client);
    expect(data["ended_since"]).toHaveLength(20);
    expect(String(data["ended_since_left_out"])).toStartWith("21: codex-review-many");
    expect(endsIn(await list(client))).toEqual([]);
    const small = await world.client({ CODEXMCP_RESULT_LIMIT: "2000" });
    await dispatch(small, "QUICK", "review-small-v1");
    await world.untilEnded("review-small-v1");
    expect(endsIn(await list(small))).toEqual(["codex-review-small-v1"]);
  });

  test("the end of a task whose processes were killed while no server was running is told", async () => {
    const client = await world.client();
    await dispatch(client, "ENDLESS", "review-killed-v1");
    await world.until(() => world.processes().some(({ command }) => isCodexCommand(command)));
    await client.close();
    await world.until(() => {
      killAll(world.processes());
      return world.processes().length === 0;
    });
    const back = await world.client();
    const told: string[] = [];
    await world.until(async () => {
      told.push(...endsIn(await back.call("codex_diff", { task_id: "codex-review-absent-v1" })));
      return told.length > 0;
    });
    expect(told).toEqual(["codex-review-killed-v1"]);
  });
});

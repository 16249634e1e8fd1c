// A fork whose supervisor is killed: one session, begun once, and its log has only that.
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer, FORK_ENGINES, ForkWorld, HAS_FORK, usageOf } from "../support/fork-world.ts";

const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 6);
const world = new ForkWorld();
afterAll(() => world.close());

/** Ids of the threads that a task's log names, in their order. */
function threadsOf(taskId: string): string[] {
  const lines = readFileSync(join(world.folderOf(taskId), "codex-exec.log"), "utf8")
    .split("\n")
    .filter(Boolean);
  const events = lines.map((line) => JSON.parse(line) as { type: string; thread_id?: string });
  return events.flatMap(({ type, thread_id }) =>
    type === "thread.started" && thread_id !== undefined ? [thread_id] : [],
  );
}

/** Number of times that a prompt is in one request. */
const timesAsked = (prompt: string) =>
  Math.max(0, ...world.stub.requests.map(({ input }) => JSON.stringify(input).split(prompt).length - 1));

describe.skipIf(!HAS_FORK).each([...FORK_ENGINES])("with the engine %s", (engine) => {
  test("killed in the fork's first turn", async () => {
    const site = await world.site(engine);
    const parent = await site.run("PARENT one", { topic: `parent-${engine}` });
    const name = `KILLED-${engine}`;
    const { task, finish } = await world.startWaiting(site, name, { fork: parent["task_id"] });
    const taskId = String(task["task_id"]);
    process.kill(world.supervisorOf(taskId), "SIGKILL");
    await world.until(async () => {
      await site.client.call("codex_status", { task_id: taskId });
      return world.supervisorOf(taskId) !== 0;
    });
    expect(await finish()).toMatchObject({ success: true, session_id: task["session_id"], usage: usageOf(3) });
    expect(new Set(threadsOf(taskId))).toEqual(new Set([String(task["session_id"])]));
    expect(task["session_id"]).not.toBe(parent["session_id"]);
    expect(timesAsked(`"${name}"`)).toBe(1);
    expect(world.askedWith(name)).toContain("PARENT one");
  });

  test(
    `killed at ${ROUNDS} moments after its start: the end is true, and the task's session is as it was`,
    async () => {
      const site = await world.site(engine);
      const parent = await site.run("PARENT one", { topic: `moments-${engine}` });
      const before = await world.stateOf(parent);
      for (let round = 1; round <= ROUNDS; round++) {
        const prompt = `MOMENT-${engine}-${round}-`;
        world.stub.script(prompt, [{ run: "cat parent.txt" }, { say: "Read." }]);
        const request = { prompt, cwd: site.cwd, fork: parent["task_id"], sandbox: "full-access" };
        const { data } = await site.client.call("codex_dispatch", request);
        const taskId = String(data["task_id"]);
        await Bun.sleep((round - 1) * (200 / ROUNDS));
        const pid = world.supervisorOf(taskId);
        if (pid !== 0) process.kill(pid, "SIGKILL");
        const { data: waited } = await site.client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 60 });
        const [end] = waited["done"] as Answer[];
        if (end?.["success"] !== true) expect(end).toMatchObject({ code: "supervisor_lost" });
        else {
          expect(end).toMatchObject({ result: "Read.", usage: usageOf(2) });
          expect(threadsOf(taskId).at(-1)).toBe(String(end["session_id"]));
          expect(new Set(threadsOf(taskId)).size).toBe(1);
          expect(world.askedWith(prompt)).toContain("The parent is done.");
        }
        expect(timesAsked(prompt)).toBeLessThanOrEqual(1);
      }
      expect(await world.stateOf(parent)).toEqual(before);
    },
    ROUNDS * 30_000,
  );
});

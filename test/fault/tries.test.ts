// A server that is killed while it starts several tries leaves tasks that are true, and nothing that blocks the next ones.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isCodexCommand } from "../support/engines.ts";
import { TaskWorld } from "../support/task-world.ts";
import { linesOf, recordOf, scriptTries, type TryLine, workIn } from "../support/tries.ts";

const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 8);
const TRIES = 4;

let world: TaskWorld;
let repository: string;

beforeAll(async () => {
  world = new TaskWorld();
  scriptTries(world);
  repository = await world.repository();
});
afterAll(() => world.close());

/** All that is wrong with a try that has ended. */
function judge({ task_id, status }: TryLine, group: string): string[] {
  const record = recordOf(world, task_id);
  const faults: string[] = [];
  const worktree = String(record["worktree_dir"]);
  if (!["completed", "failed"].includes(status)) faults.push(`${task_id} is ${status}`);
  if (status === "completed" && !existsSync(join(worktree, "made.txt"))) faults.push(`${task_id} has made nothing`);
  if (status === "failed" && !record["error"]) faults.push(`${task_id} says no reason`);
  const { id, of } = record["group"] as { id: string; of: number };
  if (id !== group || of !== TRIES) faults.push(`${task_id} is in the group ${id}, of ${of}`);
  return faults;
}

test(
  `a server that is killed at a random moment of the starts, ${ROUNDS} times`,
  async () => {
    const rounds: object[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const group = `implement-killed${round}`;
      const request = workIn(repository, `killed${round}`, { tries: TRIES });
      const starter = await world.client();
      const answer = starter.call("codex_dispatch", request).catch((error: unknown) => error);
      const afterMs = Math.round(Math.random() * 500);
      await Bun.sleep(afterMs);
      process.kill(starter.pid, "SIGKILL");
      await answer;
      const client = await world.client();
      const { data } = await client.call("codex_status", { task_id: group });
      const started = data["code"] === "unknown_task" ? [] : linesOf(data);
      for (const { task_id } of started) await world.waitForEnd(client, task_id);
      const ended = started.length === 0 ? [] : linesOf((await client.call("codex_status", { task_id: group })).data);
      const faults = ended.flatMap((line) => judge(line, group));
      const isOfTask = (command: string) => command.includes("run-task") || isCodexCommand(command);
      const leftOver = () => world.processes().filter(({ command }) => isOfTask(command));
      await world.until(() => leftOver().length === 0).catch(() => faults.push(JSON.stringify(leftOver())));
      // The same words again: another group, or the same if nothing of it was begun.
      const again = await client.call("codex", request);
      if (again.data["success"] !== true) faults.push(`the next start failed: ${JSON.stringify(again.data)}`);
      rounds.push({ round, afterMs, states: ended.map(({ status }) => status).join(" "), faults });
      await client.close();
    }
    console.table(rounds);
    expect(rounds.filter((each) => "faults" in each && String(each.faults) !== "")).toEqual([]);
  },
  ROUNDS * 60_000,
);

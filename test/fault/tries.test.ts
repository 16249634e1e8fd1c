// A server that is killed while it starts several tries leaves tasks that are true, and nothing that blocks the next ones.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { listNames } from "#base/paths.ts";
import { storePaths } from "#store/store-paths.ts";
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

/** Waits until the end of a further task has ended the spare processes of killed servers, as it does when they are a minute old. */
async function sweep(): Promise<void> {
  const { spares } = storePaths(world.stateHome);
  const client = await world.client();
  for (const id of listNames(spares)) utimesSync(join(spares, id), 0, 0);
  await client.call("codex", workIn(repository, "sweep"));
  await client.close();
  await world.until(() => !world.processes().some(({ command }) => isCodexCommand(command)));
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
      // From the first claim to the last start: after so many folders of tasks, or worktrees, and a moment more.
      const claimed = () => listNames(storePaths(world.stateHome).tasks).filter((id) => id.includes(`killed${round}_`));
      const prepared = () => listNames(world.root).filter((name) => name.includes(`killed${round}_`));
      const [folders, worktrees] = [Math.ceil(Math.random() * TRIES), Math.floor(Math.random() * (TRIES + 1))];
      await world.until(() => claimed().length >= folders && prepared().length >= worktrees);
      const afterMs = Math.round(Math.random() * 100);
      await Bun.sleep(afterMs);
      process.kill(starter.pid, "SIGKILL");
      await answer;
      const client = await world.client();
      const { data } = await client.call("codex_status", { task_id: group });
      const started = data["code"] === "unknown_task" ? [] : linesOf(data);
      for (const { task_id } of started) await world.waitForEnd(client, task_id);
      const ended = started.length === 0 ? [] : linesOf((await client.call("codex_status", { task_id: group })).data);
      const faults = ended.flatMap((line) => judge(line, group));
      // A Codex process that the server had only just started for a task ends later: see below.
      const isOfTask = (command: string) =>
        command.includes("run-task") || (isCodexCommand(command) && !command.includes("/spares/"));
      const leftOver = () => world.processes().filter(({ command }) => isOfTask(command));
      await world.until(() => leftOver().length === 0).catch(() => faults.push(JSON.stringify(leftOver())));
      // The same words again: another group, or the same if nothing of it was begun.
      const again = await client.call("codex", request);
      if (again.data["success"] !== true) faults.push(`the next start failed: ${JSON.stringify(again.data)}`);
      rounds.push({ round, folders, worktrees, afterMs, states: ended.map(({ status }) => status).join(" "), faults });
      await client.close();
    }
    console.table(rounds);
    await sweep();
    expect(rounds.filter((each) => "states" in each && each.states !== "").length).toBeGreaterThan(ROUNDS / 2);
    expect(rounds.filter((each) => "faults" in each && String(each.faults) !== "")).toEqual([]);
  },
  ROUNDS * 60_000,
);

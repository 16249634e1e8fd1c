// A merge that is killed during its check leaves the branch where it was, or at a commit that was checked, and nothing that stays.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listCheckouts } from "../support/check-gate.ts";
import { GitWorld } from "../support/git-world.ts";
import { runCli } from "../support/command-line.ts";
import { runKilled } from "../support/killed-command.ts";

const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 12);

let world: GitWorld;
let taskId: string;
let checked: string;

beforeAll(async () => {
  world = new GitWorld();
  await world.begin();
  const run = "for n in 1 2 3 4 5 6 7 8 9; do echo $n > $n.txt; done; git add .; git commit -qm Work";
  taskId = String((await world.work("files", run))["task_id"]);
  checked = join(world.root, "checked");
});
afterAll(() => world.close());

const git = (...args: string[]) => world.git(world.repo, ...args);

test(`${ROUNDS} merges killed at random moments of their check (FAULT_ROUNDS)`, async () => {
  const start = await git("rev-parse", "HEAD");
  const check = `sleep 0.3 & (sleep 0.2; sleep 0.1); wait; ls 9.txt && git rev-parse HEAD >> ${checked}`;
  const merge = (killAfterMs?: number) => runKilled(world, ["merge", taskId, "--check", check], killAfterMs);
  const takes = await merge();
  expect(await git("rev-parse", "HEAD")).not.toBe(start);
  let moved = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await git("reset", "-q", "--hard", start);
    writeFileSync(checked, "");
    await merge(Math.random() * takes);
    const head = await git("rev-parse", "HEAD");
    const isMoved = head !== start;
    if (isMoved) expect(readFileSync(checked, "utf8")).toContain(head);
    moved += Number(isMoved);
    expect(await git("status", "--porcelain")).toBe("");
    // The next command removes what is left, and ends what still runs there.
    const { exitCode, stderr } = await runCli(world, round % 2 === 0 ? ["clean", "--yes"] : ["merge", taskId]);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    expect(await listCheckouts(world)).toEqual([]);
    expect(world.processes().filter(({ command }) => command.includes("sleep 0."))).toEqual([]);
    expect(await git("fsck", "--no-dangling")).toBe("");
  }
  console.log(`${moved} of ${ROUNDS} killed merges had got in`);
}, 600_000);

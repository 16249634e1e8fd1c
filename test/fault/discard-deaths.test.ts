// A discard that is killed at a random moment loses nothing: the worktree is there, or it can be restored as it was.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { portray } from "../support/random-worktree.ts";
import { runKilled } from "../support/killed-command.ts";
import { World } from "../support/world.ts";

const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 15);

let world: World;
let worktree: string;

beforeAll(async () => {
  world = new World();
  const repo = await world.repository();
  world.stub.script("WORK", [
    { run: "echo work > work.txt; git add .; git commit -qm Work; git rm -q README.md" },
    { say: "Done." },
  ]);
  const client = await world.client();
  const args = { prompt: "WORK", cwd: repo, topic: "implement-work-v1", sandbox: "full-access", commit: "never" };
  worktree = String((await client.call("codex", args)).data["worktree_dir"]);
  mkdirSync(join(worktree, "many", "empty"), { recursive: true });
  for (let file = 0; file < 300; file++) writeFileSync(join(worktree, "many", `${file}.txt`), `${file}\n`.repeat(100));
});
afterAll(() => world.close());

const discard = (killAfterMs?: number) => runKilled(world, ["discard", "implement-work"], killAfterMs);

test(`${ROUNDS} discards killed at random moments (FAULT_ROUNDS): nothing is lost`, async () => {
  const before = await portray(worktree);
  const takes = await discard();
  await runCli(world, ["restore", "implement-work"]);
  let gone = 0;
  for (let round = 0; round < ROUNDS; round++) {
    expect(await portray(worktree)).toEqual(before);
    // Saving takes most of the time; what is to be hit is mostly what comes after.
    await discard((0.4 + 0.6 * Math.random()) * takes);
    if (existsSync(worktree)) continue;
    gone++;
    expect((await runCli(world, ["restore", "implement-work"])).stderr).toBe("");
  }
  expect(await portray(worktree)).toEqual(before);
  console.log(`${gone} of ${ROUNDS} killed discards had taken the worktree away`);
  await runCli(world, ["clean", "--yes"]);
  expect(await world.run(world.root, ["ls", "-A"])).not.toContain(".codexmcp-removed-");
}, 600_000);

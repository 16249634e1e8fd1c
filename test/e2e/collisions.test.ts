import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CollisionWorld, edit, TEXT } from "../support/collision-world.ts";
import { runCli } from "../support/command-line.ts";

// Which tasks' work would conflict is said before anything is merged.

let world: CollisionWorld;

beforeAll(() => {
  world = new CollisionWorld();
});
beforeEach(async () => world.begin());
afterAll(() => world.close());

describe("two tasks that change the same lines", () => {
  test("the second one's answer names the first, and so do codex_status, codex_wait, show and worktrees", async () => {
    const one = await world.work("one", edit("ONE"));
    expect(one).not.toHaveProperty("conflicts_with");
    await world.untilStatus("one", { merges_cleanly: true });
    const withOne = [{ task: world.idOf("one"), files: ["text.txt"] }];
    await world.work("two", edit("TWO"));
    await world.untilStatus("two", { conflicts_with: withOne });
    // An answer says what is known in time: here, all of it is known from before.
    const two = await world.work("two", "true", { topic: `implement-two_${world.number}-v2` });
    expect(two).toMatchObject({ merges_cleanly: true, conflicts_with: withOne });
    await world.untilStatus("one", {
      conflicts_with: [{ task: String(two["task_id"]), files: ["text.txt"] }],
    });
    const waited = await (await world.own).call("codex_wait", { task_ids: [world.idOf("two")] });
    expect(waited.data).toMatchObject({ done: [{ conflicts_with: withOne, merges_cleanly: true }] });
    expect(await world.reportOn("two")).toMatchObject({ conflicts_with: withOne, merges_cleanly: true });
    const table = (await runCli(world, ["worktrees"])).stdout;
    expect(table).toContain(`conflicts with implement-one_${world.number}-v1 (1 file)`);
    const shown = (await runCli(world, ["show", world.idOf("two")])).stdout;
    expect(shown).toContain(`merges cleanly into main; conflicts with ${world.idOf("one")} in text.txt`);
    const json = JSON.parse((await runCli(world, ["wait", "--json", world.idOf("two")])).stdout) as object[];
    expect(json).toMatchObject([{ conflicts_with: withOne }]);
  });

  test("after one is merged, the other conflicts with the base, and with it no more", async () => {
    const one = await world.work("one", edit("ONE"));
    await world.work("two", edit("TWO"));
    await world.merge(one);
    const two = await world.untilStatus("two", { merges_cleanly: false });
    expect(two).not.toHaveProperty("conflicts_with");
    expect((await runCli(world, ["worktrees"])).stdout).toContain("conflicts with main");
    const merged = await world.statusOf("one");
    for (const field of ["merges_cleanly", "conflicts_with", "not_compared"]) expect(merged).not.toHaveProperty(field);
  });

  test("work of which a part was merged before merges as codex_merge does it, not as git would", async () => {
    await world.merge(await world.work("one", edit("ONE")));
    const more = { topic: `implement-one_${world.number}-v2` };
    const again = await world.work("one", "sed -i s/ONE/UNO/ text.txt", more);
    await world.untilStatus("one", { merges_cleanly: true });
    expect((await world.merge(again)).data).toMatchObject({ success: true });
  });

  test("uncommitted work counts as it is at the moment", async () => {
    await world.work("one", edit("ONE"));
    await world.work("two", "echo other > other.txt");
    expect(await world.untilStatus("two", { merges_cleanly: true })).not.toHaveProperty("conflicts_with");
    writeFileSync(join(world.at("two"), "text.txt"), TEXT.replace("middle", "UNCOMMITTED"));
    const conflict = { conflicts_with: [{ task: world.idOf("one"), files: ["text.txt"] }] };
    await world.untilStatus("two", conflict);
    writeFileSync(join(world.at("two"), "text.txt"), TEXT);
    expect(await world.untilStatus("two", { merges_cleanly: true })).not.toHaveProperty("conflicts_with");
    rmSync(join(world.at("two"), "text.txt"));
    await world.untilStatus("two", conflict);
  });

  test("a task that is still running is compared, too", async () => {
    await world.work("one", edit("ONE"));
    world.stub.script("ENDLESS-", [{ run: edit("TWO") }, { end: "hang" }]);
    const topic = `implement-two_${world.number}-v1`;
    await (
      await world.own
    ).call("codex_dispatch", { prompt: "ENDLESS-", cwd: world.repo, topic, sandbox: "full-access" });
    await world.until(async () => "conflicts_with" in (await world.statusOf("two")));
    await world.untilStatus("two", { status: "running", merges_cleanly: true });
    await world.untilStatus("one", { conflicts_with: [{ task: world.idOf("two") }] });
    await (await world.own).call("codex_cancel", { task_id: world.idOf("two") });
  });

  test("tasks that began from the user's uncommitted work merge without it", async () => {
    writeFileSync(join(world.repo, "text.txt"), TEXT.replace("middle", "mine"));
    const more = { include_uncommitted: true };
    await world.work("one", "echo one > one.txt", more);
    await world.untilStatus("one", { merges_cleanly: true });
    await world.git(world.repo, "checkout", "--", "text.txt");
    await world.git(world.repo, "commit", "--quiet", "--allow-empty", "-m", "Goes on");
    await world.untilStatus("one", { merges_cleanly: true });
    writeFileSync(join(world.at("one"), "text.txt"), TEXT.replace("middle", "mine and more"));
    await world.untilStatus("one", { merges_cleanly: false });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CollisionWorld, edit } from "../support/collision-world.ts";
import { runCli } from "../support/command-line.ts";
import { portrait } from "../support/left-alone.ts";

// Worktrees are compared without touching anything, whatever is wrong with one of them, with the cache or with git.

let world: CollisionWorld;

beforeAll(() => {
  world = new CollisionWorld();
});
beforeEach(async () => world.begin());
afterAll(() => world.close());

test("nothing is touched: neither repository nor worktrees, and no hook, filter or monitor runs", async () => {
  await world.work("one", edit("ONE"));
  await world.work("two", edit("TWO"));
  writeFileSync(join(world.at("two"), "new.bin"), "not committed\n");
  writeFileSync(join(world.at("one"), "text.txt"), "changed\n");
  const trap = join(world.root, `trap-${world.number}`);
  const ran = join(world.root, `ran-${world.number}`);
  writeFileSync(trap, `#!/bin/sh\necho "$0 $*" >> ${ran}\ncat\n`, { mode: 0o755 });
  const hooks = join(world.repo, ".git", "hooks");
  mkdirSync(hooks, { recursive: true });
  for (const hook of ["post-index-change", "pre-commit", "post-checkout", "reference-transaction", "post-merge"]) {
    writeFileSync(join(hooks, hook), `#!/bin/sh\necho ${hook} >> ${ran}\n`, { mode: 0o755 });
  }
  const settings = {
    "core.fsmonitor": trap,
    "filter.trap.clean": trap,
    "merge.trap.driver": `${trap} %A`,
    "diff.trap.textconv": trap,
  };
  for (const [name, value] of Object.entries(settings)) await world.git(world.repo, "config", name, value);
  mkdirSync(join(world.repo, ".git", "info"), { recursive: true });
  writeFileSync(join(world.repo, ".git", "info", "attributes"), "*.bin filter=trap\n*.txt merge=trap diff=trap\n");
  const isObjects = (path: string) => path.endsWith("/.git/objects");
  const objects = () =>
    readdirSync(join(world.repo, ".git", "objects"), { recursive: true })
      .map(String)
      .toSorted();
  const folders = [world.repo, world.at("one"), world.at("two")];
  const before = { objects: objects(), files: folders.map((folder) => portrait(folder, isObjects)) };
  const one = await world.statusOf("one");
  await world.statusOf("two");
  await world.reports({}, "--exact");
  expect({ objects: objects(), files: folders.map((folder) => portrait(folder, isObjects)) }).toEqual(before);
  expect(existsSync(ran)).toBe(false);
  // What a program that was not run might have said is not known.
  expect(one).not.toHaveProperty("conflicts_with");
  expect(one).toMatchObject({ not_compared: 1 });
  const isLeft = () => readdirSync(join(world.stateHome, "collisions")).some((name) => !name.endsWith(".json"));
  await world.until(() => !isLeft());
});

/** Removes the tree of a worktree's commit from the repository. */
async function loseTree(path: string): Promise<void> {
  const tree = await world.git(path, "rev-parse", "HEAD^{tree}");
  rmSync(join(world.repo, ".git", "objects", tree.slice(0, 2), tree.slice(2)));
}

describe("a worktree that cannot be compared keeps no other from it", () => {
  const breakIt: Record<string, (path: string, gitDir: string) => unknown> = {
    "broken link": (path) => rmSync(join(path, ".git")),
    "in the middle of a rebase": (_, gitDir) => mkdirSync(join(gitDir, "rebase-merge")),
    "damaged index": (_, gitDir) => writeFileSync(join(gitDir, "index"), "no index"),
    "missing objects": loseTree,
    "missing objects, and the folder is gone": async (path) => {
      await loseTree(path);
      rmSync(path, { recursive: true });
      // Else it would be known from before.
      rmSync(join(world.stateHome, "collisions"), { recursive: true });
    },
    "another branch": (path) => world.git(path, "switch", "--quiet", "-c", `elsewhere-${world.number}`),
    "git's lock on the index is in its way, which it is not": () => undefined,
  };
  for (const [what, doIt] of Object.entries(breakIt)) {
    const isBroken = !what.startsWith("git's lock");
    test(what, async () => {
      await world.work("one", edit("ONE"));
      await world.work("two", edit("TWO"));
      await world.work("three", "echo three > three.txt");
      const gitDir = await world.git(world.at("three"), "rev-parse", "--absolute-git-dir");
      if (isBroken) await doIt(world.at("three"), gitDir);
      else writeFileSync(join(gitDir, "index.lock"), "");
      const withOne = { conflicts_with: [{ task: world.idOf("one"), files: ["text.txt"] }], merges_cleanly: true };
      const two = await world.untilStatus("two", isBroken ? { ...withOne, not_compared: 1 } : withOne);
      if (!isBroken) expect(two).not.toHaveProperty("not_compared");
      const three = await world.statusOf("three").catch(() => ({}));
      expect(three).not.toHaveProperty("conflicts_with");
      if (isBroken) expect(await world.reportOn("two")).toMatchObject({ ...withOne, not_compared: 1 });
    });
  }

  test("a worktree whose folder is gone is compared by its commits", async () => {
    await world.work("one", edit("ONE"));
    await world.work("two", edit("TWO"));
    rmSync(world.at("one"), { recursive: true });
    await world.untilStatus("two", {
      conflicts_with: [{ task: world.idOf("one"), files: ["text.txt"] }],
    });
  });
});

test("what is known costs no git merge, and is found again after the cache is damaged", async () => {
  await world.work("one", edit("ONE"));
  await world.work("two", edit("TWO"));
  const first = await world.untilStatus("two", { conflicts_with: [{ task: world.idOf("one") }] });
  const folder = join(world.stateHome, "collisions");
  for (const content of [
    "{",
    "[]",
    '{"settings":1}',
    JSON.stringify({ settings: "x", works: {}, merges: {}, slow: [] }),
  ]) {
    const caches = readdirSync(folder).filter((name) => name.endsWith(".json"));
    for (const name of caches) writeFileSync(join(folder, name), content);
    const { elapsed_seconds: _, ...known } = first;
    await world.untilStatus("two", known);
  }
  chmodSync(folder, 0o500);
  await world.untilStatus("two", { conflicts_with: [{ task: world.idOf("one") }] });
  chmodSync(folder, 0o700);
});

test("with a git that cannot try merges, the fields are absent, and worktrees says why", async () => {
  await world.work("one", edit("ONE"));
  await world.work("two", edit("TWO"));
  const bin = world.folder(`old-git-${world.number}`);
  const real = Bun.which("git") ?? "git";
  writeFileSync(
    join(bin, "git"),
    `#!/bin/sh\ncase "$*" in *--version) echo git version 2.37.1;; *) exec ${real} "$@";; esac\n`,
    { mode: 0o755 },
  );
  const path = `${bin}:${process.env["PATH"] ?? ""}`;
  const old = await world.reports({ PATH: path });
  expect(old.not_compared).toBe("git 2.37.1 cannot try merges; git 2.38 or later can.");
  for (const report of old.worktrees) expect(report).not.toHaveProperty("merges_cleanly");
  const { stdout } = await runCli(world, ["worktrees"], { PATH: path });
  expect(stdout).toContain("Conflicts between worktrees are not shown: git 2.37.1 cannot try merges");
  const other = await world.client({ PATH: path });
  const { data } = await other.call("codex_status", { task_id: world.idOf("two") });
  for (const field of ["merges_cleanly", "conflicts_with", "not_compared"]) expect(data).not.toHaveProperty(field);
});

test("a git before 2.39 merges one pair at a time, with the same result", async () => {
  await world.work("one", edit("ONE"));
  await world.work("two", edit("TWO"));
  const bin = world.folder(`older-git-${world.number}`);
  const real = Bun.which("git") ?? "git";
  const script = `#!/bin/sh\ncase "$*" in *--version) echo git version 2.38.1;; *merge-tree*--stdin*) exit 129;; *) exec ${real} "$@";; esac\n`;
  writeFileSync(join(bin, "git"), script, { mode: 0o755 });
  const other = await world.client({ PATH: `${bin}:${process.env["PATH"] ?? ""}` });
  rmSync(join(world.stateHome, "collisions"), { recursive: true });
  const { data } = await other.call("codex_status", { task_id: world.idOf("two") });
  expect(data).toMatchObject({
    merges_cleanly: true,
    conflicts_with: [{ task: world.idOf("one"), files: ["text.txt"] }],
  });
});

test("asking at the same time gives each the same answer; what a killed process left is removed", async () => {
  await world.work("one", edit("ONE"));
  await world.work("two", edit("TWO"));
  const folder = join(world.stateHome, "collisions");
  rmSync(folder, { recursive: true });
  const left = join(folder, "objects-left");
  mkdirSync(join(left, "aa"), { recursive: true });
  const longAgo = new Date(Date.now() - 3_600_000);
  utimesSync(left, longAgo, longAgo);
  const clients = await Promise.all([world.client(), world.client(), world.client()]);
  const asked = clients.flatMap((each) =>
    [1, 2].map(async () => each.call("codex_status", { task_id: world.idOf("two") })),
  );
  for (const { data } of await Promise.all(asked)) {
    expect(data).toMatchObject({
      merges_cleanly: true,
      conflicts_with: [{ task: world.idOf("one"), files: ["text.txt"] }],
    });
  }
  await world.until(() => readdirSync(folder).every((name) => name.endsWith(".json")));
});

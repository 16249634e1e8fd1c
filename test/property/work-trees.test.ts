// Worktrees in random states: the tree that is written of each, and the patch between two, are those of git itself.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { writeTreePatch } from "#git/changes/worktree-diff.ts";
import { withTemporaryObjects, writeWorkTree } from "#git/snapshots/work-tree.ts";
import { beginConflict, Dice, disturb, portray } from "../support/random-worktree.ts";
import { Scratch } from "../support/scratch.ts";

const ROUNDS = Number(process.env["COMPARE_ROUNDS"] ?? 25);
const SEED = Number(process.env["PROPERTY_SEED"] ?? Date.now() % 1_000_000);

let scratch: Scratch;
let repository: string;

beforeAll(async () => {
  scratch = new Scratch();
  // The colon needs quotes in git's list of object folders.
  repository = await scratch.repository('odd: "na\\me"');
  await scratch.git(repository, "config", "extensions.worktreeConfig", "true");
});
afterAll(() => scratch.close());

/** Makes a worktree that somebody has worked in. */
async function makeWorktree(name: string, dice: Dice): Promise<string> {
  const path = join(scratch.root, name);
  await scratch.git(repository, "worktree", "add", "--quiet", "--detach", path);
  if (dice.below(4) === 0) await scratch.git(path, "config", "--worktree", "core.splitIndex", "true");
  for (let deed = dice.below(12); deed > 0; deed--) await disturb(path, dice);
  if (dice.below(6) === 0) await beginConflict(path);
  return path;
}

/** Returns the tree that git makes of a worktree, with a copy of its index. */
async function treeByGit(worktree: string): Promise<string> {
  const index = join(scratch.root, "index-by-git");
  rmSync(index, { force: true });
  copyFileSync(join(await scratch.git(worktree, "rev-parse", "--absolute-git-dir"), "index"), index);
  const environment = { ...process.env, GIT_INDEX_FILE: index };
  await $`git add --all --sparse`.cwd(worktree).env(environment).quiet();
  return (await $`git write-tree`.cwd(worktree).env(environment).quiet().text()).trim();
}

test(
  `${ROUNDS} pairs of worktrees: the same trees and the same patch as git's, and nothing of them changes`,
  async () => {
    let differing = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const dice = new Dice(SEED + round);
      const pair = [await makeWorktree("one", dice), await makeWorktree("two", dice)] as const;
      const [one, two] = pair;
      const look = async () => [
        await scratch.git(repository, "count-objects", "-v"),
        await scratch.git(repository, "for-each-ref"),
        readdirSync(join(repository, ".git"), { recursive: true, encoding: "utf8" }).toSorted(),
      ];
      const [before, objects] = [[await portray(one), await portray(two)], await look()];
      const patchFile = join(scratch.root, "ours.patch");
      const trees = await withTemporaryObjects([join(repository, ".git")], async (environment) => {
        const found = [
          (await writeWorkTree(one, environment)).tree,
          (await writeWorkTree(two, environment)).tree,
        ] as const;
        await writeTreePatch(one, found, [], patchFile, environment);
        return found;
      });
      const what = `PROPERTY_SEED=${SEED + round} COMPARE_ROUNDS=1`;
      expect({ what, look: await look() }).toEqual({ what, look: objects });
      expect({ what, all: [await portray(one), await portray(two)] }).toEqual({ what, all: before });
      expect({ what, trees }).toEqual({ what, trees: [await treeByGit(one), await treeByGit(two)] });
      const args = ["diff", "--binary", "--full-index", "--find-renames", "--no-ext-diff", "--no-textconv", ...trees];
      const patch = await $`git ${args}`.cwd(one).quiet().text();
      expect({ what, patch: readFileSync(patchFile, "utf8") }).toEqual({ what, patch });
      if (patch !== "") differing++;
      for (const path of pair) await scratch.git(repository, "worktree", "remove", "--force", "--force", path);
      await scratch.git(repository, "branch", "--quiet", "-D", "side").catch(() => "");
    }
    expect(differing).toBeGreaterThan(ROUNDS / 2);
  },
  ROUNDS * 20_000,
);

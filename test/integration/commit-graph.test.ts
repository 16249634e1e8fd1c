import { afterAll, beforeAll, expect, test } from "bun:test";
import { CommitGraph, countAheadAndBehind, isAncestor } from "#git/repository/history.ts";
import { Dice } from "../support/random-worktree.ts";
import { Scratch } from "../support/scratch.ts";

const COMMITS = 40;
const PAIRS = 60;

let scratch: Scratch;

beforeAll(() => {
  scratch = new Scratch();
});
afterAll(() => scratch.close());

/** Makes commits with one or two parents among those before them. */
async function randomHistory(name: string, dice: Dice): Promise<{ folder: string; commits: string[] }> {
  const folder = await scratch.repository(name);
  const commits = [await scratch.git(folder, "rev-parse", "HEAD")];
  for (let index = 0; index < COMMITS; index++) {
    const parents = new Set([commits[dice.below(commits.length)] ?? "", commits[dice.below(commits.length)] ?? ""]);
    const args = [...parents].flatMap((parent) => ["-p", parent]);
    commits.push(await scratch.git(folder, "commit-tree", "-m", `Commit ${index}`, ...args, "HEAD^{tree}"));
  }
  return { folder, commits };
}

async function expectAsGit(folder: string, commits: readonly string[], dice: Dice): Promise<void> {
  const pick = () => commits[dice.below(commits.length)] ?? "";
  const wanted = Array.from({ length: 8 }, pick);
  const graph = await CommitGraph.read(folder, wanted, {});
  for (let pair = 0; pair < PAIRS; pair++) {
    const [one = "", other = ""] = [wanted[dice.below(wanted.length)], wanted[dice.below(wanted.length)]];
    expect(await graph.countApart(one, other)).toEqual(await countAheadAndBehind(folder, one, other));
    expect(await graph.isAncestor(one, other)).toBe(await isAncestor(folder, one, other));
  }
}

test("counts and ancestors are those that git finds", async () => {
  const seed = Date.now() % 1_000_000;
  const dice = new Dice(seed);
  const { folder, commits } = await randomHistory("history", dice);
  await expectAsGit(folder, commits, dice).catch((error: unknown) => {
    throw new Error(`seed ${seed}`, { cause: error });
  });
});

test("also of histories that do not meet", async () => {
  const dice = new Dice(1);
  const { folder, commits } = await randomHistory("roots", dice);
  commits.push(await scratch.git(folder, "commit-tree", "-m", "Another root", "HEAD^{tree}"));
  await expectAsGit(folder, [...commits.slice(0, 4), commits.at(-1) ?? ""], dice);
});

test("a commit that is missing keeps nothing from being found out about the others", async () => {
  const { folder, commits } = await randomHistory("missing", new Dice(2));
  const [one = "", other = ""] = [commits[3], commits[20]];
  const graph = await CommitGraph.read(folder, [one, other, "1".repeat(40)], {});
  expect(await graph.countApart(one, other)).toEqual(await countAheadAndBehind(folder, one, other));
});

// Merges of random histories come out as git's own do, in a copy of the repository.
// MERGE_ROUNDS and MERGE_SEED say how many and which; the same seed makes the same histories.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { computeMerge } from "#git/merge/compute-merge.ts";
import type { MergeStrategy } from "#git/merge/merge-request.ts";
import { advanceBranch, findCheckout } from "#git/merge/advance-branch.ts";
import * as reference from "../support/git-reference.ts";
import * as repositories from "../support/random-repository.ts";
import { Scratch } from "../support/scratch.ts";

type Outcome = reference.Outcome;
type Repository = repositories.RandomRepository;

const ROUNDS = Number(process.env["MERGE_ROUNDS"] ?? 12);
const SEED = Number(process.env["MERGE_SEED"] ?? Date.now() % 1_000_000);
const STRATEGIES: readonly MergeStrategy[] = ["squash", "merge", "rebase", "ff-only"];
const { askGit, gitAnswer } = repositories;

let scratch: Scratch;
let maker: repositories.RepositoryMaker;
let copies = 0;

beforeAll(() => {
  scratch = new Scratch();
  maker = new repositories.RepositoryMaker(scratch.folder("random"));
});
afterAll(() => scratch.close());

/** Merges in a fresh copy of the repository. */
function byGit({ path, target, source }: Repository, strategy: MergeStrategy): Outcome {
  return reference.mergeWithGit(copyOf(path), strategy, target, source);
}

function copyOf(path: string): string {
  const copy = join(scratch.root, `copy-${copies++ % 4}`);
  repositories.copyRepository(path, copy);
  return copy;
}

async function byUs(
  { path, folder, target, source, base }: Repository,
  strategy: MergeStrategy,
  merged?: Repository["merged"],
): Promise<Outcome & { commit?: string }> {
  const names = ["main", "agent"] as const;
  try {
    const request = { folder, checkout: path, strategy, target, source, base, merged, names, message: "Merge" };
    const computed = await computeMerge(request);
    if ("commit" in computed) {
      const { commit } = computed;
      const commits = strategy === "rebase" ? reference.commitsSince(path, target, commit) : undefined;
      return { kind: "clean", tree: gitAnswer(path, ["rev-parse", `${commit}^{tree}`]), commits, commit };
    }
    const conflicts = computed.conflicts.map((conflict) => ({
      ...conflict,
      path: Buffer.from(conflict.path).toString("latin1"),
    }));
    const files = conflicts.map((conflict) => conflict.path).toSorted();
    const lines = Object.fromEntries(conflicts.map((one) => [one.path, one.hunks.map(({ line }) => line)]));
    return { kind: "conflict", files, at: computed.at, lines };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "not_fast_forward") {
      return { kind: "not a fast-forward" };
    }
    return { kind: "refused", why: String(error) };
  }
}

/** Compares what matters. @returns what differs, in words; undefined where nothing does */
function differenceOf(theirs: Outcome, ours: Outcome, originals: ReadonlyMap<string, string>): string | undefined {
  if (theirs.kind !== ours.kind) return `git: ${brief(theirs)}; ours: ${brief(ours)}`;
  if (theirs.kind === "conflict" && ours.kind === "conflict") return differentConflict(theirs, ours);
  if (theirs.kind !== "clean" || ours.kind !== "clean") return undefined;
  if (theirs.tree !== ours.tree) return "another tree";
  const [expected, found] = [theirs.commits?.map(reference.timeOf) ?? [], ours.commits?.map(reference.timeOf) ?? []];
  if (expected.join() !== found.join()) return `other commits: git ${expected.join()}; ours ${found.join()}`;
  for (const commit of ours.commits ?? []) {
    const original = reference.lastingPart(originals.get(reference.timeOf(commit)) ?? "");
    const copy = reference.lastingPart(commit);
    if (copy !== original) return `a changed commit: ${JSON.stringify(original)} became ${JSON.stringify(copy)}`;
  }
  return undefined;
}

function differentConflict(
  theirs: Outcome & { kind: "conflict" },
  ours: Outcome & { kind: "conflict" },
): string | undefined {
  const [expected, found] = [theirs, ours].map(({ files }) => [...new Set(files.map(reference.withoutSide))].join());
  if (expected !== found) return `conflicts: git ${expected}; ours ${found}`;
  if (theirs.at !== ours.at) return `stops at: git ${theirs.at}; ours ${ours.at}`;
  for (const [file, lines] of Object.entries(theirs.lines)) {
    const shown = ours.lines[file]?.join();
    if (shown !== undefined && shown !== lines.join()) return `lines of ${file}: git ${lines.join()}; ours ${shown}`;
  }
  return undefined;
}

function brief(outcome: Outcome): string {
  if (outcome.kind === "conflict") return `conflict in ${outcome.files.join()}`;
  return outcome.kind === "refused" ? outcome.why.trim().slice(0, 300) : outcome.kind;
}

/** What rounds came to, to be shown, and what of it is wrong. */
class Tally {
  readonly #counts = new Map<string, number>();
  readonly failures: string[] = [];

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  show(title: string): void {
    const counts = [...this.#counts].map(([what, count]) => `${what} ${count}`).toSorted();
    console.log(`${title} (MERGE_SEED=${SEED}, MERGE_ROUNDS=${ROUNDS}): ${counts.join(", ")}`);
  }
}

/** Returns every commit of a repository by its author's time. */
function originalsOf({ path }: Repository): Map<string, string> {
  const names = gitAnswer(path, ["rev-list", "main", "agent"]).split("\n");
  return new Map(reference.readCommits(path, names).map((commit) => [reference.timeOf(commit), commit]));
}

/** Moves the user's branch to a computed merge, and compares the working tree with the one that git's merge left. */
async function checkAdvance(
  repository: Repository,
  to: string,
  status: string | undefined,
): Promise<string | undefined> {
  const { path, folder, target: from, features } = repository;
  const before = gitAnswer(path, ["status", "--porcelain"]);
  await advanceBranch({ folder, branch: "main", from, to, checkout: await findCheckout(folder, "main") });
  if (gitAnswer(path, ["rev-parse", "refs/heads/main"]) !== to) return "the branch has not moved";
  const found = gitAnswer(path, ["status", "--porcelain"]);
  const expected = features.includes("checked out") ? status : before;
  return found === expected ? undefined : `status: git ${expected}; ours ${found}`;
}

/** Tries every strategy on one random history. */
async function tryStrategies(seed: number, tally: Tally): Promise<void> {
  const repository = maker.make(seed, "two sides");
  for (const feature of repository.features) tally.count(feature);
  const originals = originalsOf(repository);
  const before = repositories.describeRepository(repository.path);
  let merged: { commit: string; status: string | undefined } | undefined;
  for (const strategy of STRATEGIES) {
    const fail = (why: string) =>
      tally.failures.push(`seed ${seed}, ${strategy}, ${repository.features.join(" + ")}: ${why}`);
    const theirs = byGit(repository, strategy);
    const ours = await byUs(repository, strategy);
    tally.count(`${strategy}: ${theirs.kind}`);
    // git looks at the working tree first, and refuses where content and attributes do not agree there.
    const difference = theirs.kind === "refused" ? undefined : differenceOf(theirs, ours, originals);
    if (difference !== undefined) fail(difference);
    const after = repositories.describeRepository(repository.path);
    if (!Bun.deepEquals(after, before)) fail(`something was changed: ${JSON.stringify(diffOf(before, after))}`);
    if (strategy === "merge" && theirs.kind === "clean" && ours.kind === "clean" && ours.commit !== undefined) {
      merged = { commit: ours.commit, status: theirs.status };
    }
  }
  if (merged === undefined) return;
  const wrong = await checkAdvance(repository, merged.commit, merged.status).catch(String);
  if (wrong !== undefined) tally.failures.push(`seed ${seed}, advance, ${repository.features.join(" + ")}: ${wrong}`);
}

/** Tries to merge work of which a part was merged before. @returns what is wrong, in words */
async function tryMergedBefore(seed: number, tally: Tally): Promise<void> {
  const repository = maker.make(seed, "merged before");
  const { path, target, source, merged, features } = repository;
  for (const feature of features) tally.count(feature);
  const isTakenBack = features.includes("taken back");
  const hasAll = askGit(path, ["merge-base", "--is-ancestor", target, source]).exitCode === 0;
  for (const strategy of ["squash", "merge"] as const) {
    const fail = (why: string) => tally.failures.push(`seed ${seed}, ${strategy}, ${features.join(" + ")}: ${why}`);
    const plain = byGit(repository, strategy);
    const ours = await byUs(repository, strategy, merged);
    tally.count(`${strategy}: git ${plain.kind}, ours ${ours.kind}`);
    if (plain.kind === "refused") continue;
    if (ours.kind !== "clean") {
      // What was merged before may stand in the way of git, too, where it was a true merge: a submodule that was put back since.
      const asMerge =
        merged === undefined ? plain : reference.mergeAfterMerge(copyOf(path), merged, strategy, target, source);
      if (plain.kind === "clean" && asMerge.kind === "clean") fail(`git: clean; ours: ${brief(ours)}`);
      if (hasAll) fail(`the work has all of the target, but ${brief(ours)}`);
      continue;
    }
    if (hasAll && ours.tree !== gitAnswer(path, ["rev-parse", `${source}^{tree}`])) fail("not the work's own tree");
    if (isTakenBack && plain.kind === "clean" && plain.tree !== ours.tree) fail("not merged again as a whole");
    if (merged?.tip === source && ours.commit !== target) fail("merged again, with nothing new");
    const twice = findTwice(repository, ours.tree, plain);
    if (twice.length > 0) fail(`more often than on either side: ${twice.join()}`);
    if (strategy === "squash" && !isTakenBack) checkNewWork(repository, ours.tree, fail);
  }
}

/** Finds words that a merge repeats. */
function findTwice({ path, target, source }: Repository, tree: string, plain: Outcome): string[] {
  const sides = [target, source, ...(plain.kind === "clean" ? [plain.tree] : [])];
  const counts = sides.map((side) => reference.countWords(path, side));
  const most = (word: string) => Math.max(...counts.map((count) => count.get(word) ?? 0));
  return [...reference.countWords(path, tree)].filter(([word, count]) => count > most(word)).map(([word]) => word);
}

/** Checks that just what is new was merged, where the two sides have not met since. */
function checkNewWork(
  { path, target, source, merged, features }: Repository,
  tree: string,
  fail: (why: string) => void,
) {
  const haveMet = features.some((feature) => ["merge of main", "criss-cross"].includes(feature));
  if (merged === undefined || haveMet) return;
  const expected = reference.mergeSinceWithGit(copyOf(path), merged.tip, target, source);
  if (expected.kind === "clean" && expected.tree !== tree) fail("what was merged before has an effect again");
}

function diffOf(before: object, after: object): object {
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.fromEntries(Object.entries(after).filter(([key, value]) => !Bun.deepEquals(old.get(key), value)));
}

describe(`${ROUNDS} random histories (MERGE_ROUNDS, MERGE_SEED)`, () => {
  test("each strategy gives what git gives, or stops where git stops and changes nothing", async () => {
    const tally = new Tally();
    for (let seed = SEED; seed < SEED + ROUNDS; seed++) await tryStrategies(seed, tally);
    tally.show("each strategy");
    expect(tally.failures).toEqual([]);
    if (ROUNDS < 12) return;
    for (const strategy of ["squash", "merge", "rebase"]) {
      expect(tally.of(`${strategy}: clean`)).toBeGreaterThan(0);
      expect(tally.of(`${strategy}: conflict`)).toBeGreaterThan(0);
    }
  }, 3_600_000);

  test("work of which a part was merged before: only what is new, and no conflict that git would not have", async () => {
    const tally = new Tally();
    for (let seed = SEED; seed < SEED + ROUNDS; seed++) await tryMergedBefore(seed, tally);
    tally.show("merged before");
    expect(tally.failures).toEqual([]);
  }, 3_600_000);
});

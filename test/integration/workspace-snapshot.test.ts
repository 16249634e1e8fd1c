import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { compareRepositoryStates, findWorkingTree, readRepositoryState } from "#git/repository/repository-state.ts";
import { compareSnapshots } from "#readonly/snapshot/compare.ts";
import { formatSnapshot, parseSnapshot } from "#readonly/snapshot/snapshot.ts";
import { takeSnapshot } from "#readonly/snapshot/take-snapshot.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;

beforeAll(() => {
  scratch = new Scratch();
});
afterAll(() => scratch.close());

const limits = { totalMs: 10_000, contentMs: 10_000, isLeftOut: () => false, isEntered: () => true };

/** What differs in a folder after something was done in it; the snapshot before goes through its text form. */
async function changesBy(folder: string, act: () => unknown, contentMs = limits.contentMs): Promise<string[]> {
  const before = await takeSnapshot(folder, { ...limits, contentMs });
  await act();
  const isEntered = (path: string) => before.folders.has(path);
  const after = await takeSnapshot(folder, { ...limits, contentMs: 0, isEntered });
  const again = parseSnapshot([...formatSnapshot(before)].join(""));
  return compareSnapshots(folder, again, after).map(({ change, path }) => `${change} ${path}`);
}

describe("the files of a workspace", () => {
  let folder: string;
  let count = 0;
  const at = (...names: string[]) => join(folder, ...names);
  const fresh = () => {
    folder = scratch.folder(`files${count++}`);
    mkdirSync(at("sub", "deep"), { recursive: true });
    for (const name of ["a", "b", join("sub", "deep", "näme with\nline end")]) writeFileSync(at(name), name);
    symlinkSync("a", at("link"));
  };

  const cases: [string, () => void, string[]][] = [
    ["nothing", () => {}, []],
    ["a new file", () => writeFileSync(at("sub", "new"), ""), ["added sub/new"]],
    ["a new folder with files is named once", () => mkdirSync(at("new", "er"), { recursive: true }), ["added new/"]],
    ["a removed file", () => rmSync(at("b")), ["removed b"]],
    ["a removed folder", () => rmSync(at("sub"), { recursive: true }), ["removed sub/"]],
    ["a file that has moved", () => renameSync(at("a"), at("c")), ["removed a", "added c"]],
    ["more content", () => appendFileSync(at("a"), "!"), ["content a"]],
    ["content of the same length", () => writeFileSync(at("a"), "A"), ["content a"]],
    ["a file cut short", () => truncateSync(at("a")), ["content a"]],
    ["the same content again", () => writeFileSync(at("a"), "a"), []],
    ["another file of the same content", () => (rmSync(at("a")), writeFileSync(at("a"), "a")), []],
    ["times alone", () => utimesSync(at("a"), 1, 1), []],
    ["a second name for a file", () => linkSync(at("a"), at("sub", "a")), ["added sub/a"]],
    ["permissions", () => chmodSync(at("a"), 0o755), ["permissions a"]],
    ["another target of a link", () => (rmSync(at("link")), symlinkSync("b", at("link"))), ["content link"]],
    ["a file in the place of a link", () => (rmSync(at("link")), writeFileSync(at("link"), "a")), ["kind link"]],
    ["odd names", () => rmSync(at("sub", "deep", "näme with\nline end")), ["removed sub/deep/näme with\nline end"]],
  ];
  for (const [name, act, differences] of cases) {
    test(name, async () => {
      fresh();
      expect(await changesBy(folder, act)).toEqual(differences);
    });
  }

  test("a change that hides behind the old time stamp is seen, also where content was not read", async () => {
    fresh();
    const hide = () => (writeFileSync(at("a"), "A"), utimesSync(at("a"), 1000, 1000));
    utimesSync(at("a"), 1000, 1000);
    expect(await changesBy(folder, hide, 0)).toEqual(["time stamps a"]);
    expect(await changesBy(folder, () => writeFileSync(at("a"), "B"))).toEqual(["content a"]);
  });

  test("what time does not suffice for is said, and is no difference", async () => {
    fresh();
    const none = await takeSnapshot(folder, { ...limits, totalMs: -1 });
    expect(none.notCovered).toEqual(["1 folder and everything below, because the time limit of -1 ms was reached"]);
    const whole = await takeSnapshot(folder, limits);
    expect(whole.notCovered).toEqual([]);
    expect(compareSnapshots(folder, whole, none)).toEqual([]);
    expect(compareSnapshots(folder, none, whole)).toEqual([]);
  });
});

describe("the state of a repository", () => {
  let repository: string;
  const git = (...args: string[]) => scratch.git(repository, ...args);

  beforeAll(async () => {
    repository = await scratch.repository("state");
    await git("branch", "other");
    await git("tag", "v1");
  });

  async function state(folder = repository) {
    const tree = await findWorkingTree(folder);
    if (tree === undefined) throw new Error(`${folder} is in no working tree`);
    return readRepositoryState(tree);
  }
  async function changes(act: () => unknown, folder = repository): Promise<string[]> {
    const before = await state(folder);
    await act();
    return compareRepositoryStates(before, await state(folder));
  }

  test("reading changes nothing, though git may refresh its index", async () => {
    utimesSync(join(repository, "README.md"), 1, 1);
    expect(await changes(() => git("status"))).toEqual([]);
    expect(await changes(() => git("gc", "--quiet"))).toEqual([]);
  });

  test("a commit, a branch, a tag, a switch, what is staged, a setting, a hook: each is named", async () => {
    expect(await changes(() => git("commit", "--allow-empty", "--quiet", "-m", "x"))).toEqual([
      expect.stringMatching(/^refs\/heads\/main \(\w{10} → \w{10}\)$/),
    ]);
    expect(await changes(() => git("branch", "new"))).toEqual([expect.stringMatching(/^refs\/heads\/new \(none → /)]);
    expect(await changes(() => git("tag", "-d", "v1"))).toEqual([
      expect.stringMatching(/^refs\/tags\/v1 \(.* none\)$/),
    ]);
    expect(await changes(() => git("switch", "--quiet", "other"))).toContain(
      "HEAD (refs/heads/main → refs/heads/other)",
    );
    writeFileSync(join(repository, "staged"), "x");
    expect(await changes(() => git("add", "staged"))).toEqual(["the index (what is staged)"]);
    expect(await changes(() => git("config", "core.editor", "x"))).toEqual([".git/config"]);
    const hook = join(repository, ".git", "hooks", "pre-commit");
    expect(await changes(() => writeFileSync(hook, "#!/bin/sh\n"))).toEqual([".git/hooks/pre-commit"]);
  });

  test("another task's worktree and its branch are that task's business", async () => {
    const elsewhere = join(scratch.root, "elsewhere");
    const work = async () => {
      await git("worktree", "add", "--quiet", "-b", "agent/implement-x", elsewhere);
      await scratch.git(elsewhere, "commit", "--allow-empty", "--quiet", "-m", "work");
    };
    expect(await changes(work)).toEqual([]);
    // Seen from that worktree, its own branch counts.
    const commit = () => scratch.git(elsewhere, "commit", "--allow-empty", "--quiet", "-m", "more");
    expect(await changes(commit, elsewhere)).toEqual([expect.stringContaining("refs/heads/agent/implement-x")]);
  });

  test("outside git there is no state", async () => {
    expect(await findWorkingTree(scratch.folder("plain"))).toBeUndefined();
  });
});

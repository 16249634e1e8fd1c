import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { own, ReviewWorld } from "../support/review-world.ts";

let world: ReviewWorld;

beforeAll(async () => {
  world = new ReviewWorld();
  await world.begin();
});
afterAll(() => world.close());

describe("what is reviewed", () => {
  test("uncommitted: staged, unstaged and new files; from a subfolder too; the prompt has the diff", async () => {
    world.write("sub/staged.txt", "staged\n");
    await world.git(world.repo, "add", ".");
    world.write("README.md", "# project\nchanged\n");
    world.write("sub/new.txt", "new\n");
    const { data } = await world.review(own({ path: "sub/new.txt", lines: [1, 1] }), { cwd: join(world.repo, "sub") });
    expect(data).toMatchObject({ success: true, findings: [{ path: "sub/new.txt", first_line: 1 }] });
    expect(String(data["topic"])).toMatch(/^review-uncommitted-v\d+$/);
    const texts = ["+staged", "+changed", "+new", '"sub/new.txt" (added): 1'];
    expect(texts.filter((text) => !world.prompt().includes(text))).toEqual([]);
    await world.commit("Committed");
  });

  test("base: all since the branch, with what is uncommitted; commit: one commit, also the first", async () => {
    await world.git(world.repo, "checkout", "--quiet", "-b", "work");
    world.write("on-branch.txt", "one\n");
    await world.commit("On the branch");
    world.write("left.txt", "two\n");
    const ofBase = await world.review(
      own({ path: "left.txt", lines: [1, 1] }, { path: "on-branch.txt", lines: [1, 1] }),
      {
        target: "base:main",
      },
    );
    expect(ofBase.data).toMatchObject({ findings: [{ path: "left.txt" }, { path: "on-branch.txt" }] });
    const ofCommit = await world.review(
      own({ path: "left.txt", lines: [1, 1] }, { path: "on-branch.txt", lines: [1, 1] }),
      {
        target: "commit:HEAD",
      },
    );
    expect(ofCommit.data).toMatchObject({
      findings: [{ path: "on-branch.txt" }],
      outside_diff: [{ path: "left.txt" }],
      note: "1 finding (1 P1), and 1 about lines outside the diff.",
    });
    const first = await world.git(world.repo, "rev-list", "--max-parents=0", "HEAD");
    const ofFirst = await world.review(own({ path: "README.md", lines: [1, 1] }), { target: `commit:${first}` });
    expect(ofFirst.data).toMatchObject({ findings: [{ path: "README.md" }] });
    rmSync(join(world.repo, "left.txt"));
    await world.git(world.repo, "checkout", "--quiet", "main");
  });

  test("task: what a task did in its worktree; a linked worktree by its folder", async () => {
    world.stub.script("WRITE-IT", [{ run: "echo one > done.txt" }, { say: "Done." }]);
    const request = { prompt: "WRITE-IT", cwd: world.repo, topic: "implement-parser-v2", sandbox: "full-access" };
    const { data: task } = await world.own.call("codex", request);
    const { data } = await world.review(own({ path: `${String(task["worktree_dir"])}/done.txt`, lines: [1, 1] }), {
      target: "task:implement-parser-v2",
      cwd: undefined,
    });
    expect(data).toMatchObject({ topic: "review-parser-v1", findings: [{ path: "done.txt", first_line: 1 }] });
    world.write("more.txt", "x\n", String(task["worktree_dir"]));
    const linked = await world.review(own({ path: "more.txt", lines: [1, 1] }), { cwd: task["worktree_dir"] });
    expect(linked.data).toMatchObject({ findings: [{ path: "more.txt" }] });
    await world.own.call("codex_discard", { task_id: task["task_id"] });
    const gone = await world.review("", { target: "task:implement-parser-v2" });
    expect(gone.data).toMatchObject({ code: "worktree_gone" });
  });

  test("a repository without a commit", async () => {
    const fresh = world.folder("fresh");
    await world.git(fresh, "init", "--quiet");
    world.write("first.txt", "one\n", fresh);
    const { data } = await world.review(own({ path: "first.txt", lines: [1, 1] }), { cwd: fresh });
    expect(data).toMatchObject({ success: true, findings: [{ path: "first.txt" }] });
  });

  test("a large diff is named, not contained; the command runs no program of the repository", async () => {
    const ran = join(world.root, "ran");
    await world.git(world.repo, "config", "diff.external", `touch ${ran}; true`);
    world.write("large.txt", "a line of some length\n".repeat(4000));
    const focus = "LARGE-DIFF-";
    world.stub.script(focus, [
      { run: "git -c core.fsmonitor=false diff --no-ext-diff --no-textconv --ignore-submodules=dirty HEAD" },
      { say: own({ path: "large.txt", lines: [3999, 4000] }) },
    ]);
    const { data } = await world.own.call("codex_review", { target: "uncommitted", cwd: world.repo, focus });
    expect(data).toMatchObject({ findings: [{ path: "large.txt", first_line: 3999, last_line: 4000 }] });
    const head = await world.git(world.repo, "rev-parse", "HEAD");
    expect(world.prompt()).toContain(
      `git -c core.fsmonitor=false diff --no-ext-diff --no-textconv --ignore-submodules=dirty ${head}`,
    );
    expect(world.prompt()).toContain('- "large.txt"');
    expect(world.prompt().length).toBeLessThan(8000);
    expect(existsSync(ran)).toBe(false);
    await world.git(world.repo, "config", "--unset", "diff.external");
    rmSync(join(world.repo, "large.txt"));
  });
});

describe("nothing to review is an error before any model is asked", () => {
  const cases: [target: string, code: string][] = [
    ["uncommitted", "no_changes"],
    ["base:main", "no_changes"],
    ["base:none", "unknown_branch"],
    ["commit:0123456", "unknown_branch"],
    ["commit:--output=pwned", "unknown_branch"],
    ["base:main..HEAD", "unknown_branch"],
    ["task:implement-nothing-v1", "unknown_task"],
    ["main", "invalid_argument"],
    ["base:", "invalid_argument"],
  ];
  for (const [target, code] of cases) {
    test(`${target}: ${code}`, async () => {
      const before = world.stub.requests.length;
      const { isError, data } = await world.review("", { target });
      expect({ isError, code: data["code"] }).toEqual({ isError: true, code });
      expect(world.stub.requests.length).toBe(before);
      expect(existsSync(join(world.repo, "pwned"))).toBe(false);
    });
  }

  test("outside of a repository", async () => {
    const { data } = await world.review("", { cwd: world.folder("plain") });
    expect(data).toMatchObject({ code: "invalid_argument" });
  });

  test("in a shallow clone, a commit whose parent is missing is not taken for a first one", async () => {
    const shallow = join(world.root, "shallow");
    await world.git(world.root, "clone", "--quiet", "--depth=1", `file://${world.repo}`, shallow);
    const { data } = await world.review("", { target: "commit:HEAD", cwd: shallow });
    expect(data).toMatchObject({ code: "unknown_branch", error: expect.stringContaining("is not in this clone") });
  });
});

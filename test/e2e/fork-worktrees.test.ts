// The worktree of a fork: what it starts from, whatever became of its task's, and how the work of both is merged.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer, type ForkSite, ForkWorld, HAS_FORK, readOf } from "../support/fork-world.ts";

const world = new ForkWorld();
afterAll(() => world.close());

let site: ForkSite;
beforeEach(async () => {
  site = await world.site("app-server");
});

const treeOf = (task: Answer) => String(task["worktree_dir"]);
const fork = async (task: Answer, prompt = "LOOK", more: object = {}) =>
  site.run(prompt, { fork: task["task_id"], ...more });

describe.skipIf(!HAS_FORK)("where a fork starts", () => {
  test("with what is staged, changed, deleted, untracked and executable, but not with what git ignores", async () => {
    const { cwd, run } = site;
    for (const name of ["kept.txt", "changed.txt", "deleted.txt"]) writeFileSync(join(cwd, name), `${name}\n`);
    writeFileSync(join(cwd, ".gitignore"), "ignored.txt\n");
    await world.git(cwd, "add", ".");
    await world.git(cwd, "commit", "--quiet", "-m", "Files");
    const parent = await run("PARENT", { topic: "states", commit: "never" });
    const tree = treeOf(parent);
    writeFileSync(join(tree, "changed.txt"), "changed\n");
    rmSync(join(tree, "deleted.txt"));
    writeFileSync(join(tree, "ignored.txt"), "secret\n");
    writeFileSync(join(tree, "staged.txt"), "staged\n");
    await world.git(tree, "add", "staged.txt");
    writeFileSync(join(tree, "staged.txt"), "staged, then changed\n");
    writeFileSync(join(tree, "run.sh"), "#!/bin/sh\n");
    chmodSync(join(tree, "run.sh"), 0o755);
    const before = await world.stateOf(parent);
    const copy = await fork(parent);
    expect(await world.stateOf(parent)).toEqual(before);
    expect(["kept.txt", "changed.txt", "staged.txt", "parent.txt"].map((name) => readOf(copy, name))).toEqual([
      "kept.txt\n",
      "changed\n",
      "staged, then changed\n",
      "parent\n",
    ]);
    expect(["deleted.txt", "ignored.txt"].filter((name) => existsSync(join(treeOf(copy), name)))).toEqual([]);
    expect(statSync(join(treeOf(copy), "run.sh")).mode & 0o111).not.toBe(0);
    // The fork's work is that of both.
    expect(copy["files_changed"]).toEqual(["changed.txt", "deleted.txt", "parent.txt", "run.sh", "staged.txt"]);
    expect(copy["base_commit"]).toBe(await world.git(cwd, "rev-parse", "main"));
  });

  test("with the files that .worktreeinclude names, as the task has them", async () => {
    const { cwd, run } = site;
    writeFileSync(join(cwd, ".gitignore"), ".env\n");
    writeFileSync(join(cwd, ".worktreeinclude"), ".env\n");
    await world.git(cwd, "add", ".");
    await world.git(cwd, "commit", "--quiet", "-m", "Settings");
    writeFileSync(join(cwd, ".env"), "of the user\n");
    const parent = await run("PARENT", { topic: "included" });
    expect(readOf(parent, ".env")).toBe("of the user\n");
    writeFileSync(join(treeOf(parent), ".env"), "of the task\n");
    expect(readOf(await fork(parent), ".env")).toBe("of the task\n");
  });

  test("at the commit that the worktree is on, whatever its branch", async () => {
    const parent = await site.run("PARENT", { topic: "detached" });
    await world.git(treeOf(parent), "switch", "--quiet", "--create", "aside");
    writeFileSync(join(treeOf(parent), "aside.txt"), "aside\n");
    await world.git(treeOf(parent), "add", "aside.txt");
    await world.git(treeOf(parent), "commit", "--quiet", "-m", "Aside");
    const copy = await fork(parent);
    expect(copy).toMatchObject({ success: true, base_branch: "main" });
    expect(readOf(copy, "aside.txt")).toBe("aside\n");
  });

  test("in a moved worktree; from the branch of one that is gone; from nothing of one that is gone with its branch", async () => {
    const { cwd, run } = site;
    const parent = await run("PARENT", { topic: "lost" });
    const moved = `${treeOf(parent)}-moved`;
    await world.git(cwd, "worktree", "move", treeOf(parent), moved);
    writeFileSync(join(moved, "new.txt"), "new\n");
    const ofMoved = await fork(parent, "LOOK moved");
    expect(readOf(ofMoved, "new.txt")).toBe("new\n");
    expect(ofMoved["note"]).toBeUndefined();
    rmSync(moved, { recursive: true });
    const ofBranch = await fork(parent, "LOOK branch");
    expect(ofBranch["note"]).toContain("no longer exists: this task started from its branch agent/");
    expect(ofBranch["base_commit"]).toBe(parent["base_commit"]);
    expect(readOf(ofBranch, "parent.txt")).toBe("parent\n");
    await world.git(cwd, "worktree", "prune");
    await world.git(cwd, "branch", "-D", String(parent["agent_branch"]));
    const ofNothing = await fork(parent, "LOOK nothing");
    expect(ofNothing).toMatchObject({ success: true });
    expect(ofNothing["note"]).toContain("its branch no longer exist: this task started from the checked-out commit.");
    expect(existsSync(join(treeOf(ofNothing), "parent.txt"))).toBe(false);
    expect(world.askedWith("LOOK nothing")).toContain("The parent is done.");
  });

  test("a discarded task: the note says how to have its work", async () => {
    const parent = await site.run("PARENT", { topic: "discarded" });
    await site.client.call("codex_discard", { task_id: parent["task_id"] });
    const copy = await fork(parent, "LOOK discarded");
    expect(copy["note"]).toContain("The work was discarded; to copy it, restore it (codex_discard with restore: true)");
    await site.client.call("codex_discard", { task_id: parent["task_id"], restore: true });
    expect(readOf(await fork(parent, "LOOK restored"), "parent.txt")).toBe("parent\n");
  });

  test("in a subfolder that only the task has made", async () => {
    world.stub.script("MAKE-PART", [{ run: "mkdir -p part && echo 1 > part/a.txt" }, { say: "Made." }]);
    const parent = await site.run("MAKE-PART", { topic: "part", commit: "never" });
    const copy = await fork(parent, "LOOK part");
    expect(readOf(copy, "part/a.txt")).toBe("1\n");
  });

  test("in another repository, and outside git: only with the session", async () => {
    const parent = await site.run("PARENT", { topic: "here" });
    const other = await world.repository("elsewhere");
    const copy = await fork(parent, "LOOK elsewhere", { cwd: other });
    expect(copy["note"]).toContain("worked in another repository: only its session was copied.");
    expect(treeOf(copy)).toContain("elsewhere");
    expect(existsSync(join(treeOf(copy), "parent.txt"))).toBe(false);
    const plain = world.folder("plain");
    expect(await fork(parent, "LOOK outside", { cwd: plain })).toMatchObject({ success: true });
    expect(world.askedWith("LOOK outside")).toContain("The parent is done.");
  });

  test("while the task writes and commits: the fork has whole files, on a commit of the task", async () => {
    const stop = join(world.root, "stop-writing");
    const loop = `n=0; until [ -e ${stop} ]; do n=$((n+1)); for f in a b; do echo $n > new; mv new $f.txt; done; git add . && git commit -qm $n; sleep 0.1; done`;
    world.stub.script("WRITES-ON", [
      { run: loop, yieldMs: 250 },
      { run: `until [ -e ${stop} ]; do sleep 0.1; done` },
      { say: "Stopped." },
    ]);
    const { data } = await site.client.call("codex_dispatch", {
      prompt: "WRITES-ON",
      cwd: site.cwd,
      topic: "busy",
      sandbox: "full-access",
    });
    await world.until(() => existsSync(join(treeOf(data), "b.txt")));
    const copies = [];
    for (let round = 1; round <= 3; round++) copies.push(await fork(data, `LOOK busy ${round}`));
    writeFileSync(stop, "");
    for (const copy of copies.filter(({ success }) => success === true)) {
      expect(["a.txt", "b.txt"].filter((name) => !/^\d+\n$/.test(readOf(copy, name)))).toEqual([]);
      const [first = ""] = (
        await world.git(treeOf(copy), "rev-list", "--reverse", "--first-parent", "main..HEAD")
      ).split("\n");
      expect(await world.git(treeOf(copy), "show", "--no-patch", "--format=%s", first)).toBe("1");
    }
    expect(copies.filter(({ success, code }) => success !== true && code !== "git_failed")).toEqual([]);
    expect(copies.some(({ success }) => success === true)).toBe(true);
    await site.client.call("codex_wait", { task_ids: [data["task_id"]], timeout_seconds: 60 });
  });
});

describe.skipIf(!HAS_FORK)("how both are merged", () => {
  const merge = async (task: Answer, more: object = {}) =>
    (await site.client.call("codex_merge", { task_ids: [task["task_id"]], ...more })).data;
  const text = () => readFileSync(join(site.cwd, "parent.txt"), "utf8");
  const countOf = async () => Number(await world.git(site.cwd, "rev-list", "--count", "main"));

  test.each(["squash", "merge", "rebase"])("the task, then its fork, by %s", async (strategy) => {
    const parent = await site.run("PARENT", { topic: "both" });
    const copy = await fork(parent, "BRANCH-OFF");
    expect((await merge(parent, { strategy }))["merged"]).toHaveLength(1);
    expect(text()).toBe("parent\n");
    expect((await merge(copy, { strategy }))["merged"]).toMatchObject([
      { diff_stat: "1 file changed, 1 insertion(+)" },
    ]);
    expect(text()).toBe("parent\nforked\n");
  });

  test.each(["squash", "rebase"])("the fork, then its task, by %s: the fork's merge has it all", async (strategy) => {
    const parent = await site.run("PARENT", { topic: "both" });
    const copy = await fork(parent, "BRANCH-OFF");
    await merge(copy, { strategy });
    expect(text()).toBe("parent\nforked\n");
    const before = await countOf();
    expect((await merge(parent, { strategy }))["code"]).toBeUndefined();
    expect(text()).toBe("parent\nforked\n");
    expect(await countOf()).toBe(before);
  });

  test("both have continued in other files", async () => {
    const parent = await site.run("PARENT", { topic: "both" });
    const copy = await fork(parent, "BRANCH-OFF");
    world.stub.script("OTHER-FILE", [{ run: "echo other > other.txt" }, { say: "Other." }]);
    const later = await site.run("OTHER-FILE", { resume: parent["task_id"] });
    await merge(copy);
    expect((await merge(later))["merged"]).toHaveLength(1);
    expect(text()).toBe("parent\nforked\n");
    expect(readFileSync(join(site.cwd, "other.txt"), "utf8")).toBe("other\n");
  });

  test("both have changed the same lines: a conflict, and nothing is merged", async () => {
    const parent = await site.run("PARENT", { topic: "both" });
    const copy = await fork(parent, "BRANCH-OFF");
    const later = await site.run("AGAIN", { resume: parent["task_id"] });
    await merge(copy);
    expect(await merge(later)).toMatchObject({ code: "merge_conflict" });
    expect(text()).toBe("parent\nforked\n");
  });

  test("uncommitted work of the user's that the task began from is in neither merge", async () => {
    writeFileSync(join(site.cwd, "mine.txt"), "mine\n");
    const parent = await site.run("PARENT", { topic: "both", include_uncommitted: true });
    const copy = await fork(parent, "BRANCH-OFF");
    expect(readOf(copy, "mine.txt")).toBe("mine\n");
    await merge(copy);
    expect(text()).toBe("parent\nforked\n");
    expect(await world.git(site.cwd, "ls-files")).not.toContain("mine.txt");
    expect(await world.git(site.cwd, "status", "--porcelain")).toBe("?? mine.txt");
  });
});

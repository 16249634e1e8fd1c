import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findChanges, readChanges } from "#git/changes/changes.ts";
import { commitWork } from "#git/changes/commit-work.ts";
import { snapshotWork } from "#git/snapshots/snapshot-work.ts";
import { writeWorktreeDiff } from "#git/changes/worktree-diff.ts";
import { canMountDisks, mountDisk, unmountDisk } from "../support/disk.ts";
import { runShell as shell } from "../support/hostile.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
beforeAll(() => (scratch = new Scratch()));
afterAll(() => scratch.close());

const commit = (worktree: string) =>
  commitWork({ worktree, branch: "main", message: "Work", environment: {}, atMostMs: 60_000 });

describe("places for temporary files", () => {
  const own = process.env["TMPDIR"];
  afterAll(() => {
    if (own === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = own;
  });

  async function expectFacts(repo: string): Promise<void> {
    writeFileSync(join(repo, "new"), "new\n");
    expect(await readChanges(repo, "HEAD")).toMatchObject({ files_changed: ["new"], uncommitted_changes: ["?? new"] });
    expect((await writeWorktreeDiff(repo, "HEAD", [], join(scratch.root, "patch"))).files).toHaveLength(1);
    const head = await scratch.git(repo, "rev-parse", "HEAD");
    expect(await snapshotWork(repo, head)).not.toBe(head);
    expect(await commit(repo)).toBeUndefined();
  }

  test("one that is missing is done without", async () => {
    const repo = await scratch.repository("no-tmpdir");
    process.env["TMPDIR"] = join(scratch.root, "missing");
    await expectFacts(repo);
  });

  test.skipIf(!canMountDisks())("one on a full disk is done without", async () => {
    const repo = await scratch.repository("full-tmpdir");
    const disk = scratch.folder("small");
    mountDisk(disk, "1m");
    try {
      shell(disk, "cat /dev/zero > filler 2> /dev/null || true");
      process.env["TMPDIR"] = disk;
      await expectFacts(repo);
    } finally {
      unmountDisk(disk);
    }
  });

  test.skipIf(!canMountDisks())("where the repository's own disk is full, what can be known is told", async () => {
    delete process.env["TMPDIR"];
    const disk = scratch.folder("disk");
    mountDisk(disk, "4m");
    try {
      shell(disk, `cp -a '${await scratch.repository("to-copy")}' repo`);
      const repo = join(disk, "repo");
      mkdirSync(join(repo, "deep"));
      shell(repo, "echo x > deep/new; echo changed > README.md; cat /dev/zero > filler 2> /dev/null || true");
      const said = await commit(repo).catch(String);
      expect(said).toContain("No space left on device");
      const { changes, failures } = await findChanges(repo, "HEAD");
      expect(failures).toEqual([]);
      expect(changes).toMatchObject({
        commits_ahead: 0,
        files_changed: ["README.md", "deep/new", "filler"],
        uncommitted_changes: [" M README.md", "?? deep/new", "?? filler"],
      });
      expect(await scratch.git(repo, "diff", "--cached", "--name-only")).toBe("");
    } finally {
      unmountDisk(disk);
    }
  });
});

test("facts that cannot be read do not take the others along", async () => {
  const repo = await scratch.repository("broken");
  shell(repo, "echo x > new");
  const { changes, failures } = await findChanges(repo, "0".repeat(39) + "1");
  expect(changes).toEqual({ uncommitted_changes: ["?? new"] });
  expect(failures.flatMap(({ facts }) => facts).toSorted()).toEqual(["commits_ahead", "diff_stat", "files_changed"]);
});

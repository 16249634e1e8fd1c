import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readChanges } from "#git/changes/changes.ts";
import { commitWork } from "#git/changes/commit-work.ts";
import { copyIncluded } from "#git/worktree/worktree-include.ts";
import { measureFolder } from "#platform/files/folder-size.ts";
import { runShell as shell } from "../support/hostile.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
beforeAll(() => (scratch = new Scratch()));
afterAll(() => scratch.close());

describe("ignored files that come along", () => {
  /** A repository and a folder beside it. */
  async function pair(name: string, include = "*.env\nlinked/\nbuild/\n"): Promise<[repo: string, worktree: string]> {
    const repo = await scratch.repository(name);
    writeFileSync(join(repo, ".gitignore"), "*.env\nlinked/\nbuild/\n");
    writeFileSync(join(repo, ".worktreeinclude"), include);
    return [repo, scratch.folder(`${name}-copy`)];
  }

  test("sparse files stay so, and what is beyond the limits is named", async () => {
    const [repo, worktree] = await pair("sparse");
    shell(
      repo,
      "truncate -s 1T huge.env; truncate -s 700M large.env; echo end >> large.env; echo small > small.env; mkfifo p.env",
    );
    chmodSync(join(repo, "small.env"), 0o640);
    const note = await copyIncluded(repo, worktree);
    expect(note).toContain("huge.env (larger than 1 GiB)");
    expect(lstatSync(join(worktree, "small.env")).mode & 0o777).toBe(0o640);
    const { size, blocks } = lstatSync(join(worktree, "large.env"));
    expect(size).toBe(700 * 1024 * 1024 + 4);
    expect(blocks * 512).toBeLessThan(10 * 1024 * 1024);
    shell(worktree, `cmp ${join(repo, "large.env")} large.env || touch differs`);
    expect(existsSync(join(worktree, "differs"))).toBe(false);
    expect(existsSync(join(worktree, "p.env"))).toBe(false);
  });

  test("nothing is written through a link that the worktree has in a folder's place", async () => {
    const [repo, worktree] = await pair("through");
    mkdirSync(join(repo, "build"));
    writeFileSync(join(repo, "build", "out.env"), "x");
    const elsewhere = scratch.folder("elsewhere");
    symlinkSync(elsewhere, join(worktree, "build"));
    expect(await copyIncluded(repo, worktree)).toContain("build/out.env (its folder in the worktree is a link");
    expect(existsSync(join(elsewhere, "out.env"))).toBe(false);
  });

  test("an include file that is none, or leads out, is told of and not read", async () => {
    for (const [index, script] of [
      "mkfifo .worktreeinclude",
      "ln -s /dev/zero .worktreeinclude",
      "ln -s /etc/passwd .worktreeinclude",
    ].entries()) {
      const [repo, worktree] = await pair(`include${index}`);
      shell(repo, `rm .worktreeinclude; ${script}`);
      expect(await copyIncluded(repo, worktree)).toContain("Nothing was copied");
    }
  });

  test("names of any bytes come along", async () => {
    const [repo, worktree] = await pair("bytes");
    shell(repo, String.raw`perl -e 'open(F, ">", "\xff\n.env"); print F "x"'`);
    expect(await copyIncluded(repo, worktree)).toBeUndefined();
    shell(worktree, String.raw`perl -e 'open(F, ">", "found") if -e "\xff\n.env"'`);
    expect(existsSync(join(worktree, "found"))).toBe(true);
  });
});

test("new files beyond all size are neither hashed nor committed, and named", async () => {
  const repo = await scratch.repository("giant");
  shell(repo, "truncate -s 1T giant; echo x > small");
  const { files_changed, uncommitted_changes } = await readChanges(repo, "HEAD");
  expect({ files_changed, uncommitted_changes }).toEqual({
    files_changed: ["small"],
    uncommitted_changes: ["?? giant", "?? small"],
  });
  const request = { worktree: repo, branch: "main", message: "x", environment: {}, atMostMs: 60_000 };
  expect(await commitWork(request)).toContain("giant");
  expect(await scratch.git(repo, "show", "--name-only", "--format=", "HEAD")).toBe("small");
});

test("folders are measured whatever their depth, size and names", async () => {
  const folder = scratch.folder("measured");
  shell(
    folder,
    String.raw`perl -e 'open(F, ">", "\xff"); print F "12345"; for (1..3000) { mkdir("deep"); chdir("deep"); }'`,
  );
  expect(await measureFolder(folder)).toMatchObject({ bytes: 5, isMore: true });
  expect(await measureFolder(folder, { maxEntries: 1 })).toMatchObject({ isMore: true });
  // Bun takes minutes for that.
  shell(folder, "rm -rf deep");
  expect(await measureFolder(join(folder, "none"))).toEqual({ bytes: 0, isMore: false });
});

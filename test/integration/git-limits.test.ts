import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findBranchCommit } from "#git/repository/branches.ts";
import { readChanges } from "#git/changes/changes.ts";
import { commitWork } from "#git/changes/commit-work.ts";
import { git, tryGit } from "#git/git.ts";
import { countAheadAndBehind, isAncestor } from "#git/repository/history.ts";
import { computeMerge } from "#git/merge/compute-merge.ts";
import { inspectRepository } from "#git/repository/repository.ts";
import { checkTrusted } from "#git/trust.ts";
import { writeWorktreeDiff } from "#git/changes/worktree-diff.ts";
import { findUncommittedWork } from "#git/changes/status.ts";
import { describeWorktreeNotice } from "#git/worktree/worktree.ts";
import { runShell as shell } from "../support/hostile.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
beforeAll(() => (scratch = new Scratch()));
afterAll(() => scratch.close());

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "done",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );
}

describe("what git would read without end is named before git is started", () => {
  const places = [
    ".git/HEAD",
    ".git/config",
    ".git/index",
    ".git/info/attributes",
    ".gitattributes",
    ".git/packed-refs",
  ];
  for (const [kind, make] of [
    ["a named pipe", "mkfifo"],
    ["a terabyte", "truncate -s 1T"],
  ]) {
    test(`${kind} at each of ${places.length} places`, async () => {
      for (const [index, place] of places.entries()) {
        const repo = await scratch.repository(`${make?.charAt(0)}${index}`);
        shell(repo, `rm -f ${place}; ${make} ${place}`);
        const refusal = await tryGit(repo, ["status"]).catch((error: unknown) => error);
        expect(refusal).toMatchObject({ code: "repository_unusable" });
        expect(String(refusal)).toContain(join(repo, place));
      }
    });
  }

  test("a pipe called .git above a folder", async () => {
    const folder = scratch.folder("above/a/b");
    shell(scratch.folder("above"), "mkfifo .git");
    expect(await codeOf(inspectRepository(folder))).toBe("repository_unusable");
  });

  test("a link to /dev/null, and one to a plain file elsewhere, are as good as a file", async () => {
    const repo = await scratch.repository("links");
    shell(repo, "ln -sf /dev/null .git/info/attributes; mv .git/config ../config; ln -s ../../config .git/config");
    expect((await tryGit(repo, ["status"])).exitCode).toBe(0);
  });
});

test.skipIf(process.platform !== "linux")(
  "a pipe that only git finds ends it, with its name for the state",
  async () => {
    const repo = await scratch.repository("blocked");
    shell(repo, "mkfifo src/.gitignore");
    expect(await codeOf(git(repo, ["status"]))).toBe("repository_unusable");
  },
);

test.skipIf(process.platform !== "linux")("an endless file makes git fail, not the machine", async () => {
  const repo = await scratch.repository("endless");
  shell(repo, "git config core.attributesFile /dev/zero; echo x > new");
  expect(await codeOf(git(repo, ["add", "new"]))).toBe("git_failed");
});

test("a git that takes too long, or whose task ends, is ended with what it has started", async () => {
  const repo = await scratch.repository("slow");
  shell(
    repo,
    "git config filter.slow.clean 'echo $$ >> ../slow.pids; sleep 600'; echo '* filter=slow' > .gitattributes",
  );
  writeFileSync(join(repo, "new"), "x");
  const late = git(repo, ["add", "new"], {}, { deadlineMs: 500 });
  expect(await codeOf(late)).toBe("git_failed");
  expect(await late.catch(String)).toMatch(/git add in .* timed out after/);
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 300);
  const request = { worktree: repo, branch: "main", message: "x", environment: {}, atMostMs: 60_000 };
  expect(await codeOf(commitWork({ ...request, signal: abort.signal }))).toBe("cancelled");
  expect(await codeOf(readChanges(repo, "HEAD", { signal: AbortSignal.abort() }))).toBe("cancelled");
  const pids = readFileSync(join(scratch.root, "slow.pids"), "utf8").trim().split("\n");
  await Bun.sleep(50);
  for (const pid of pids) expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
});

test("a commit without a message or an author is rebased, and git reads nothing that is not meant for it", async () => {
  const repo = await scratch.repository("silent");
  const base = await scratch.git(repo, "rev-parse", "HEAD");
  await scratch.git(repo, "switch", "--quiet", "-c", "work");
  writeFileSync(join(repo, "work"), "x");
  await scratch.git(repo, "add", ".");
  await scratch.git(repo, "commit", "--quiet", "--allow-empty-message", "--message", "");
  const source = await scratch.git(repo, "rev-parse", "HEAD");
  await scratch.git(repo, "switch", "--quiet", "main");
  await scratch.git(repo, "commit", "--quiet", "--allow-empty", "--message", "On");
  const target = await scratch.git(repo, "rev-parse", "HEAD");
  const request = {
    folder: repo,
    target,
    source,
    base,
    merged: undefined,
    names: ["main", "work"] as const,
    message: "",
  };
  for (const strategy of ["rebase", "squash", "merge"] as const) {
    const merged = await computeMerge({ ...request, strategy });
    if (!("commit" in merged)) throw new Error("it conflicts");
    expect(await scratch.git(repo, "log", "-1", "--format=%B", merged.commit)).toBe("");
  }
});

describe("programs that a repository names", () => {
  let repo: string;
  const ran = () => existsSync(join(repo, "ran"));

  beforeAll(async () => {
    repo = await scratch.repository("programs");
    const names = ["clean", "smudge"].map((kind) => `git config filter.evil.${kind} 'touch ran; cat'`);
    const others = ["diff.evil.textconv", "diff.evil.command", "diff.external", "core.fsmonitor", "log.showSignature"];
    shell(repo, [...names, ...others.map((name) => `git config ${name} 'touch ran'`)].join("; "));
    shell(repo, "git config filter.evil.required true; echo '* filter=evil diff=evil' > .gitattributes");
  });

  test("are not run by a look: lists, changes, diffs", async () => {
    writeFileSync(join(repo, "README.md"), "changed\n");
    writeFileSync(join(repo, "new"), "new\n");
    expect(await findUncommittedWork(repo, {})).toBe("some");
    const changes = await readChanges(repo, "HEAD");
    expect(changes.files_changed).toContain("new");
    const patch = join(scratch.root, "patch");
    const diff = await writeWorktreeDiff(repo, "HEAD", [], patch);
    expect(diff.files.map(({ path }) => path)).toContain("README.md");
    expect(readFileSync(patch, "utf8")).toContain("+changed");
    expect(ran()).toBe(false);
  });

  test("are what they are for the user's own commit", async () => {
    const request = { worktree: repo, branch: "main", message: "x", environment: {}, atMostMs: 60_000 };
    expect(await commitWork(request)).toBeUndefined();
    expect(ran()).toBe(true);
  });

  test("a filter of the user's own configuration stays in force, also where the repository names it otherwise", async () => {
    const own = await scratch.repository("own-filter");
    await scratch.git(own, "config", "--global", "filter.own.clean", "sed s/secret/hidden/");
    await scratch.git(own, "config", "filter.own.clean", "touch ran; cat");
    writeFileSync(join(own, ".gitattributes"), "* filter=own\n");
    writeFileSync(join(own, "README.md"), "a secret\n");
    const patch = join(scratch.root, "own-patch");
    await writeWorktreeDiff(own, "HEAD", [], patch);
    expect(readFileSync(patch, "utf8")).toContain("+a hidden");
    expect(existsSync(join(own, "ran"))).toBe(false);
  });

  test("an alias called lfs is not asked whether it is git-lfs", async () => {
    const own = await scratch.repository("alias");
    shell(
      own,
      "git config alias.lfs '!touch ran'; git config filter.lfs.smudge x; echo '* filter=lfs' > .gitattributes",
    );
    await describeWorktreeNotice(own);
    expect(existsSync(join(own, "ran"))).toBe(false);
  });
});

describe("bare repositories", () => {
  test("one within another's working tree is a stranger's, unless the user trusts it", async () => {
    const repo = await scratch.repository("outer");
    const bare = join(repo, "fixtures", "inner");
    await scratch.git(scratch.root, "clone", "--quiet", "--bare", repo, bare);
    expect(await codeOf(checkTrusted(bare))).toBe("repository_untrusted");
    expect(await codeOf(checkTrusted(join(bare, "refs")))).toBe("repository_untrusted");
    await scratch.git(repo, "config", "--local", "--add", "safe.directory", bare);
    expect(await codeOf(checkTrusted(bare))).toBe("repository_untrusted");
    await scratch.git(repo, "config", "--global", "--add", "safe.directory", bare);
    expect(await codeOf(checkTrusted(bare))).toBe("done");
  });

  test("one that stands alone, and one that the .git beside it leads to, are the user's", async () => {
    const repo = await scratch.repository("seed");
    await scratch.git(scratch.root, "clone", "--quiet", "--bare", repo, join(scratch.root, "alone.git"));
    await scratch.git(scratch.root, "clone", "--quiet", "--bare", repo, join(scratch.folder("hub"), ".bare"));
    writeFileSync(join(scratch.root, "hub", ".git"), "gitdir: ./.bare\n");
    for (const path of ["alone.git", "hub", "hub/.bare"]) {
      expect(await codeOf(checkTrusted(join(scratch.root, path)))).toBe("done");
    }
  });

  test("safe.bareRepository = explicit is kept to, and a repository's own .git is none", async () => {
    const repo = await scratch.repository("explicit");
    await scratch.git(scratch.root, "clone", "--quiet", "--bare", repo, join(scratch.root, "explicit.git"));
    await scratch.git(repo, "config", "--global", "safe.bareRepository", "explicit");
    try {
      expect(await codeOf(inspectRepository(join(scratch.root, "explicit.git")))).toBe("repository_untrusted");
      expect(await git(join(repo, ".git"), ["rev-parse", "main"])).toMatch(/^[0-9a-f]{40}\n$/);
    } finally {
      await scratch.git(repo, "config", "--global", "--unset", "safe.bareRepository");
    }
  });
});

test("looks of git fetch nothing: a repository cannot name a program for that", async () => {
  const repo = await scratch.repository("lazy");
  const planted = join(scratch.root, "planted");
  const program = join(scratch.root, "remote.sh");
  writeFileSync(program, `#!/bin/sh\necho ran > ${planted}\n`, { mode: 0o755 });
  const commit = (await git(repo, ["rev-parse", "HEAD"])).trim();
  for (const [name, value] of [
    ["core.repositoryformatversion", "1"],
    ["extensions.partialClone", "origin"],
    ["remote.origin.promisor", "true"],
    ["remote.origin.url", `ext::${program}`],
    ["protocol.ext.allow", "always"],
  ] as const) {
    await git(repo, ["config", name, value]);
  }
  rmSync(join(repo, ".git", "objects", commit.slice(0, 2), commit.slice(2)));
  await findBranchCommit(repo, "main").catch(() => undefined);
  await countAheadAndBehind(repo, "main", "main~1").catch(() => undefined);
  await isAncestor(repo, "main", "main").catch(() => undefined);
  expect(existsSync(planted)).toBe(false);
});

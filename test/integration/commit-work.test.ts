import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readChanges } from "#git/changes/changes.ts";
import { commitWork } from "#git/changes/commit-work.ts";
import { snapshotWork } from "#git/snapshots/snapshot-work.ts";
import { writeWorktreeDiff } from "#git/changes/worktree-diff.ts";
import { runShell as shell } from "../support/hostile.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
beforeAll(() => (scratch = new Scratch()));
afterAll(() => scratch.close());

const commit = (worktree: string, branch = "main") =>
  commitWork({ worktree, branch, message: "Work", environment: {}, atMostMs: 60_000 });
const committed = (repo: string) => scratch.git(repo, "show", "--name-only", "--format=", "-z", "HEAD");

test("a snapshot leaves no half of a split index in git's folder", async () => {
  const repo = await scratch.repository("split-index");
  shell(repo, "git config core.splitIndex true; git update-index --split-index; echo more >> README.md; echo n > new");
  const listHalves = () => readdirSync(join(repo, ".git")).filter((name) => name.startsWith("sharedindex."));
  const before = listHalves();
  expect(before).toHaveLength(1);
  const head = await scratch.git(repo, "rev-parse", "HEAD");
  expect(await snapshotWork(repo, head)).not.toBe(head);
  expect(listHalves()).toEqual(before);
});

describe("a sparse checkout, with work outside of it", () => {
  for (const [mode, flags] of [
    ["cone", "--cone in"],
    ["sparse-index", "--cone --sparse-index in"],
    ["no-cone", "--no-cone /in/ /README.md"],
  ]) {
    test(String(mode), async () => {
      const repo = await scratch.repository(`sparse-${mode}`);
      shell(
        repo,
        `mkdir in out; echo a > in/a; echo b > out/b; git add .; git commit -qm Two; git sparse-checkout set ${flags}`,
      );
      expect(existsSync(join(repo, "out"))).toBe(false);
      shell(repo, "mkdir -p out/new; echo n > out/new/file; echo changed > out/b; echo more >> in/a");
      const head = await scratch.git(repo, "rev-parse", "HEAD");
      const files = ["in/a", "out/b", "out/new/file"];
      expect((await readChanges(repo, head)).files_changed).toEqual(files);
      const { files: compared } = await writeWorktreeDiff(repo, head, [], join(scratch.root, "patch"));
      expect(compared.map(({ path }) => path)).toEqual(files);
      const snapshot = await snapshotWork(repo, head);
      expect(await scratch.git(repo, "diff", "--name-only", head, snapshot)).toBe(files.join("\n"));
      expect(await commit(repo)).toBeUndefined();
      expect(await committed(repo)).toBe(`${files.join("\0")}\0`);
      expect(await readChanges(repo, head)).toMatchObject({
        commits_ahead: 1,
        files_changed: files,
        uncommitted_changes: [],
      });
      // Nothing that was not checked out counts as deleted.
      expect(await scratch.git(repo, "ls-files", "src/main.c")).toBe("src/main.c");
    });
  }

  test("a commit that its hook refuses leaves it sparse", async () => {
    const repo = await scratch.repository("sparse-refused");
    shell(repo, "mkdir in; echo a > in/a; git add .; git commit -qm In; git sparse-checkout set in; echo n > in/n");
    shell(
      repo,
      "mkdir -p .git/hooks; printf '#!/bin/sh\necho no; exit 1\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit",
    );
    expect(await commit(repo)).toBe("no");
    expect(await scratch.git(repo, "status", "--porcelain")).toBe("?? in/n");
  });
});

describe("a worktree that is elsewhere by now is left as it is, and that is told with what to do", () => {
  const work = "echo new > new";
  test.each([
    ["another branch", `git switch -qc feature/x; ${work}`, "on branch feature/x, not on main"],
    ["a detached HEAD", `git switch -q --detach; ${work}`, "on a detached HEAD, not on main"],
    ["a merge", `git merge -q --no-commit --no-ff side; ${work}`, "in the middle of a merge"],
    ["a merge that conflicts", "git merge -q clash || true", "in the middle of a merge"],
    ["a rebase", "git rebase -q clash || true", "in the middle of a rebase"],
    [
      "patches by mail",
      `git format-patch -q --stdout main..clash | git am -q; ${work}`,
      "in the middle of a series of patches",
    ],
    ["a cherry-pick", "git cherry-pick clash || true", "in the middle of a cherry-pick"],
    ["a revert", "git revert --no-edit HEAD~1 || true", "in the middle of a revert"],
    ["a squashed merge", "git merge -q --squash clash || true", "there are unresolved conflicts in README.md"],
  ])("%s", async (name, script, told) => {
    const repo = await scratch.repository(name.replaceAll(" ", "-"));
    shell(
      repo,
      "git branch side; git switch -qc clash; echo theirs > README.md; git commit -qam Theirs; git switch -q side; echo s > side; git add .; git commit -qm Side; git switch -q main; echo ours > README.md; git commit -qam Ours; echo more > README.md; git commit -qam More",
    );
    shell(repo, `(${script}) > /dev/null 2>&1`);
    const [head, before] = [
      await scratch.git(repo, "rev-parse", "HEAD"),
      await scratch.git(repo, "status", "--porcelain"),
    ];
    const said = await commit(repo);
    expect(said).toContain(told);
    expect(said).toContain(repo);
    expect(await scratch.git(repo, "rev-parse", "HEAD")).toBe(head);
    expect(await scratch.git(repo, "status", "--porcelain")).toBe(before);
  });
});

test("an index.lock that was left behind is named, and what to do about it", async () => {
  const repo = await scratch.repository("locked");
  shell(repo, "echo new > new; touch .git/index.lock");
  const lock = join(repo, ".git", "index.lock");
  expect(await commit(repo)).toContain(`${lock} exists`);
  rmSync(lock);
  expect(await commit(repo)).toBeUndefined();
});

test("names of any bytes are committed, and told as far as they can be", async () => {
  const repo = await scratch.repository("names");
  const names = ["-dash", ":(exclude)colon", ":!bang", "line\nend", "tab\t", " space ", '"quoted"', "*", "néw", "[a]"];
  for (const name of names) writeFileSync(join(repo, name), name);
  shell(
    repo,
    String.raw`perl -e 'open(F, ">", "caf\xe9"); print F "x"'; git init -q '[inner]*'; echo x > '[inner]*/x'`,
  );
  const { uncommitted_changes } = await readChanges(repo, "HEAD");
  expect(uncommitted_changes).toEqual(
    expect.arrayContaining([...names.map((name) => `?? ${name}`), String.raw`?? caf\xe9`, "?? [inner]*/"]) as string[],
  );
  expect(await commit(repo)).toBeUndefined();
  const { files_changed } = await readChanges(repo, "HEAD~1");
  expect(files_changed.toSorted()).toEqual([...names, String.raw`caf\xe9`].toSorted());
  expect((await readChanges(repo, "HEAD")).uncommitted_changes).toEqual(["?? [inner]*/"]);
});

test("each change is one line, with its state", async () => {
  const repo = await scratch.repository("states");
  shell(repo, "seq 99 > old; seq 50 > gone; seq 3 > kind; seq 1000 1100 > staged; git add .; git commit -qm Files");
  shell(
    repo,
    "mv old new; git add --intent-to-add new; rm gone kind; ln -s new kind; git mv staged moved; echo x >> moved; echo y > 'a -> b'",
  );
  expect((await readChanges(repo, "HEAD")).uncommitted_changes).toEqual([
    " D gone",
    " T kind",
    "RM moved ← staged",
    " R new ← old",
    "?? a -> b",
  ]);
});

test("what submodules hold is told, and does not keep the rest from being committed", async () => {
  const inner = await scratch.repository("inner");
  const repo = await scratch.repository("outer");
  const add = (path: string) => `git -c protocol.file.allow=always submodule --quiet add '${inner}' ${path}`;
  shell(repo, `${["dirty", "fresh", "moved", "filled"].map(add).join("; ")}; git commit -qm Modules`);
  shell(
    repo,
    "echo x >> dirty/README.md; echo x > fresh/new; git -C moved commit -q --allow-empty -m On; rm -rf filled; mkdir filled; echo x > filled/file; echo rest > rest",
  );
  const changes = await readChanges(repo, "HEAD");
  expect(changes.uncommitted_changes).toEqual([" M moved", "?? rest", " m dirty", "?? filled/", " ? fresh"]);
  expect(await commit(repo)).toMatch(/^Changes in submodules were not committed: dirty, filled\/, fresh\./);
  expect(await committed(repo)).toBe("moved\0rest\0");
  expect(await commit(repo)).toContain("dirty");
});

const isRoot = process.getuid?.() === 0;

/** As root, nothing is unreadable: another user commits. */
test.skipIf(!isRoot || Bun.which("setpriv") === null)(
  "files that cannot be read are named, and the rest is committed",
  async () => {
    const repo = await scratch.repository("unreadable");
    await scratch.git(repo, "config", "--global", "safe.directory", "*");
    shell(
      repo,
      "mkdir kept; echo k > kept/file; echo t > tracked; echo r > README.md; git add .; git commit -qm Kept; chown -R 65534:65534 .; echo s > secret; echo changed > tracked; mkdir closed; echo c > closed/c; chmod 600 secret tracked; chmod 700 closed kept; chown -R 0:0 secret closed kept tracked; echo open > open; chown 65534:65534 open",
    );
    chmodSync(scratch.root, 0o755);
    const script = join(scratch.root, "commit.ts");
    const from = join(import.meta.dir, "..", "..", "src", "git", "changes");
    writeFileSync(
      script,
      `import { commitWork } from ${JSON.stringify(join(from, "commit-work.ts"))};
     import { readChanges } from ${JSON.stringify(join(from, "changes.ts"))};
     const said = await commitWork({ worktree: ${JSON.stringify(repo)}, branch: "main", message: "x", environment: {}, atMostMs: 60_000 });
     console.log(JSON.stringify({ said, ...(await readChanges(${JSON.stringify(repo)}, "HEAD~1")) }));`,
    );
    const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, script];
    const { stdout, stderr } = Bun.spawnSync(asNobody, { cwd: repo, env: { ...process.env, TMPDIR: "/tmp" } });
    expect(stderr.toString()).toBe("");
    const { said, commits_ahead, files_changed } = JSON.parse(stdout.toString()) as Record<string, unknown>;
    expect(String(said)).toMatch(/^Unreadable files were not committed: .*\.$/);
    for (const name of ["secret", "closed/", "tracked"]) expect(String(said)).toContain(name);
    expect({ commits_ahead, files_changed }).toEqual({ commits_ahead: 1, files_changed: ["open"] });
    expect(await committed(repo)).toBe("open\0");
  },
);

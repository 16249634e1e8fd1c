import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GitWorld } from "../support/git-world.ts";

let world: GitWorld;
let repo: string;
let number = 0;

beforeAll(() => (world = new GitWorld()));
beforeEach(async () => {
  await world.begin();
  ({ repo, number } = world);
});
afterAll(() => world.close());

describe("attributes count as they do for git merge", () => {
  test("merge=union takes the lines of both", async () => {
    await world.write(".gitattributes", "CHANGELOG.md merge=union\n");
    await world.write("CHANGELOG.md", "# Changes\n");
    await world.git(repo, "commit", "--quiet", "-m", "Changelog");
    const one = await world.work("one", "echo '- one' >> CHANGELOG.md; git commit -qam one");
    const two = await world.work("two", "echo '- two' >> CHANGELOG.md; git commit -qam two");
    expect((await world.merge(one)).data).toMatchObject({ success: true });
    expect((await world.merge(two)).data).toMatchObject({ success: true });
    expect(readFileSync(join(repo, "CHANGELOG.md"), "utf8")).toBe("# Changes\n- one\n- two\n");
  });

  test("a driver of the user's merges, whatever it prints", async () => {
    const driver = join(world.root, "driver.sh");
    writeFileSync(driver, '#!/bin/sh\necho "merging $4"; sort -u "$2" "$3" > "$2.new" && mv "$2.new" "$2"\n');
    chmodSync(driver, 0o755);
    await world.git(repo, "config", "merge.sorted.driver", `${driver} %O %A %B %P`);
    await world.write("deep/.gitattributes", "*.list merge=sorted\n");
    await world.write("deep/words.list", "b\n");
    await world.git(repo, "commit", "--quiet", "-m", "Words");
    const one = await world.work("one", "printf 'a\\nb\\n' > deep/words.list; git commit -qam one");
    const two = await world.work("two", "printf 'c\\nb\\n' > deep/words.list; git commit -qam two");
    expect((await world.merge(one, { strategy: "rebase" })).data).toMatchObject({ success: true });
    expect((await world.merge(two, { strategy: "merge" })).data).toMatchObject({ success: true });
    expect(readFileSync(join(repo, "deep/words.list"), "utf8")).toBe("a\nb\nc\n");
  });

  test("-merge and longer conflict marks are kept to", async () => {
    await world.write(".gitattributes", "*.lock -merge\n*.txt conflict-marker-size=12\n");
    await world.write("a.lock", "1\n2\n3\n4\n5\n");
    await world.write("a.txt", "1\n");
    await world.git(repo, "commit", "--quiet", "-m", "Files");
    const one = await world.work("one", "sed -i 's/1/one/' a.lock a.txt; git commit -qam one");
    await world.write("a.lock", "1\n2\n3\n4\nfive\n");
    await world.write("a.txt", "uno\n");
    await world.git(repo, "commit", "--quiet", "-m", "Meanwhile");
    const { data } = await world.merge(one);
    expect(data).toMatchObject({
      code: "merge_conflict",
      conflicts: [
        { path: "a.lock", hunks: [] },
        {
          path: "a.txt",
          hunks: [{ line: 1, text: expect.stringMatching(/^<{12} main\nuno\n={12}\none\n>{12} agent/) as string }],
        },
      ],
    });
  });
});

test("a submodule that moved on both sides is merged where one commit comes after the other", async () => {
  const library = await world.repository(`library-${number}`);
  await world.git(library, "commit", "--quiet", "--allow-empty", "-m", "Second");
  await world.git(library, "commit", "--quiet", "--allow-empty", "-m", "Third");
  await world.git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", library, "lib");
  const [first, second, third] = await Promise.all(
    ["HEAD~2", "HEAD~1", "HEAD"].map((at) => world.git(library, "rev-parse", at)),
  );
  const move = (to: string | undefined) => `git update-index --cacheinfo 160000,${to},lib; git commit -qm moved`;
  await world.git(join(repo, "lib"), "checkout", "--quiet", String(first));
  await world.git(repo, "commit", "--quiet", "-am", "Library");
  const one = await world.work("one", move(third));
  await world.git(join(repo, "lib"), "checkout", "--quiet", String(second));
  await world.git(repo, "commit", "--quiet", "-am", "Second");
  expect((await world.merge(one)).data).toMatchObject({ success: true });
  expect(await world.git(repo, "rev-parse", "HEAD:lib")).toBe(String(third));
});

describe("what was merged before", () => {
  test("makes no conflict where the branch has taken in all of main since", async () => {
    await world.write("f", "1\n");
    await world.git(repo, "commit", "--quiet", "-m", "f");
    const one = await world.work("one", "echo work > work.txt; git add .; git commit -qm work");
    expect((await world.merge(one)).data).toMatchObject({ success: true });
    await world.write("f", "2\n");
    await world.git(repo, "commit", "--quiet", "-m", "2");
    const two = await world.work("one", "git merge -q main; echo 3 > f; git commit -qam 3", {
      topic: `implement-one_${number}-v2`,
    });
    expect((await world.merge(two)).data).toMatchObject({ success: true });
    expect(readFileSync(join(repo, "f"), "utf8")).toBe("3\n");
  });

  test("a task without changes is not called merged", async () => {
    const one = await world.work("one", "true");
    const { data } = await world.merge(one);
    expect(data).toMatchObject({ success: true, merged: [], no_changes: [{ task_id: one["task_id"], into: "main" }] });
  });
});

describe("a rebase keeps every byte of its commits", () => {
  test("author, times, message and encoding, with signed commits that git would comment on", async () => {
    const key = join(world.root, "key");
    if (!existsSync(key)) await world.run(world.root, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
    const settings = { "gpg.format": "ssh", "user.signingKey": key, "log.showSignature": "true" };
    for (const [name, value] of Object.entries(settings)) await world.globally(name, value);
    try {
      const latin = String.raw`printf 'caf\351\n\nend \n\n\n' > ../message; GIT_AUTHOR_NAME=$(printf 'Ren\351') GIT_AUTHOR_DATE='1234567890 +0545' git -c i18n.commitEncoding=ISO-8859-1 commit -q -S --cleanup=verbatim -F ../message`;
      const one = await world.work("one", "true");
      const commits = `echo 1 > 1.txt; git add .; git commit -q -S -m Signed; echo 2 > 2.txt; git add .; ${latin}`;
      await world.run(String(one["worktree_dir"]), ["sh", "-ec", commits]);
      await world.git(repo, "commit", "--quiet", "--allow-empty", "-m", "Meanwhile");
      expect((await world.merge(one, { strategy: "rebase" })).data).toMatchObject({ success: true });
      const kept = async (folder: string, commit: string) => {
        const bytes = await Bun.$`git cat-file commit ${commit}`
          .cwd(folder)
          .env(world.environment())
          .quiet()
          .arrayBuffer();
        const text = Buffer.from(bytes)
          .toString("latin1")
          .replace(/^gpgsig .*\n(?: .*\n)*/m, "");
        return text.replaceAll(/^(?:tree|parent|committer) .*\n/gm, "");
      };
      for (const at of ["", "~1"]) {
        expect(await kept(repo, `HEAD${at}`)).toBe(await kept(String(one["worktree_dir"]), `HEAD${at}`));
      }
      expect(await kept(repo, "HEAD")).toContain("encoding ISO-8859-1\n\ncaf\xe9\n\nend \n\n\n");
    } finally {
      for (const name of Object.keys(settings)) await world.globally("--unset", name);
    }
  });
});

describe("what git refuses is refused", () => {
  test("a branch that is being rebased or bisected, in any working tree, is not moved", async () => {
    await world.git(repo, "commit", "--quiet", "--allow-empty", "-m", "Second");
    const one = await world.work("one", "echo 1 > 1.txt; git add .; git commit -qm one");
    const before = await world.git(repo, "rev-parse", "main");
    await world.git(repo, "bisect", "start", "HEAD", "HEAD~1");
    expect((await world.merge(one)).data).toMatchObject({ code: "branch_in_use" });
    await world.git(repo, "bisect", "reset");
    await world.run(repo, ["git", "-c", "sequence.editor=sed -i 1ibreak", "rebase", "-i", "HEAD~1"]);
    expect((await world.merge(one)).data).toMatchObject({
      code: "branch_in_use",
      error: expect.stringContaining("rebased") as string,
    });
    expect(await world.git(repo, "rev-parse", "main")).toBe(before);
    await world.git(repo, "rebase", "--abort");
    expect((await world.merge(one)).data).toMatchObject({ success: true });
  });

  test("work on another branch than the task's is named, never called merged", async () => {
    const one = await world.work("one", "git switch -qc feature/x; echo 1 > 1.txt; git add .; git commit -qm one");
    const { data } = await world.merge(one);
    expect(data).toMatchObject({ success: false, code: "worktree_on_other_branch", merged: [] });
    expect(data["error"]).toContain("feature/x");
    const path = String(one["worktree_dir"]);
    await world.git(path, "switch", "--quiet", String(one["agent_branch"]));
    await world.git(path, "merge", "--quiet", "feature/x");
    expect((await world.merge(one)).data).toMatchObject({ success: true, merged: [{ into: "main" }] });
    expect(existsSync(join(repo, "1.txt"))).toBe(true);
  });

  test("histories without a commit in common", async () => {
    const one = await world.work(
      "one",
      "git checkout -q --orphan other; git commit -qm one; git branch -qM other $(git rev-parse --abbrev-ref @{-1} 2>/dev/null || echo x); true",
    );
    const path = String(one["worktree_dir"]);
    await world.git(path, "update-ref", `refs/heads/${String(one["agent_branch"])}`, "HEAD");
    await world.git(path, "symbolic-ref", "HEAD", `refs/heads/${String(one["agent_branch"])}`);
    expect((await world.merge(one)).data).toMatchObject({ code: "not_fast_forward" });
  });
});

test("a merge that cannot write all files takes back those that it wrote", async () => {
  await world.write(".gitattributes", "*.secret filter=vault\n");
  await world.write("b.txt", "b\n");
  await world.write("gone.txt", "gone\n");
  await world.write("z.secret", "z\n");
  await world.git(repo, "commit", "--quiet", "-m", "Files");
  const change = "mkdir -p a/b; echo a > a/b/a.txt; echo B > b.txt; git rm -q gone.txt; echo Z > z.secret; git add .";
  const one = await world.work("one", `${change}; git commit -qm one`);
  await world.git(repo, "config", "filter.vault.smudge", "false");
  await world.git(repo, "config", "filter.vault.required", "true");
  writeFileSync(join(repo, "mine.txt"), "mine\n");
  const head = await world.git(repo, "rev-parse", "HEAD");
  const { data } = await world.merge(one);
  expect(data).toMatchObject({ success: false, merged: [], error: expect.stringContaining("z.secret") as string });
  await world.git(repo, "config", "--unset", "filter.vault.required");
  await world.git(repo, "config", "--unset", "filter.vault.smudge");
  expect(await world.git(repo, "rev-parse", "HEAD")).toBe(head);
  expect(existsSync(join(repo, "a"))).toBe(false);
  for (const [name, text] of Object.entries({ "b.txt": "b\n", "gone.txt": "gone\n", "mine.txt": "mine\n" })) {
    expect(readFileSync(join(repo, name), "utf8")).toBe(text);
  }
  await world.git(repo, "checkout", "--", "z.secret");
  expect(await world.git(repo, "status", "--porcelain")).toBe("?? mine.txt");
  expect((await world.merge(one)).data).toMatchObject({ success: true });
});

test("a commit that the user makes while a merge is worked out is not lost, and the merge comes on top of it", async () => {
  const driver = join(world.root, `commits-${number}.sh`);
  // Once: the merge that is worked out anew finds it at rest.
  const commit = `env -i PATH="$PATH" HOME="${world.home}" git -C '${repo}' commit -q --allow-empty -m Meanwhile`;
  writeFileSync(driver, `#!/bin/sh\nmkdir "$0.done" 2>/dev/null && ${commit}\nexec git merge-file "$2" "$1" "$3"\n`);
  chmodSync(driver, 0o755);
  await world.git(repo, "config", "merge.commits.driver", `${driver} %O %A %B`);
  await world.write(".gitattributes", "*.txt merge=commits\n");
  await world.write("a.txt", "1\n2\n3\n4\n5\n");
  await world.git(repo, "commit", "--quiet", "-m", "Files");
  const one = await world.work("one", "sed -i s/1/one/ a.txt; git commit -qam one");
  await world.write("a.txt", "1\n2\n3\n4\nfive\n");
  await world.git(repo, "commit", "--quiet", "-m", "Five");
  expect((await world.merge(one)).data).toMatchObject({ success: true });
  expect(await world.git(repo, "log", "-3", "--format=%s")).toBe(`Implement one ${number}\nMeanwhile\nFive`);
  expect(readFileSync(join(repo, "a.txt"), "utf8")).toBe("one\n2\n3\n4\nfive\n");
});

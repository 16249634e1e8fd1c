// The lines of a diff, read from real git.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "bun";
import { type ChangedFile, readLineDiff } from "#git/changes/changed-lines.ts";
import { compareCommits, withComparison } from "#git/changes/compare.ts";
import { inspectWorktree } from "#git/changes/status.ts";

let repo: string;

beforeAll(async () => {
  repo = mkdtempSync(join(tmpdir(), "lines-"));
  await $`git init -q -b main && git config user.name T && git config user.email t@example.invalid`.cwd(repo).quiet();
});
afterAll(() => rmSync(repo, { recursive: true, force: true }));

function write(name: string | Buffer, content: string | Buffer): void {
  const folder = Buffer.concat([Buffer.from(`${repo}/`), Buffer.from(name)]);
  writeFileSync(folder, content);
}

function lines(
  count: number,
  change: (line: number) => string | undefined = (line) => `line ${line}`,
  end = "\n",
): string {
  return Array.from({ length: count }, (_, index) => change(index + 1))
    .flatMap((line) => (line === undefined ? [] : [line + end]))
    .join("");
}

const withoutLines =
  (...gone: number[]) =>
  (line: number) =>
    gone.includes(line) ? undefined : `line ${line}`;
const withChanged =
  (...changed: number[]) =>
  (line: number) =>
    changed.includes(line) ? "changed" : `line ${line}`;

test("each kind of change has the lines that its hunks show", async () => {
  const odd = 'odd "name"\twith\nall ü';
  const bytes = Buffer.from([0x63, 0xe9, 0x2e, 0x74]); // Latin-1
  mkdirSync(join(repo, "sub"));
  write("modified.txt", lines(60));
  write("crlf.txt", lines(30, undefined, "\r\n"));
  write("deleted.txt", lines(5));
  write("emptied.txt", lines(4));
  write(
    "renamed.txt",
    lines(40, (line) => `unique ${line * 7}`),
  );
  write(
    "moved.txt",
    lines(40, (line) => `other ${line * 11}`),
  );
  write("mode.sh", lines(3));
  write("binary.bin", Buffer.from([0, 1, 2]));
  write("type.txt", lines(3));
  write("same.txt", lines(3));
  write("sub/cut.txt", lines(20));
  write("looks.txt", lines(10));
  write(odd, lines(3));
  write(bytes, lines(3));
  await $`git add -A && git commit -q -m one`.cwd(repo).quiet();
  write("modified.txt", lines(60, withChanged(10, 50)));
  write("crlf.txt", lines(30, withChanged(15), "\r\n"));
  rmSync(join(repo, "deleted.txt"));
  write("emptied.txt", "");
  renameSync(join(repo, "renamed.txt"), join(repo, "renamed to.txt"));
  renameSync(join(repo, "moved.txt"), join(repo, "sub", "moved.txt"));
  write(
    "sub/moved.txt",
    lines(40, (line) => (line === 20 ? "changed" : `other ${line * 11}`)),
  );
  chmodSync(join(repo, "mode.sh"), 0o755);
  write("binary.bin", Buffer.from([0, 1, 3]));
  rmSync(join(repo, "type.txt"));
  symlinkSync("same.txt", join(repo, "type.txt"));
  write("sub/cut.txt", lines(20, withoutLines(9, 10)));
  // Added lines that look like headers of a patch.
  write("looks.txt", `${lines(10)}diff --git a/same.txt b/same.txt\n@@ -1,9 +1,9 @@\n-- a\n++ b\n`);
  write(odd, lines(3, withChanged(2)));
  write(bytes, lines(3, withChanged(2)));
  write("new.txt", lines(7, (line) => `new ${line * 13}`).trimEnd());
  write("empty.txt", "");

  const seen = await inspectWorktree(repo);
  const base = (await $`git rev-parse HEAD`.cwd(repo).text()).trim();
  const { files, patch } = await withComparison(repo, base, seen, (comparison) => readLineDiff(repo, comparison));
  const found = new Map(files.map((file) => [file.path, [file.status, file.isOpaque ? "opaque" : file.hunks]]));
  expect(Object.fromEntries(found)).toEqual({
    "modified.txt": [
      "modified",
      [
        [7, 13],
        [47, 53],
      ],
    ],
    "crlf.txt": ["modified", [[12, 18]]],
    "deleted.txt": ["deleted", [[1, 5]]],
    "emptied.txt": ["modified", [[1, 4]]],
    "renamed to.txt": ["renamed", []],
    "sub/moved.txt": ["renamed", [[17, 23]]],
    "mode.sh": ["modified", []],
    "binary.bin": ["modified", "opaque"],
    "type.txt": ["type changed", [[1, 1]]],
    "sub/cut.txt": ["modified", [[6, 11]]],
    "looks.txt": ["modified", [[8, 14]]],
    [odd]: ["modified", [[1, 3]]],
    [String.raw`c\xe9.t`]: ["modified", [[1, 3]]],
    "new.txt": ["added", [[1, 7]]],
    "empty.txt": ["added", []],
  });
  expect(patch.toString("latin1")).toStartWith("diff --git ");
  expect(files.find(({ from }) => from === "moved.txt")?.path).toBe("sub/moved.txt");
});

test("a touched file is no change, and no program of the repository's configuration runs", async () => {
  await $`git add -A && git commit -q -m two`.cwd(repo).quiet();
  const ran = join(repo, "..", `ran-${process.pid}`);
  await $`git config diff.external ${`touch ${ran}; true`}`.cwd(repo);
  await $`git config diff.x.textconv ${`touch ${ran}; cat`} && git config diff.x.command ${`touch ${ran}; true`}`.cwd(
    repo,
  );
  await $`git config filter.x.clean ${`touch ${ran}; cat`}`.cwd(repo);
  write(".gitattributes", "* diff=x filter=x\n");
  write("same.txt", lines(3));
  write("sub/cut.txt", lines(3));
  const read = async (): Promise<ChangedFile[]> => {
    const seen = await inspectWorktree(repo);
    return (await withComparison(repo, "HEAD", seen, (comparison) => readLineDiff(repo, comparison))).files;
  };
  expect((await read()).map(({ path }) => path)).toEqual([".gitattributes", "sub/cut.txt"]);
  const command = (flags: readonly string[]) => compareCommits("HEAD^", "HEAD", flags);
  expect((await readLineDiff(repo, { command, options: {} })).files).toHaveLength(15);
  expect(existsSync(ran)).toBe(false);
});

test("a submodule has no lines", async () => {
  const inner = join(repo, "inner");
  mkdirSync(inner);
  await $`git init -q && git -c user.name=T -c user.email=t@example.invalid commit -q --allow-empty -m x`
    .cwd(inner)
    .quiet();
  await $`git add inner`.cwd(repo).quiet();
  const seen = await inspectWorktree(repo);
  const { files } = await withComparison(repo, "HEAD", seen, (comparison) => readLineDiff(repo, comparison));
  expect(files.find(({ path }) => path === "inner")).toMatchObject({ status: "added", isOpaque: true, hunks: [] });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readChanges } from "#git/changes/changes.ts";
import { writeWorktreeDiff } from "#git/changes/worktree-diff.ts";
import { runShell as shell } from "../support/hostile.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
let plainConfig: string;
let shared: string;
beforeAll(async () => {
  scratch = new Scratch();
  plainConfig = readFileSync(join(scratch.root, ".gitconfig"), "utf8");
  shared = await seed("shared");
});
afterAll(() => scratch.close());

/** Settings of a user, as lines of their configuration. */
const SETTINGS: Record<string, string> = {
  none: "",
  prefixes: "[diff]\nnoprefix = true",
  "mnemonic prefixes": "[diff]\nmnemonicPrefix = true",
  "other prefixes": "[diff]\nsrcPrefix = x/\ndstPrefix = y/",
  "no renames": "[diff]\nrenames = false",
  copies: "[diff]\nrenames = copies\nrenameLimit = 1\n[status]\nrenames = copies",
  "no context": "[diff]\ncontext = 0\ninterHunkContext = 20",
  algorithm: "[diff]\nalgorithm = patience\nindentHeuristic = false",
  "order file": "[diff]\norderFile = {root}/order",
  relative: "[diff]\nrelative = true",
  "empty context": "[diff]\nsuppressBlankEmpty = true",
  submodules: "[diff]\nsubmodule = log\nignoreSubmodules = all",
  "external diff": "[diff]\nexternal = touch {root}/ran",
  colours: "[color]\nui = always\ndiff = always\n[diff]\ncolorMoved = zebra\nwsErrorHighlight = all",
  "plain names": "[core]\nquotePath = false\nabbrev = 4",
  statistics: "[diff]\ndirstat = lines,cumulative\nstatGraphWidth = 3\nstatNameWidth = 3",
  pagers: "[core]\npager = touch {root}/ran\n[pager]\ndiff = touch {root}/ran",
  status:
    "[status]\nshowUntrackedFiles = no\nrelativePaths = false\nshort = true\nbranch = true\nsubmoduleSummary = true\nshowStash = true",
  encodings: "[i18n]\ncommitEncoding = latin1\nlogOutputEncoding = utf-16",
  columns: "[column]\nui = always",
  textconv:
    '[core]\nattributesFile = {root}/attributes\n[diff "up"]\ntextconv = tr a-z A-Z <\n[diff "ext"]\ncommand = touch {root}/ran',
  "binary by attributes": "[core]\nattributesFile = {root}/binary",
  whitespace:
    "[apply]\nwhitespace = error\n[core]\nwhitespace = cr-at-eol,-trailing-space,-blank-at-eof,-space-before-tab",
  "untracked cache and split index": "[core]\nuntrackedCache = true\nsplitIndex = true",
  "safe line ends": "[core]\nsafecrlf = true",
  "line ends of Windows": "[core]\nautocrlf = true",
  "line ends as they come": "[core]\nautocrlf = input\neol = crlf",
};

/** Under these, git writes text with line ends of its own: the text is written so here, too. */
const WITH_CRLF = new Set(["line ends of Windows"]);
/** Under these, a file with CR LF becomes another one when it is checked out, whoever does it. */
const WITHOUT_CRLF = new Set(["line ends as they come", "safe line ends", "line ends of Windows"]);

function configure(setting: string): void {
  writeFileSync(join(scratch.root, "order"), "*.bin\nz*\n");
  writeFileSync(join(scratch.root, "attributes"), "*.txt diff=up\n*.md diff=ext\n");
  writeFileSync(join(scratch.root, "binary"), "*.txt -diff\n*.md binary\n");
  writeFileSync(join(scratch.root, ".gitconfig"), `${plainConfig}${setting.replaceAll("{root}", scratch.root)}\n`);
}

/** A repository with files of every kind. */
async function seed(name: string): Promise<string> {
  configure("");
  const repo = await scratch.repository(name);
  shell(
    repo,
    [
      "seq 1 60 > moved.txt; seq 1 40 > edited.txt; echo x > gone.txt; : > empty-gone; ln -s edited.txt link",
      "printf '\\000\\001\\002' > image.bin; echo run > run.sh; seq 1 5 > becomes-link; mkdir dir; echo x > dir/file",
      String.raw`printf 'caf\351\n\none\n' > latin1.txt; printf 'a\n\n\nb\n' > blanks.txt; echo old > touched.txt`,
      "git add .; git commit -qm All",
    ].join("\n"),
  );
  return repo;
}

/** All that a task can do to them. */
function change(worktree: string, isCrlf: boolean, hasCrlf: boolean): void {
  const end = isCrlf ? "sed -i 's/$/\\r/'" : ":";
  shell(
    worktree,
    [
      "git mv moved.txt 'moved here.txt'; echo committed > committed.txt",
      `echo 61 >> 'moved here.txt'; ${end} committed.txt; git add committed.txt; git commit -qm Moved`,
      `sed -i 's/^20/twenty/; s/^35/thirty-five/' edited.txt; rm gone.txt empty-gone; : > empty-new`,
      "rm link; ln -s 'moved here.txt' link; ln -s nowhere new-link; rm becomes-link; ln -s image.bin becomes-link",
      "printf '\\000\\003\\004\\005' > image.bin; printf '\\377\\000' > new.bin; chmod +x run.sh; rm -r dir; echo x > dir",
      String.raw`printf 'caf\351!\n\none\n' > latin1.txt; printf 'a\n\n\nc\n' > blanks.txt; touch touched.txt`,
      String.raw`echo 'no line end' | tr -d '\n' > end.txt; mkdir -p 'deep/er'; echo x > 'deep/er/new file.txt'`,
      ...["-dash.txt", ":(top)colon.txt", '"quoted".txt', "tab\there.txt", "line\nend.txt", "néw.txt"].map(
        (name) => `printf 'named\n' > './${name}'`,
      ),
      String.raw`perl -e 'open(F, ">", "caf\xe9.txt"); print F "caf\xe9\n"'`,
      "echo staged > staged.txt; git add staged.txt; echo intended > intended.txt; git add --intent-to-add intended.txt",
      hasCrlf ? String.raw`printf 'one\r\ntwo\r\n' > crlf.txt` : ":",
      `${end} edited.txt latin1.txt blanks.txt dir 'deep/er/new file.txt' staged.txt intended.txt ./*named* 2>/dev/null`,
      isCrlf
        ? String.raw`for f in ./*; do if [ -f "$f" ] && [ ! -L "$f" ] && grep -Iq . "$f" && [ "$f" != ./end.txt ]; then sed -i 's/\r*$/\r/' "$f"; fi; done`
        : ":",
    ].join("\n"),
  );
}

/** All of a folder's files, by names and contents in bytes. */
function describeFiles(folder: Buffer, below = ""): string[] {
  const entries = readdirSync(folder, { encoding: "buffer" }).filter((name) => name.toString() !== ".git");
  return entries
    .flatMap((name) => {
      const path = Buffer.concat([folder, Buffer.from("/"), name]);
      const shown = `${below}${name.toString("latin1")}`;
      const stat = lstatSync(path);
      if (stat.isDirectory()) return describeFiles(path, `${shown}/`);
      const mode = stat.isSymbolicLink() ? "link" : (stat.mode & 0o100).toString(8);
      const content = stat.isSymbolicLink() ? readlinkSync(path) : readFileSync(path).toString("latin1");
      return [`${shown} ${mode} ${JSON.stringify(content)}`];
    })
    .toSorted();
}

describe("the patch of a worktree makes of its base what the worktree holds, whatever the user has configured", () => {
  for (const [name, setting] of Object.entries(SETTINGS)) {
    test(name, async () => {
      configure(setting);
      const [worktree = "", other = "", patch = ""] = ["tree", "other", "patch"].map((kind) =>
        join(scratch.root, `${name.replaceAll(" ", "-")}-${kind}`),
      );
      const base = await scratch.git(shared, "rev-parse", "HEAD");
      await scratch.git(shared, "worktree", "add", "--quiet", "--detach", worktree);
      change(worktree, WITH_CRLF.has(name), !WITHOUT_CRLF.has(name));
      const { files } = await writeWorktreeDiff(worktree, base, [], patch);
      await scratch.git(shared, "worktree", "add", "--quiet", "--detach", other, base);
      await scratch.git(other, "apply", patch);
      expect(describeFiles(Buffer.from(other))).toEqual(describeFiles(Buffer.from(worktree)));
      // Of the same files, and the same way of telling renames, whatever is configured.
      expect(files.map(({ path }) => path)).toContain("line\nend.txt");
      expect(files.find(({ path }) => path === "moved here.txt")).toMatchObject({
        status: "renamed",
        from: "moved.txt",
      });
      expect(files.map(({ path }) => path)).not.toContain("touched.txt");
      expect(readdirSync(scratch.root)).not.toContain("ran");
    });
  }
});

test("what is told of a worktree is the same under any settings", async () => {
  const repo = await seed("facts");
  const base = await scratch.git(repo, "rev-parse", "HEAD");
  change(repo, false, true);
  const expected = await readChanges(repo, base);
  expect(expected.uncommitted_changes).toContain("?? néw.txt");
  for (const [name, setting] of Object.entries(SETTINGS)) {
    if (WITHOUT_CRLF.has(name) || name === "binary by attributes") continue;
    configure(setting);
    expect([name, await readChanges(repo, base)]).toEqual([name, expected]);
  }
  configure("");
});

test("a moved submodule, and files with conflicts, are in the patch", async () => {
  const inner = await scratch.repository("inner");
  const repo = await seed("outer");
  shell(repo, `git -c protocol.file.allow=always submodule --quiet add '${inner}' sub; git commit -qm Sub`);
  shell(
    repo,
    "git switch -qc side; echo side > edited.txt; git commit -qam Side; git switch -q main; echo main > edited.txt; git commit -qam Main; git merge -q side || true; cd sub; git commit -q --allow-empty -m On",
  );
  const patch = join(scratch.root, "conflicts.patch");
  await writeWorktreeDiff(repo, "HEAD", [], patch);
  const text = readFileSync(patch, "utf8");
  expect(text).toMatch(/^-Subproject commit [0-9a-f]{40}$/m);
  const other = `${repo}-other`;
  await scratch.git(repo, "worktree", "add", "--quiet", "--detach", other);
  await scratch.git(other, "apply", "--index", patch);
  expect(readFileSync(join(other, "edited.txt"), "utf8")).toBe(readFileSync(join(repo, "edited.txt"), "utf8"));
});

// Patches of git between random trees with odd names and contents: the files that are read from the bytes are those that git lists, and
// the page has the rows that the server counted.
import { afterAll, beforeAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { PatchScanner } from "#board/changes/patch-scanner.ts";
import type { ChangedPath } from "#board/api/changes.ts";
import { quotePath } from "#git/quote-path.ts";
import { readTreeChanges, writeShownCommits, writeTreePatch } from "#git/changes/worktree-diff.ts";
import { loadPatchParser, type PatchParser } from "../support/patch-parser.ts";
import { byteNames, runs, texts } from "../support/property.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
let repository: string;
let parser: PatchParser;

beforeAll(async () => {
  scratch = new Scratch();
  parser = await loadPatchParser();
  repository = await scratch.repository("patches");
});
afterAll(() => scratch.close());

const isValidName = (name: string) =>
  !name.includes("\0") && name.split("/").every((part) => !["", ".", ".."].includes(part) && !/^\.?git/i.test(part));

const names = fc
  .array(byteNames, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join("/"))
  .filter(isValidName);

/** Lines that look like headers, among others. */
const lines = fc.oneof(
  fc.constantFrom(
    "diff --git a/x b/x",
    "--- a/x",
    "+++ b/x",
    "@@ -1,3 +1,3 @@",
    "-- ",
    "++",
    "rename from x",
    "Binary files a/x and b/x differ",
    "\\ No newline at end of file",
    "old mode 100644",
    "",
    " ",
    "a\r",
    "a\r\r",
  ),
  texts.map((text) => text.replaceAll(/[\0\n]/g, " ")),
);

const contents = fc.oneof(
  { weight: 5, arbitrary: fc.array(lines, { maxLength: 30 }).map((all) => all.map((line) => `${line}\n`).join("")) },
  { weight: 2, arbitrary: fc.array(lines, { minLength: 1, maxLength: 8 }).map((all) => all.join("\n")) },
  { weight: 1, arbitrary: fc.constantFrom("\0binary", "", "\u0000\u0001\u0002") },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1")) },
);

interface Entry {
  mode: "100644" | "100755" | "120000" | "160000";
  content: string;
}

const entries: fc.Arbitrary<Entry> = fc.record({
  mode: fc.constantFrom("100644", "100644", "100644", "100755", "120000", "160000"),
  content: contents,
});

/** Two trees: files that only one of them has, that both have, and that one has by another name. */
const trees = fc.array(
  fc.record({
    name: names,
    other: fc.option(names, { nil: undefined, freq: 3 }),
    before: fc.option(entries, { nil: undefined, freq: 4 }),
    after: fc.option(entries, { nil: undefined, freq: 4 }),
    isSame: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

type Trees = typeof trees extends fc.Arbitrary<infer T> ? T : never;

/** Commits both trees. @returns the commits */
async function commit(all: Trees): Promise<[string, string]> {
  const parts: Buffer[] = [];
  const say = (text: string) => parts.push(Buffer.from(text, "latin1"));
  for (const [index, branch] of ["before", "after"].entries()) {
    say(`commit refs/heads/${branch}\ncommitter T <t@example.invalid> ${index} +0000\ndata 0\ndeleteall\n`);
    const taken = new Set<string>();
    for (const { name, other, before, after, isSame } of all) {
      const entry = index === 0 ? before : isSame ? before : after;
      const path = index === 1 ? (other ?? name) : name;
      const folders = new Set(path.split("/").map((_, at, parts_) => parts_.slice(0, at + 1).join("/")));
      const isUnder = [...taken].some((each) => folders.has(each) || each.startsWith(`${path}/`));
      if (entry === undefined || isUnder) continue;
      taken.add(path);
      if (entry.mode === "160000") {
        const id = Bun.hash(entry.content).toString(16).padStart(40, "0");
        say(`M 160000 ${id} ${quotePath(path)}\n`);
        continue;
      }
      const content = Buffer.from(entry.mode === "120000" ? `x${entry.content}`.replaceAll("\0", "") : entry.content);
      say(`M ${entry.mode} inline ${quotePath(path)}\ndata ${content.length}\n`);
      parts.push(content);
      say("\n");
    }
    say("\n");
  }
  const { exited, stdin } = Bun.spawn(["git", "fast-import", "--quiet", "--force"], {
    cwd: repository,
    stdio: ["pipe", "ignore", "inherit"],
  });
  await stdin.write(Buffer.concat(parts));
  await stdin.end();
  expect(await exited).toBe(0);
  return [
    await scratch.git(repository, "rev-parse", "refs/heads/before"),
    await scratch.git(repository, "rev-parse", "refs/heads/after"),
  ];
}

/** Reads the files of a patch that comes in parts. */
function scan(patch: Buffer, size: number): ChangedPath[] {
  const scanner = new PatchScanner();
  for (let at = 0; at < patch.length; at += size) scanner.feed(patch.subarray(at, at + size));
  return scanner.end();
}

/** File as git lists it. */
interface Listed {
  path: string;
  from?: string;
  status: string;
  insertions: number;
  deletions: number;
  isBinary: boolean;
}

/** Of a file whose type changed, the patch removes and adds all lines, which git counts otherwise. */
function withoutLines(file: Listed): Listed {
  return file.status === "type" ? { ...file, insertions: 0, deletions: 0 } : file;
}

const STATUS = { "type changed": "type" } as Record<string, string>;

test("the files, their lines and their places are those that git lists", async () => {
  const property = fc.asyncProperty(trees, fc.integer({ min: 1, max: 300 }), async (all, size) => {
    const pair = await commit(all);
    const listed = await readTreeChanges(repository, pair, {});
    const expected = listed.map(({ path, from, status, added, deleted }) => ({
      path,
      ...(from !== undefined && { from }),
      status: STATUS[status] ?? status,
      insertions: added ?? 0,
      deletions: deleted ?? 0,
      isBinary: added === undefined,
    }));
    const shown = join(scratch.root, "shown.patch");
    const whole = join(scratch.root, "whole.patch");
    await writeShownCommits(repository, pair, shown);
    await writeTreePatch(repository, pair, [], whole, {});
    for (const file of [shown, whole]) {
      const patch = readFileSync(file);
      const files = scan(patch, size);
      const found = files.map(({ path, from, status, insertions, deletions, is_binary, offset, length }) => {
        const section = patch.toString("latin1", offset, offset + length);
        // Of a binary file whose content is the same, the patch does not say that it is binary.
        const isSilent =
          !section.includes("\nindex ") && listed.some((each) => each.path === path && each.added === undefined);
        const isBinary = is_binary || isSilent;
        return withoutLines({ path, ...(from !== undefined && { from }), status, insertions, deletions, isBinary });
      });
      expect(found).toEqual(expected.map(withoutLines));
      expect(files.reduce((at, { offset, length }) => (offset === at ? at + length : NaN), 0)).toBe(patch.length);
      for (const { offset, length, rows, is_binary } of files) {
        if (is_binary) continue;
        const parsed = parser.parsePatch(patch.subarray(offset, offset + length).toString());
        expect({ unified: parsed.unified.length, split: parsed.split.length }).toEqual(
          rows ?? { unified: 0, split: 0 },
        );
        for (const line of parsed.unified) {
          expect(
            parser
              .splitLine(line)
              .map(({ text }) => text)
              .join(""),
          ).toBe(line.text);
        }
      }
    }
  });
  await fc.assert(property, runs(4));
}, 120_000);

test("bytes that are no patch are read without an error", () => {
  const bytes = fc.oneof(
    fc.array(lines).map((all) => Buffer.from(all.join("\n"))),
    fc.uint8Array().map((all) => Buffer.from(all)),
  );
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 50 }), (patch, size) => {
      expect(scan(patch, size)).toEqual(scan(patch, patch.length + 1));
    }),
    runs(),
  );
});

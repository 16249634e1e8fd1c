import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "#base/errors.ts";
import { parseLineDiff } from "#git/changes/changed-lines.ts";
import { parseNumstat } from "#git/changes/compare.ts";
import { namesUnreadable, parseStatus } from "#git/changes/status.ts";
import { splitNul, toBytes, toText } from "#git/byte-names.ts";
import { quotePath, unquotePath } from "#git/quote-path.ts";
import { byteNames, runs } from "../support/property.ts";

const object = fc.constantFrom("0".repeat(40), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "4".repeat(64));
const mode = fc.constantFrom("000000", "100644", "100755", "120000", "160000");
const submodule = fc.constantFrom("N...", "S...", "SC..", "S.M.", "S..U", "SCMU");
const index = fc.constantFrom(".", "M", "T", "A", "D", "R", "C");

/** Entry of `git status --porcelain=v2`, as git-status(1) describes it. */
const entries = fc.oneof(
  fc.record({ kind: fc.constant("1"), x: index, y: index, submodule, path: byteNames, mode, object }),
  fc.record({
    kind: fc.constant("2"),
    x: index,
    y: index,
    submodule,
    path: byteNames,
    mode,
    object,
    origin: byteNames,
  }),
  fc.record({
    kind: fc.constant("u"),
    x: fc.constantFrom("D", "A", "U"),
    y: fc.constantFrom("D", "A", "U"),
    submodule,
    path: byteNames,
    mode,
    object,
  }),
  fc.record({ kind: fc.constantFrom("?", "!"), path: byteNames }),
);
type Entry = typeof entries extends fc.Arbitrary<infer T> ? T : never;

function write(entry: Entry): string {
  if (!("x" in entry)) return `${entry.kind} ${entry.path}\0`;
  const { kind, x, y, path, mode: m, object: o } = entry;
  const start = `${kind} ${x}${y} ${entry.submodule}`;
  if (kind === "u") return `${start} ${m} ${m} ${m} ${m} ${o} ${o} ${o} ${path}\0`;
  if (kind === "1") return `${start} ${m} ${m} ${m} ${o} ${o} ${path}\0`;
  return `${start} ${m} ${m} ${m} ${o} ${o} ${x === "C" ? "C75" : "R100"} ${path}\0${"origin" in entry ? entry.origin : ""}\0`;
}

function lineOf(entry: Entry): string {
  if (!("x" in entry)) return `?? ${toText(entry.path)}`;
  const origin = "origin" in entry ? ` ← ${toText(entry.origin)}` : "";
  return `${`${entry.x}${entry.y}`.replaceAll(".", " ")} ${toText(entry.path)}${origin}`;
}

const heads = fc.record({
  head: fc.option(object, { nil: undefined }),
  branch: fc.option(fc.constantFrom("main", "agent/x-y", "größe", "(initial)"), { nil: undefined }),
  more: fc.constantFrom("", "# branch.upstream origin/main\0# branch.ab +1 -2\0", "# stash 3\0", "# branch.ab +0 -0\0"),
});

test("a status that is written as git documents it is read as it was", () => {
  const property = fc.property(fc.array(entries), heads, (list, { head, branch, more }) => {
    const header = `# branch.oid ${head ?? "(initial)"}\0# branch.head ${toName(branch ?? "(detached)")}\0${more}`;
    const status = parseStatus(toBytes(header + list.map(write).join("")), []);
    const shown = list.filter(({ kind }) => kind !== "!");
    const tracked = shown.flatMap((entry) => ("x" in entry && entry.kind !== "u" ? [entry] : []));
    expect(status).toEqual({
      head,
      branch,
      lines: shown.map(lineOf),
      changed: shown.flatMap((entry) => ("origin" in entry ? [entry.path, entry.origin] : [entry.path])),
      untracked: shown.filter(({ kind }) => kind === "?").map(({ path }) => path),
      unmerged: shown.filter(({ kind }) => kind === "u").map(({ path }) => path),
      intended: tracked.filter(({ y }) => "ARC".includes(y)).map(({ path }) => path),
      modified: tracked.filter(({ y }) => "MT".includes(y)).map(({ path }) => path),
      unreadable: [],
    });
  });
  fc.assert(property, runs());
});

function toName(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** Output of git, cut and changed at random places, and other bytes. */
const damaged = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.array(entries, { minLength: 1 }), fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 4 }))
    .map(([list, from, length, insert]) => {
      const bytes = [...toBytes(list.map(write).join(""))];
      bytes.splice(from % bytes.length, length % 20, ...insert);
      return Uint8Array.from(bytes);
    }),
);

test("bytes of any kind are read without an error, and give no more than they hold", () => {
  const property = fc.property(damaged, (bytes) => {
    const answer = Buffer.from(bytes);
    const fields = splitNul(answer);
    const status = parseStatus(answer, namesUnreadable(answer.toString()));
    const { lines, untracked, unmerged, intended, modified, unreadable } = status;
    expect(lines.length).toBeLessThanOrEqual(fields.length + unreadable.length);
    expect(untracked.length + unmerged.length + intended.length + modified.length).toBeLessThanOrEqual(fields.length);
    // A byte becomes four characters at most (`\xff`), an arrow or white space is added to each line.
    expect(lines.join("").length).toBeLessThanOrEqual(4 * answer.length * 2 + 6 * lines.length);
    expect(parseNumstat(fields).length).toBeLessThanOrEqual(fields.length);
  });
  fc.assert(property, runs(0.5));
});

test("names that git reports as unreadable are found among its other messages", () => {
  const name = byteNames
    .map(toText)
    .filter((text) => !/[\n]|Permission denied|^(?:error|warning|fatal): |', /.test(text));
  const messages: ((name: string) => string)[] = [
    (text) => `warning: could not open directory '${text}/': Permission denied`,
    (text) => `error: unable to index file '${text}/'`,
    (text) => `${text}/: Permission denied`,
  ];
  const noise = fc.constantFrom("", "warning: LF will be replaced by CRLF", "fatal: x: Permission denied", "hint: y");
  const property = fc.property(fc.array(fc.tuple(name, fc.nat(2), noise)), (list) => {
    const said = list.map(([text, kind, before]) => `${before}\n${messages[kind]?.(text) ?? ""}`);
    const names = new Set(list.map(([text]) => `${text}/`));
    expect(namesUnreadable(said.join("\n"))).toEqual([...names]);
    const { lines } = parseStatus(Buffer.alloc(0), [...names]);
    expect(lines).toEqual([...names].map((each) => `?? ${each}`));
  });
  fc.assert(property, runs());
});

const counts = fc.option(fc.tuple(fc.nat(), fc.nat()), { nil: undefined });
const changes = fc.record({ path: byteNames, from: fc.option(byteNames, { nil: undefined }), counts });

test("numbers of lines that are written as git documents them are read as they were", () => {
  const property = fc.property(fc.array(changes), (list) => {
    const output = list.map(({ path, from, counts: [added, deleted] = ["-", "-"] }) => {
      const names = from === undefined ? `${path}\0` : `\0${from}\0${path}\0`;
      return `${added}\t${deleted}\t${names}`;
    });
    expect(parseNumstat(splitNul(toBytes(output.join(""))))).toEqual(
      list.map(({ path, from, counts: pair }) => ({
        path,
        from,
        lines: pair === undefined ? {} : { added: pair[0], deleted: pair[1] },
      })),
    );
  });
  fc.assert(property, runs());
});

test("lines of a diff: bytes of any kind are read or refused, and no line is beyond what they hold", () => {
  const head = ":100644 100644 1111111 2222222 M\0a b\0\0";
  const patch = 'diff --git "a/a b" "b/a b"\n--- a/a b\n+++ b/a b\n@@ -1,2 +1,2 @@\n-x\n+y\n z\n'.replaceAll('"', "");
  const whole = Buffer.from(head + patch);
  expect(parseLineDiff(whole).files).toMatchObject([{ path: "a b", hunks: [[1, 2]] }]);
  const cut = fc
    .tuple(fc.nat(whole.length), fc.nat(20), fc.uint8Array({ maxLength: 5 }))
    .map(([at, length, insert]) =>
      Buffer.concat([whole.subarray(0, at), Buffer.from(insert), whole.subarray(at + length)]),
    );
  const property = fc.property(
    fc.oneof(
      cut,
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    ),
    (bytes) => {
      try {
        const { files, patch: rest } = parseLineDiff(bytes);
        expect(rest.length).toBeLessThanOrEqual(bytes.length);
        const hunks = files.flatMap((file) => file.hunks);
        expect(hunks.filter(([first, last]) => last < first)).toEqual([]);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    },
  );
  fc.assert(property, runs());
});

test("a quoted name is read as it was", () => {
  const property = fc.property(byteNames, (name) => expect(unquotePath(quotePath(name))).toBe(name));
  fc.assert(property, runs());
});

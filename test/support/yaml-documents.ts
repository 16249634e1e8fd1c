import * as fc from "fast-check";
import { parseDocument } from "yaml";

const comments = fc.array(fc.constantFrom("# note", "# 'codex': {", "", "  # indented"), { maxLength: 2 });
const scalars = fc.constantFrom(
  "text",
  "'single # quoted'",
  '"double \\" quoted" # note',
  "42",
  "~",
  "",
  "true",
  "[1, two, { three: 3 }]",
  "{ a: 1, 'b c': [x] }",
  "{}",
  "!!str 1",
  "&anchor value",
);
const names = fc.constantFrom("a", "'b b'", '"c"', "codex2", "d.e", "developer", "12", "x-y");
const blocks = fc.constantFrom<string[]>(
  ["|", "two", "lines"],
  [">-", "folded", "lines", "", "more"],
  ["|+", "kept", ""],
);
const keys = ["bundled", "cmd", "args", "type", "timeout"];

/** Value of an extension, as lines; the first stands behind its key. */
const values: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 2, arbitrary: scalars.map((scalar): string[] => [scalar]) },
  {
    weight: 4,
    arbitrary: fc
      .array(fc.oneof({ weight: 6, arbitrary: scalars }, fc.constant("\n  - one # note\n  - two")), {
        minLength: 1,
        maxLength: 4,
      })
      .map((list) => [""].concat(list.flatMap((value, index) => `${keys[index]}: ${value}`.trimEnd().split("\n")))),
  },
  blocks,
);

interface Part {
  comments: string[];
  name: string;
  value: string[];
}

const parts: fc.Arbitrary<Part> = fc.record({ comments, name: names, value: values });
const lists = (maxLength: number) =>
  fc.uniqueArray(parts, { selector: ({ name }) => name.replaceAll(/['"]/g, ""), maxLength });

function linesOf(
  { comments: before, name, value: [first = "", ...rest] }: Part,
  indent: number,
  margin: string,
): string[] {
  const inner = " ".repeat(indent);
  return [...before, `${name}: ${first}`.trimEnd(), ...rest.map((line) => (line === "" ? "" : inner + line))].map(
    (line) => (line === "" ? "" : margin + line),
  );
}

/** Documents as of Goose: comments, odd quoting and indentation, blocks of text, maps between brackets, and extensions where they have any. */
export const yamlDocuments: fc.Arbitrary<string> = fc
  .record({
    before: lists(2),
    extensions: fc.option(lists(3)),
    empty: fc.constantFrom(
      "extensions:",
      "extensions: {}",
      "extensions: ~ # none",
      "extensions: { a: { cmd: x }, b: 1 } # flow",
    ),
    after: lists(2),
    tail: comments,
    indent: fc.constantFrom(2, 4),
    start: fc.constantFrom("", "", "---\n", "# top\n---\n"),
    ending: fc.constantFrom("\n", "\n", "", "\n\n", "\n...\n"),
    isWindows: fc.boolean(),
    mark: fc.constantFrom("", "", "\uFEFF"),
  })
  .map(({ before, extensions, empty, after, tail, indent, start, ending, isWindows, mark }) => {
    const margin = " ".repeat(indent);
    const own =
      extensions === null
        ? []
        : extensions.length === 0
          ? [empty]
          : ["extensions:", ...extensions.flatMap((part) => linesOf(part, indent, margin))];
    const others = (list: Part[], prefix: string) =>
      list.flatMap((part) => linesOf({ ...part, name: prefix + part.name.replaceAll(/['" ]/g, "") }, indent, ""));
    const text = mark + start + [...others(before, "p-"), ...own, ...others(after, "q-"), ...tail].join("\n") + ending;
    return isWindows ? text.replaceAll("\n", "\r\n") : text;
  })
  .filter((text) => parseDocument(text.replace(/^\uFEFF/, "")).errors.length === 0);

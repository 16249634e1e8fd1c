import * as fc from "fast-check";

/** What a JSON document is written with: the text between its tokens, and how names and lists are written. */
interface Layout {
  gaps: string[];
  hasTrailingCommas: boolean;
  hasEscapedNames: boolean;
  hasByteOrderMark: boolean;
}

const spaces = fc.constantFrom("", " ", "\n", "\n  ", "\t", "\n\t");
const comments = fc.constantFrom(
  ' // note, with { and "\n',
  " /* note */ ",
  "/*,*/",
  "\n  // keep\n  ",
  " /* two\n lines */\n",
);
const layouts: fc.Arbitrary<Layout> = fc.record({
  gaps: fc
    .tuple(
      fc.array(fc.oneof({ weight: 5, arbitrary: spaces }, comments), { minLength: 1, maxLength: 12 }),
      fc.boolean(),
    )
    .map(([gaps, isWindows]) => (isWindows ? gaps.map((gap) => gap.replaceAll("\n", "\r\n")) : gaps)),
  hasTrailingCommas: fc.boolean(),
  hasEscapedNames: fc.boolean(),
  hasByteOrderMark: fc.boolean(),
});

const names = fc
  .oneof(
    fc.string({ unit: "grapheme", maxLength: 6 }),
    fc.constantFrom("codex", "other", "mcpServers", 'quo"ted', "a.b", ""),
  )
  .filter((name) => name !== "__proto__");
const values = fc.jsonValue({ maxDepth: 2 }).map(withoutPrototypes);
const servers = fc.dictionary(names, values, { maxKeys: 4 });

function withoutPrototypes(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('"__proto__"', '"proto"'));
}

/** Documents with comments, trailing commas, and odd spaces, and their servers where they have any. */
export const jsonDocuments: fc.Arbitrary<string> = fc
  .tuple(fc.array(fc.tuple(names, values), { maxLength: 4 }), fc.option(servers), fc.nat(4), layouts)
  .map(([others, list, at, layout]) => {
    const members = others.filter(([name]) => name !== "mcpServers");
    if (list !== null) members.splice(at, 0, ["mcpServers", list]);
    return new DocumentWriter(layout).write(Object.fromEntries(members));
  });

/** Writer of a value with a layout: each place between two tokens gets the next gap. */
class DocumentWriter {
  readonly #layout: Layout;
  #next = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  write(value: object): string {
    const mark = this.#layout.hasByteOrderMark ? "\uFEFF" : "";
    return `${mark}${this.#gap()}${this.#value(value)}${this.#gap()}`;
  }

  #gap(): string {
    const { gaps } = this.#layout;
    return gaps[this.#next++ % gaps.length] ?? "";
  }

  #value(value: unknown): string {
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
    const items = Array.isArray(value)
      ? value.map((item: unknown) => this.#value(item))
      : Object.entries(value).map(
          ([name, item]) => `${this.#name(name)}${this.#gap()}:${this.#gap()}${this.#value(item)}`,
        );
    const parts = items.map((item) => `${this.#gap()}${item}${this.#gap()}`);
    const comma = parts.length > 0 && this.#layout.hasTrailingCommas ? `,${this.#gap()}` : "";
    return `${open}${parts.join(",")}${comma}${parts.length === 0 ? this.#gap() : ""}${close}`;
  }

  #name(name: string): string {
    const text = JSON.stringify(name);
    return this.#layout.hasEscapedNames ? text.replace(/[a-z](?=[a-z])/, escapeUnit) : text;
  }
}

function escapeUnit(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

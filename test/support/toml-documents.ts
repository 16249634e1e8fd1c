import * as fc from "fast-check";

/** Part of a TOML document: comments, a header and its lines. */
interface Section {
  lines: string[];
  /** Whether it is the table of our server, or one below it. */
  isOurs: boolean;
}

/** TOML document, and the lines of it that are not ours; where it is not plain, those that have nothing to do with our server. */
export interface TomlDocument {
  text: string;
  others: string[];
  /** Whether our server, where there is one, is written as `[mcp_servers.codex]`, and nothing else looks like it. */
  isPlain: boolean;
}

const comments = fc.array(fc.constantFrom("# note", "  # [mcp_servers.codex]", "", "# \"'''"), { maxLength: 2 });
const values = fc.constantFrom(
  '"text"',
  "'raw # [x]'",
  "42",
  "1979-05-27T07:32:00Z",
  "[1, 2, 3]",
  '["a", # note\n  "b",\n]',
  "[\n[1, 2],\n[3]\n]",
  '{ command = "x", "odd key" = 1 }',
  "inf",
  'true # a note with "quotes"',
);
const bodies = fc.array(values, { maxLength: 4 }).map((list) => list.map((value, index) => `key-${index} = ${value}`));

const headers = fc.constantFrom(
  "[other]",
  "[mcp_servers.other]",
  "[mcp_servers.codex2]",
  "[mcp_servers.cod]",
  '[mcp_servers."codex.x"]',
  "[ mcp_servers . 'quoted name' ]",
  "[profiles.codex]",
  "[codex] # note",
  "[mcp_servers.other.env]",
  "[a.mcp_servers.codex]",
);
const arrays = fc.constantFrom("[[products]]", "[[ list . items ]] # note");
const sections: fc.Arbitrary<Section> = fc
  .tuple(comments, fc.oneof({ weight: 4, arbitrary: headers }, arrays), bodies)
  .map(([before, header, body]) => ({ lines: [...before, header, ...body], isOurs: false }));

const plainHeaders = fc.constantFrom("[mcp_servers.codex]", "  [ mcp_servers.codex ] # note");
const oddHeaders = fc.constantFrom(
  '[mcp_servers."codex"]',
  "[mcp_servers . codex]",
  "['mcp_servers'.codex]",
  "[[mcp_servers.codex]]",
);
const ourBodies = fc.constantFrom<string[]>(
  ['command = "/old"', 'args = ["a"]'],
  [],
  ['command = "/old"', "", "[mcp_servers.codex.env]", 'A = "1"'],
  ['command = "/old"', "[mcp_servers.codex.tools.x]", 'approval_mode = "x"', ""],
  ['command = "/old"', "# inner note", 'args = ["a"]'],
);
const toOurs = ([header, body]: [string, string[]]): Section => ({ lines: [header, ...body], isOurs: true });
const plainOurs = fc.tuple(plainHeaders, ourBodies).map(toOurs);

/** Forms of our server, or of what looks like it, that line by line cannot be told. */
const oddSections: fc.Arbitrary<Section> = fc.oneof(
  fc.tuple(oddHeaders, ourBodies).map(toOurs),
  fc.constantFrom<Section>(
    { lines: ["[mcp_servers]", 'codex = { command = "/old" }'], isOurs: true },
    { lines: ["[mcp_servers]", 'codex.command = "/old"', 'other.command = "x"'], isOurs: true },
    { lines: ["[odd]", 'text = """', "[mcp_servers.codex]", 'command = "/not"', '"""', "after = 1"], isOurs: false },
    { lines: ["[odd]", "text = '''", "[mcp_servers.codex]", "'''"], isOurs: false },
    { lines: ["[mcp_servers.codex]", "args = [", '  ["a"],', '["b"]', "]", 'command = "/old"'], isOurs: true },
    { lines: ["[mcp_servers.codex]", 'command = """', "[x]", '"""'], isOurs: true },
  ),
);
const oddTops = fc.constantFrom<string[]>(
  ['mcp_servers = { codex = { command = "/old" } }'],
  ["mcp_servers = {}"],
  ['mcp_servers.codex.command = "/old"'],
  ['mcp_servers.other.command = "x"'],
);

/** Documents with comments, odd names, arrays of tables and inline tables, some of them not to be edited line by line. */
export const tomlDocuments: fc.Arbitrary<TomlDocument> = fc
  .record({
    top: fc.tuple(comments, bodies).map((parts) => parts.flat()),
    list: fc.uniqueArray(sections, { selector: headerOf, maxLength: 5 }),
    ours: fc.option(plainOurs, { nil: undefined }),
    odd: fc.option(fc.oneof(oddSections, oddTops), { nil: undefined, freq: 3 }),
    at: fc.nat(5),
    ending: fc.constantFrom("\n", "\n", "", "\n\n"),
    isWindows: fc.boolean(),
    mark: fc.constantFrom("", "", "\uFEFF"),
  })
  .map(({ top, list, ours, odd, at, ending, isWindows, mark }) => {
    const isTop = Array.isArray(odd);
    const own = odd === undefined ? ours : isTop ? undefined : odd;
    const all = [...list];
    if (own !== undefined) all.splice(at, 0, own);
    const first = isTop ? [...top, ...odd] : top;
    const lines = [...first, ...all.flatMap((section) => section.lines)].flatMap((line) => line.split("\n"));
    const others = [...top, ...all.filter(({ isOurs }) => !isOurs).flatMap((section) => section.lines)];
    const text = mark + lines.join("\n") + ending;
    return {
      text: isWindows ? text.replaceAll("\n", "\r\n") : text,
      others: others.flatMap((line) => line.split("\n")),
      isPlain: odd === undefined,
    };
  })
  .filter(({ text }) => isValid(text));

function headerOf({ lines }: Section): string {
  return lines.find((line) => line.startsWith("[")) ?? "";
}

function isValid(text: string): boolean {
  try {
    Bun.TOML.parse(text);
    return true;
  } catch {
    return false;
  }
}

import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  visit,
  type YAMLMap,
} from "yaml";
import {
  appendLines,
  applyTextEdits,
  EditProblem,
  insertItem,
  isFirstOnLine,
  type Item,
  lineEnd,
  lineEndOf,
  lineStart,
  removeItem,
  removeLines,
  type TextEdit,
} from "./text-edit.ts";

// The Document API of `yaml` prints a changed document with its own spacing and indentation. It is used to find positions only.

/**
 * Returns the content of a YAML text.
 * @throws EditProblem if it is none
 */
export function parseYaml(text: string): unknown {
  return parse(text).toJS();
}

/**
 * Returns a YAML text with the value at a path set or removed (`undefined`). No other line changes.
 * @throws EditProblem if the value is written in a form that this function does not know
 */
export function withYamlValue(text: string, path: readonly string[], value: unknown): string {
  const root = parse(text).contents;
  const [first = "", ...rest] = path;
  if (root === null || (isScalar(root) && root.value === null)) {
    return value === undefined ? text : appendLines(text, formatBlock(first, wrap(rest, value), 0));
  }
  let [map, holder] = [asMap(root), undefined as Pair | undefined];
  for (const [depth, name] of path.entries()) {
    const pair = findPair(map, name);
    const below = path.slice(depth + 1);
    if (pair === undefined) return value === undefined ? text : insertPair(text, map, name, wrap(below, value));
    if (below.length === 0) {
      return value === undefined ? removePair(text, map, pair, holder) : replaceValue(text, pair, value);
    }
    if (isEmpty(pair.value) && !map.flow) {
      return value === undefined ? text : fillEmpty(text, pair, below, value);
    }
    [map, holder] = [asMap(pair.value), pair];
  }
  return text;
}

function parse(text: string) {
  // The parser's own check of keys takes quadratic time, and its warnings go to stderr.
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: false, logLevel: "error" });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new EditProblem(`is not valid YAML: ${error.message.split("\n")[0]?.replace(/:$/, "")}`);
  }
  visit(document, { Map: (_, map) => checkKeys(map) });
  return document;
}

/** Checks that no key of a map occurs twice. */
function checkKeys({ items }: YAMLMap): void {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) throw new EditProblem(`is not valid YAML: it has the key ${String(key.value)} twice`);
    seen.add(key.value);
  }
}

function asMap(node: unknown): YAMLMap {
  if (isMap(node)) return node;
  throw new EditProblem(isAlias(node) ? "has an alias where a map is edited" : "has a value where a map is edited");
}

function findPair(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

function isEmpty(value: unknown): boolean {
  return value === null || (isScalar(value) && value.value === null) || (isMap(value) && value.items.length === 0);
}

function wrap(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
}

/** Formats an entry of a map as lines. All texts are in double quotes, so that none is taken for another type. */
function formatBlock(name: string, value: unknown, indent: number): string[] {
  const block = stringify(
    { [name]: value },
    { lineWidth: 0, defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" },
  );
  return block
    .trimEnd()
    .split("\n")
    .map((line) => " ".repeat(indent) + line);
}

function insertPair(text: string, map: YAMLMap, name: string, value: unknown): string {
  const first = map.items[0];
  if (map.flow === true || first === undefined) {
    const items = map.items.map(itemRange);
    const content = `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
    return applyTextEdits(text, [insertItem(text, rangeOf(map), items, content)]);
  }
  const start = startOf(first);
  const lines = formatBlock(name, value, start - lineStart(text, start));
  return applyTextEdits(text, [insertAfterLine(text, lastPosition(text, map), lines)]);
}

function insertAfterLine(text: string, position: number, lines: readonly string[]): TextEdit {
  const eol = lineEndOf(text);
  const at = lineEnd(text, position);
  return { start: at, end: at, content: lines.map((line) => eol + line).join("") };
}

/** Returns a text in which a key without a value, or with an empty one, gets a map. */
function fillEmpty(text: string, pair: Pair, path: readonly string[], value: unknown): string {
  const [name = "", ...rest] = path;
  const start = startOf(pair);
  const lines = formatBlock(name, wrap(rest, value), start - lineStart(text, start) + 2);
  const [from, to] = isNode(pair.value) ? contentRange(pair.value) : [0, 0];
  const space = text[from - 1] === " " ? 1 : 0;
  const end = Math.max(to, colonAfter(text, pair));
  return applyTextEdits(text, [
    ...(to > from ? [{ start: from - space, end: to, content: "" }] : []),
    insertAfterLine(text, end, lines),
  ]);
}

function replaceValue(text: string, pair: Pair, value: unknown): string {
  const content = JSON.stringify(value);
  const old = pair.value;
  const isPlain = isScalar(old)
    ? old.type?.startsWith("BLOCK") !== true && old.value !== null
    : isCollection(old) && old.flow;
  if (isPlain && isNode(old)) {
    const [start, end] = contentRange(old);
    return applyTextEdits(text, [{ start, end, content }]);
  }
  const colon = colonAfter(text, pair);
  return applyTextEdits(text, [{ start: colon, end: lastPosition(text, pair), content: ` ${content}` }]);
}

function removePair(text: string, map: YAMLMap, pair: Pair, holder: Pair | undefined): string {
  if (map.flow === true) {
    const items = map.items.map(itemRange);
    return applyTextEdits(text, [removeItem(text, items, items[map.items.indexOf(pair)] ?? [0, 0])]);
  }
  const start = startOf(pair);
  if (!isFirstOnLine(text, start)) throw new EditProblem("has the entry on the line of another value");
  const rest = removeLines(text, [[start, lastPosition(text, pair)]]);
  if (map.items.length > 1 || holder === undefined) return rest;
  const colon = colonAfter(text, holder);
  return `${rest.slice(0, colon)} {}${rest.slice(colon)}`;
}

/** Returns the position after the last character of a node that is neither a comment nor white space. */
function lastPosition(text: string, node: unknown): number {
  if (isCollection(node) && node.flow !== true && node.items.length > 0) return lastPosition(text, node.items.at(-1));
  if (isPair(node)) {
    const hasValue = isNode(node.value) && node.value.range?.[1] !== node.value.range?.[0];
    return hasValue ? lastPosition(text, node.value) : colonAfter(text, node);
  }
  if (!isNode(node)) throw new EditProblem("has an entry without a position");
  return contentRange(node, text)[1];
}

/** Returns the range of a node; that of a block of text ends before its last line end. */
function contentRange(node: Node, text?: string): Item {
  const [start, end] = rangeOf(node);
  const isBlock = isScalar(node) && node.type?.startsWith("BLOCK") === true;
  if (!isBlock || text === undefined) return [start, end];
  return [start, text[end - 1] === "\n" ? end - (text[end - 2] === "\r" ? 2 : 1) : end];
}

function itemRange(pair: Pair): Item {
  const end = isNode(pair.value) ? rangeOf(pair.value)[1] : 0;
  return [startOf(pair), Math.max(end, isNode(pair.key) ? rangeOf(pair.key)[1] : 0)];
}

function startOf({ key }: Pair): number {
  if (!isNode(key)) throw new EditProblem("has a key without a position");
  return rangeOf(key)[0];
}

/** Returns the position after the colon of a pair; that after its key if it has none. */
function colonAfter(text: string, { key }: Pair): number {
  const end = isNode(key) ? rangeOf(key)[1] : 0;
  const [colon = ""] = /^\s*:/.exec(text.slice(end)) ?? [];
  return end + colon.length;
}

function rangeOf({ range }: Node): Item {
  if (range === null || range === undefined) throw new EditProblem("has a value without a position");
  return [range[0], range[1]];
}

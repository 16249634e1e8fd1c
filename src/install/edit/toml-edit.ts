import { type AST, getStaticTOMLValue, ParseError, parseTOML, traverseNodes } from "toml-eslint-parser";
import {
  appendLines,
  applyTextEdits,
  EditProblem,
  insertItem,
  type Item,
  lineEnd,
  lineEndOf,
  lineStart,
  removeItem,
  removeLines,
} from "./text-edit.ts";

/**
 * Returns the content of a TOML text.
 * @throws EditProblem if it is none
 */
export function parseToml(text: string): unknown {
  return getStaticTOMLValue(parse(text));
}

/**
 * Returns a TOML text with the value at a path set or removed (`undefined`). No other line changes.
 * @throws EditProblem if the value is written in a form that this function does not know
 */
export function withTomlValue(text: string, path: readonly string[], value: unknown): string {
  const top = parse(text).body[0];
  const tables: Table[] = [{ path: [], node: top }];
  for (const node of top.body) if (node.type === "TOMLTable") tables.push({ path: node.resolvedKey, node });
  const lines = tables.flatMap(linesOf);
  const holder = lines.find((line) => startsWith(path, line.path) && path.length > line.path.length);
  if (holder !== undefined) return withInlineValue(text, holder.node.value, path.slice(holder.path.length), value);
  return value === undefined ? withoutValue(text, tables, lines, path) : withValue(text, tables, lines, path, value);
}

type Path = readonly (string | number)[];

/** Table of a document, or its top level. */
interface Table {
  path: Path;
  node: AST.TOMLTable | AST.TOMLTopLevelTable;
}

/** Line `key = value`. */
interface Line {
  path: Path;
  table: Table;
  node: AST.TOMLKeyValue;
}

function parse(text: string): AST.TOMLProgram {
  // The parser takes it within comments; Codex does not.
  if (/\r(?!\n)/.test(text)) throw new EditProblem("is not valid TOML: it has a carriage return without a line feed");
  try {
    const program = parseTOML(text);
    traverseNodes(program, { enterNode: checkKey, leaveNode: () => {} });
    return program;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new EditProblem(`is not valid TOML: line ${error.lineNumber}: ${error.message}`);
  }
}

/** Checks that a key is not one by which the parser would change the prototype of all objects. */
function checkKey(node: AST.TOMLNode): void {
  if (node.type !== "TOMLKey" || !namesOf(node).includes("__proto__")) return;
  throw new EditProblem(`has the key __proto__ in line ${node.loc.start.line}, which is not supported`);
}

function linesOf(table: Table): Line[] {
  return table.node.body.flatMap((node) =>
    node.type === "TOMLKeyValue" ? [{ path: [...table.path, ...namesOf(node.key)], table, node }] : [],
  );
}

function namesOf(key: AST.TOMLKey): string[] {
  return key.keys.map((part) => (part.type === "TOMLBare" ? part.name : part.value));
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((name, index) => path[index] === name);
}

function isSamePath(a: Path, b: Path): boolean {
  return a.length === b.length && startsWith(a, b);
}

function withValue(text: string, tables: Table[], lines: Line[], path: readonly string[], value: unknown): string {
  const own = lines.find((line) => isSamePath(line.path, path));
  if (own !== undefined) {
    const [start, end] = own.node.value.range;
    return applyTextEdits(text, [{ start, end, content: formatInline(value) }]);
  }
  const isOld = [...tables, ...lines].some((part) => startsWith(part.path, path));
  if (isOld) {
    const rest = withoutValue(text, tables, lines, path);
    const edited = withTomlValue(rest, path, value);
    return rest.includes("\n") ? edited : edited.replaceAll("\n", lineEndOf(text));
  }
  const parent = path.slice(0, -1);
  const field = `${formatKey(path.at(-1) ?? "")} = ${formatInline(value)}`;
  // A server gets a table of its own.
  if (path.length === 2 && isTable(value)) return appendTable(text, path, value);
  const table = tables.find((candidate) => candidate.path.length > 0 && isSamePath(candidate.path, parent));
  if (table !== undefined) {
    const last = table.node.body.at(-1) ?? (table.node.type === "TOMLTable" ? table.node.key : table.node);
    return insertLine(text, last.range, field);
  }
  const dotted = lines.findLast((line) => startsWith(line.path, parent) && line.table.path.length < parent.length);
  if (dotted === undefined) return appendTable(text, parent, { [path.at(-1) ?? ""]: value });
  const { keys } = dotted.node.key;
  const lastKey = keys[parent.length - dotted.table.path.length - 1];
  const prefix = text.slice(dotted.node.key.range[0], lastKey?.range[1]);
  return insertLine(text, dotted.node.range, `${prefix}.${field}`);
}

/** Returns a text with a line inserted after the line of another node, with the same indentation. */
function insertLine(text: string, [start, end]: Item, line: string): string {
  const [indent = ""] = /^[ \t]*/.exec(text.slice(lineStart(text, start))) ?? [];
  const at = lineEnd(text, end);
  return applyTextEdits(text, [{ start: at, end: at, content: lineEndOf(text) + indent + line }]);
}

function appendTable(text: string, path: readonly string[], fields: Record<string, unknown>): string {
  const block = formatTomlTable(path, fields);
  return appendLines(text, text === "" ? block : ["", ...block]);
}

function withoutValue(text: string, tables: Table[], lines: Line[], path: readonly string[]): string {
  const own = tables.filter((table) => startsWith(table.path, path));
  const blocks = own.map(({ node }): Item => withBlankLineBefore(text, node.range));
  const dotted = lines.filter((line) => startsWith(line.path, path) && !own.includes(line.table));
  return removeLines(text, [...blocks, ...dotted.map(({ node }): Item => node.range)]);
}

/** Extends a table's range to the empty line before it; the first table's range to the one after it. */
function withBlankLineBefore(text: string, [start, end]: Item): Item {
  const before = lineStart(text, start) - 1;
  const isBlankBefore = before >= 0 && text.slice(lineStart(text, before), before).trim() === "";
  if (isBlankBefore) return [lineStart(text, before), end];
  const [blank = ""] = before < 0 ? (/^[^\n]*\n(?=[ \t]*\r?\n)/.exec(text.slice(end)) ?? []) : [];
  return [start, end + blank.length];
}

function withInlineValue(text: string, table: AST.TOMLContentNode, path: readonly string[], value: unknown): string {
  if (table.type !== "TOMLInlineTable") throw new EditProblem("has a value where a table of servers belongs");
  const items = table.body.map(({ range }): Item => range);
  const matches = table.body.flatMap((node, index) => {
    const names = namesOf(node.key);
    const isNear = startsWith(names, path) || startsWith(path, names);
    return isNear ? [{ node, names, item: items[index] }] : [];
  });
  const [first] = matches;
  if (first === undefined) {
    if (value === undefined) return text;
    const content = `${path.map(formatKey).join(".")} = ${formatInline(value)}`;
    return applyTextEdits(text, [insertItem(text, table.range, items, content)]);
  }
  if (matches.length > 1) throw new EditProblem("writes the entry as dotted keys within an inline table");
  if (path.length > first.names.length) {
    return withInlineValue(text, first.node.value, path.slice(first.names.length), value);
  }
  if (value === undefined) return applyTextEdits(text, [removeItem(text, items, first.item ?? [0, 0])]);
  const [start, end] = first.node.value.range;
  return applyTextEdits(text, [{ start, end, content: formatInline(value) }]);
}

/** Formats a table and its subtables as lines. */
function formatTomlTable(path: readonly string[], fields: Record<string, unknown>): string[] {
  const entries = Object.entries(fields);
  const plain = entries
    .filter(([, value]) => !isTable(value))
    .map(([key, value]) => `${formatKey(key)} = ${formatInline(value)}`);
  const below = entries.flatMap(([key, value]) =>
    isTable(value) ? ["", formatTomlTable(path.concat(key), value)] : [],
  );
  return [`[${path.map(formatKey).join(".")}]`, ...plain, ...below.flat()];
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function formatKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : formatInline(key);
}

/** Formats a value on one line; TOML has JSON's syntax for strings and lists, but allows no DEL. */
function formatInline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatInline).join(", ")}]`;
  if (!isTable(value)) return JSON.stringify(value).replaceAll("\u007F", String.raw`\u007f`);
  const fields = Object.entries(value).map(([key, field]) => `${formatKey(key)} = ${formatInline(field)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

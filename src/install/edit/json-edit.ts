import {
  applyEdits,
  type Edit,
  type Node,
  parse,
  type ParseError,
  parseTree,
  printParseErrorCode,
  stripComments,
} from "jsonc-parser";
import { EditProblem, isFirstOnLine, lineEndOf, lineStart, spaceStart } from "./text-edit.ts";

// jsonc-parser's own `modify` reformats the neighbours of the changed part and moves their comments.

/**
 * Returns the content of a JSON text, possibly with comments and trailing commas; an empty object if it has none.
 * @throws EditProblem if it is not valid
 */
export function parseJsonc(text: string): unknown {
  if (isBlank(text)) return {};
  const errors: ParseError[] = [];
  const content: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return content;
  const line = text.slice(0, first.offset).split("\n").length;
  throw new EditProblem(`is not valid JSON: ${printParseErrorCode(first.error)} in line ${line}`);
}

/**
 * Returns a JSON text, possibly with comments and trailing commas, with the value at a path of property names set or removed
 * (`undefined`). No other character changes; missing objects are created.
 * @throws EditProblem if a property on the path occurs twice or is not an object
 */
export function withJsonValue(text: string, path: readonly string[], value: unknown): string {
  const source = isBlank(text) ? withEmptyObject(text) : text;
  const holders = parseTree(source, [], { allowTrailingComma: true });
  const edits = holders === undefined ? undefined : editsFor(source, holders, path, value);
  return edits === undefined ? text : applyEdits(source, edits);
}

/** Returns the edits that set or remove the value at a path below an object; undefined if there is nothing to remove. */
function editsFor(
  text: string,
  object: Node,
  [name = "", ...below]: readonly string[],
  value: unknown,
): Edit[] | undefined {
  const layout = layoutOf(text);
  const property = findProperty(object, name);
  const old = property?.children?.[1];
  if (below.length > 0 && old !== undefined && old.type !== "null") {
    if (old.type !== "object") throw new EditProblem(`has a ${name} that is not an object`);
    return editsFor(text, old, below, value);
  }
  if (value === undefined) {
    return property === undefined || below.length > 0 ? undefined : removal(text, object, property);
  }
  const wrapped = below.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  return property === undefined
    ? insertion(text, object, name, wrapped, layout)
    : replacement(text, property, wrapped, layout);
}

/** Returns a text that has nothing but white space and comments, with an empty object after the comments. */
function withEmptyObject(text: string): string {
  const eol = lineEndOf(text);
  if (text.trim() === "") return `{}${eol}`;
  return `${text}${text.endsWith("\n") ? "" : eol}{}${eol}`;
}

/** Returns whether a text has nothing but white space and comments. */
function isBlank(text: string): boolean {
  return stripComments(text).trim() === "";
}

function findProperty(object: Node, name: string): Node | undefined {
  const [found, second] = (object.children ?? []).filter((property) => property.children?.[0]?.value === name);
  if (second !== undefined) throw new EditProblem(`has the property ${JSON.stringify(name)} twice`);
  return found;
}

/** Layout of a text. */
interface Layout {
  indent: string;
  eol: string;
}

function layoutOf(text: string): Layout {
  const [, indent = "  "] = /^([ \t]+)\S/m.exec(text) ?? [];
  return { indent, eol: lineEndOf(text) };
}

function replacement(text: string, property: Node, value: unknown, layout: Layout): Edit[] {
  const old = property.children?.[1];
  if (old === undefined) return [];
  return [{ offset: old.offset, length: old.length, content: format(value, marginAt(text, property.offset), layout) }];
}

/** Returns the edits that insert a property after the last one and the comment that follows it. */
function insertion(text: string, object: Node, name: string, value: unknown, layout: Layout): Edit[] {
  const outer = marginAt(text, object.offset);
  const last = object.children?.at(-1);
  const margin =
    last === undefined || !isFirstOnLine(text, last.offset) ? outer + layout.indent : marginAt(text, last.offset);
  const entry = `${JSON.stringify(name)}: ${format(value, margin, layout)}`;
  if (last === undefined) {
    const after = /^[ \t]*\r?\n/.test(text.slice(object.offset + 1)) ? "" : layout.eol + outer;
    return [{ offset: object.offset + 1, length: 0, content: layout.eol + margin + entry + after }];
  }
  const comma = commaAfter(text, last);
  const end = comma ?? endOf(last);
  const [comment = ""] = COMMENT_TO_LINE_END.exec(text.slice(end)) ?? [];
  const place = { offset: end + comment.length, length: 0 };
  if (comma !== undefined) return [{ ...place, content: `${layout.eol}${margin}${entry},` }];
  return [
    { offset: end, length: 0, content: "," },
    { ...place, content: layout.eol + margin + entry },
  ];
}

const COMMENT_TO_LINE_END = /^[ \t]*(?:(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/)[ \t]*)?(?=\r?\n)/;

/** Returns the position after the comma that follows a property; undefined if there is none. */
function commaAfter(text: string, property: Node): number | undefined {
  const [found] = /^(?:\s|\/\/[^\r\n]*(?=[\r\n])|\/\*(?:[^*]|\*(?!\/))*\*\/)*,/.exec(text.slice(endOf(property))) ?? [];
  return found === undefined ? undefined : endOf(property) + found.length;
}

/** Returns the edits that remove a property with its line and the comma that becomes superfluous; comments stay. */
function removal(text: string, object: Node, property: Node): Edit[] {
  const siblings = object.children ?? [];
  const comma = commaAfter(text, property);
  const isCommaNear = comma !== undefined && text.slice(endOf(property), comma - 1).trim() === "";
  const own = wholeLine(text, property.offset, isCommaNear ? comma : endOf(property));
  if (comma !== undefined && !isCommaNear) return [own, { offset: comma - 1, length: 1, content: "" }];
  const left = text.slice(object.offset + 1, own.offset) + text.slice(own.offset + own.length, endOf(object) - 1);
  const isEmpty = siblings.length === 1 && left.trim() === "";
  if (isEmpty) return [{ offset: object.offset, length: object.length, content: "{}" }];
  const before = siblings[siblings.indexOf(property) - 1];
  const commaBefore = before === undefined || comma !== undefined ? undefined : commaAfter(text, before);
  return commaBefore === undefined ? [own] : [{ offset: commaBefore - 1, length: 1, content: "" }, own];
}

/** Returns an edit that deletes a part of a text, with the preceding white space, and its line if nothing else is on it. */
function wholeLine(text: string, start: number, end: number): Edit {
  const isLast = /^[ \t]*(?:\r?\n|$)/.test(text.slice(end));
  let from = spaceStart(text, start);
  if (isLast && text[from - 1] === "\n") from -= text[from - 2] === "\r" ? 2 : 1;
  const [after = ""] = /^[ \t]*/.exec(text.slice(end)) ?? [];
  return { offset: from, length: end + after.length - from, content: "" };
}

function format(value: unknown, margin: string, { indent, eol }: Layout): string {
  return JSON.stringify(value, null, indent)
    .split("\n")
    .join(eol + margin);
}

/** Returns the white space at the beginning of a position's line. */
function marginAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset)))?.[0] ?? "";
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}

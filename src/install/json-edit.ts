import { applyEdits, type Edit, findNodeAtLocation, type Node, parseTree } from "jsonc-parser";

// jsonc-parser's own `modify` reformats the neighbours of the changed part and moves their comments.

/**
 * Returns a JSON text, possibly with comments and trailing commas, with a property of an object set or removed (`undefined`). No other
 * character changes; a missing object is created.
 */
export function withProperty(text: string, object: string, name: string, value: unknown): string {
  if (text.startsWith("\uFEFF")) return `\uFEFF${withProperty(text.slice(1), object, name, value)}`;
  const source = text.trim() === "" ? "{}\n" : text;
  const root = parseTree(source, [], { allowTrailingComma: true });
  if (root === undefined) return source;
  const layout = layoutOf(source);
  const holder = findNodeAtLocation(root, [object]);
  if (holder === undefined) {
    return value === undefined
      ? source
      : applyEdits(source, insertion(source, root, object, { [name]: value }, layout));
  }
  const property = findNodeAtLocation(holder, [name])?.parent;
  if (value === undefined) {
    return property === undefined ? source : applyEdits(source, removal(source, holder, property));
  }
  const edits =
    property === undefined
      ? insertion(source, holder, name, value, layout)
      : replacement(source, property, value, layout);
  return applyEdits(source, edits);
}

/** Layout of a text. */
interface Layout {
  indent: string;
  eol: string;
}

function layoutOf(text: string): Layout {
  const [, indent = "  "] = /^([ \t]+)\S/m.exec(text) ?? [];
  return { indent, eol: text.includes("\r\n") ? "\r\n" : "\n" };
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
    last === undefined || isBehindText(text, last.offset) ? outer + layout.indent : marginAt(text, last.offset);
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

const COMMENT_TO_LINE_END = /^[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/)?[ \t]*(?=\r?\n)/;

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
  const [before = ""] = (isLast ? /(?:\r?\n)?[ \t]*$/ : /[ \t]*$/).exec(text.slice(0, start)) ?? [];
  const [after = ""] = /^[ \t]*/.exec(text.slice(end)) ?? [];
  return { offset: start - before.length, length: end - start + before.length + after.length, content: "" };
}

function format(value: unknown, margin: string, { indent, eol }: Layout): string {
  return JSON.stringify(value, null, indent)
    .split("\n")
    .join(eol + margin);
}

/** Returns the white space at the beginning of a position's line. */
function marginAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1);
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

/** Returns whether a position is preceded by other text on its line. */
function isBehindText(text: string, offset: number): boolean {
  return text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset).trim() !== "";
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}

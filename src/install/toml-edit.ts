/**
 * Returns a TOML text with a table and its subtables replaced by a new one at the end, or removed (`undefined`). No other line changes.
 * @param table a dotted name of bare keys
 */
export function withTable(text: string, table: string, fields: Record<string, unknown> | undefined): string {
  const rest = withoutTable(text, table);
  if (fields === undefined) return rest;
  const eol = lineEndOf(text);
  const gap = rest === "" || /\n\r?\n$/.test(rest) ? "" : eol.repeat(rest.endsWith("\n") ? 1 : 2);
  return `${rest}${gap}${formatTomlTable(table, fields).join(eol)}${eol}`;
}

function lineEndOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** Formats a table and its subtables as lines. */
export function formatTomlTable(table: string, fields: Record<string, unknown>): string[] {
  const isTable = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = Object.entries(fields);
  const plain = entries
    .filter(([, value]) => !isTable(value))
    .map(([key, value]) => `${formatKey(key)} = ${formatValue(value)}`);
  const below = entries.flatMap(([key, value]) =>
    isTable(value) ? ["", formatTomlTable(`${table}.${formatKey(key)}`, value)].flat() : [],
  );
  return [`[${table}]`, ...plain, ...below];
}

function formatKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : formatValue(key);
}

/** Formats a string or an array; TOML has JSON's syntax for them, but allows no DEL. */
function formatValue(value: unknown): string {
  return JSON.stringify(value).replaceAll("\u007F", String.raw`\u007f`);
}

/** Returns the lines of `before`, except the table's own, that are missing in `after`. */
export function lostLines(before: string, after: string, table: string): string[] {
  const kept = new Set(after.split("\n").map((line) => line.trim()));
  return withoutTable(before, table)
    .split("\n")
    .filter((line) => line.trim() !== "" && !kept.has(line.trim()));
}

function withoutTable(text: string, table: string): string {
  const lines = text.split("\n");
  const kept: string[] = [];
  for (let index = 0; index < lines.length;) {
    const end = isHeaderOf(lines[index] ?? "", table) ? endOfTable(lines, index) : index;
    if (end > index) index = end;
    else kept.push(lines[index++] ?? "");
    // The last line has no line end; the one before it does.
    if (end === lines.length) kept.push("");
  }
  const isShorter = kept.length < lines.length || kept.at(-1) !== lines.at(-1);
  return isShorter ? kept.join("\n").replace(/(?:\r?\n)+$/, lineEndOf(text)) : text;
}

/** Returns the line after a table's end: empty lines after it belong to it; comments before the next header belong to that header. */
function endOfTable(lines: readonly string[], start: number): number {
  const next = lines.findIndex((line, index) => index > start && line.trimStart().startsWith("["));
  // The text after the last line end is a line only if there is any.
  const last = lines.at(-1)?.trim() === "" ? lines.length - 1 : lines.length;
  const limit = next < 0 ? last : next;
  const own = lines.slice(start, limit).findLastIndex((line) => !/^(?:#.*)?$/.test(line.trim()));
  let end = next < 0 ? limit : start + own + 1;
  while (end < lines.length - 1 && lines[end]?.trim() === "") end++;
  return end;
}

function isHeaderOf(line: string, table: string): boolean {
  const [, name] = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line) ?? [];
  return name === table || name?.startsWith(`${table}.`) === true;
}

/** Returns text as a code span. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** Returns a table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [formatRow(head), formatRow(head.map(() => "---")), ...rows.map(formatRow)].join("\n");
}

/** Returns a table's row. */
export function formatRow(cells: readonly string[]): string {
  return `| ${cells.map(escapeCell).join(" | ")} |`;
}

/** Returns the cells of a table's row, unescaped. */
export function splitRow(row: string): string[] {
  const cells = row.replace(/^\s*\|/, "").replace(/\|\s*$/, "");
  return cells.split(/(?<!\\)\|/).map((cell) => unescapeCell(cell.trim()));
}

/** Escapes what Markdown would take for a cell's end or for HTML; within code, entities would be shown as they are written. */
function escapeCell(cell: string): string {
  return outsideCode(cell.replaceAll("|", "\\|"), (part) => part.replaceAll(/<(?!br>)/g, "&lt;"));
}

function unescapeCell(cell: string): string {
  return outsideCode(cell, (part) => part.replaceAll("&lt;", "<")).replaceAll("\\|", "|");
}

function outsideCode(text: string, change: (part: string) => string): string {
  const parts = text.split(/(`[^`]*`)/);
  return parts.map((part) => (part.startsWith("`") ? part : change(part))).join("");
}

/** Cell of a table: a number stays one in spreadsheets. */
export type Cell = string | number;

/** Beginnings of texts that spreadsheets take for formulas. */
const FORMULA = /^[=+\-@\t\r]/;

/** Returns a table as CSV (RFC 4180), whose texts spreadsheets do not take for formulas. */
export function toCsv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((cells) => `${cells.map((cell) => toField(cell)).join(",")}\r\n`).join("");
}

function toField(cell: Cell): string {
  if (typeof cell === "number") return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

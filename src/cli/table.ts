/** A column of a table. */
export interface Column {
  title: string;
  align?: "right";
  /** It gives way where the terminal is too narrow; of several, the later ones first. */
  isFlexible?: boolean;
}

const GAP = "  ";
/** A flexible column is never made narrower. */
const NARROWEST = 12;

/** The lines of a table, its titles first, none wider than `width` if the flexible columns can give that much. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string[] {
  const all = [columns.map(({ title }) => title), ...rows];
  const natural = columns.map((_, index) => Math.max(...all.map((row) => Bun.stringWidth(row[index] ?? ""))));
  const widths = fit(columns, natural, width);
  return all.map((row) => {
    const cells = columns.map((column, index) => padCell(row[index] ?? "", widths[index] ?? 0, column.align));
    return sliceToWidth(cells.join(GAP).trimEnd(), width);
  });
}

/** A text cut to a width of terminal columns, with an ellipsis where something is missing. */
export function sliceToWidth(text: string, width: number): string {
  if (!Number.isFinite(width) || Bun.stringWidth(text) <= width) return text;
  // sliceAnsi takes a wide letter whole of which only the first half fits (Bun 1.4.5).
  for (let end = width - 1; end > 0; end--) {
    const cut = Bun.sliceAnsi(text, 0, end);
    if (Bun.stringWidth(cut) < width) return `${cut}…`;
  }
  return "…".slice(0, width);
}

function fit(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const gaps = GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, each) => sum + each, gaps) - width;
  for (let index = columns.length - 1; index >= 0 && excess > 0; index--) {
    const own = widths[index] ?? 0;
    if (columns[index]?.isFlexible !== true || own <= NARROWEST) continue;
    const given = Math.min(excess, own - NARROWEST);
    widths[index] = own - given;
    excess -= given;
  }
  return widths;
}

function padCell(text: string, width: number, align: "right" | undefined): string {
  const cut = sliceToWidth(text, width);
  const space = " ".repeat(Math.max(0, width - Bun.stringWidth(cut)));
  return align === "right" ? space + cut : cut + space;
}

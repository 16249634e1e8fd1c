import { formatNumber } from "#base/text.ts";
import { useState } from "preact/hooks";
import { notify, notifyFailure } from "#board/page/parts/notices.tsx";
import { saveFile } from "#board/page/parts/save-file.ts";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { type Cell, toCsv } from "./to-csv.ts";

/** Column of a table. */
export interface DataColumn {
  name: string;
  /** Formats the numbers of the column. */
  format?: (value: number) => string;
}

/** Table with the values behind a plot. */
export interface DataTableProps {
  caption: string;
  /** Name of the file that is downloaded, without its ending. */
  file: string;
  columns: readonly DataColumn[];
  rows: readonly (readonly Cell[])[];
}

/** Order of a table's rows. */
interface TableOrder {
  column: number;
  isDown: boolean;
}

/** Number of rows that are shown at first. */
const ROWS = 400;

/** Shows a table that can be sorted, copied and downloaded. */
export function DataTable({ caption, file, columns, rows }: DataTableProps) {
  const [order, setOrder] = useState<TableOrder>();
  const [isWhole, setWhole] = useState(false);
  const sorted =
    order === undefined ? rows : rows.toSorted((a, b) => compareCells(a[order.column], b[order.column], order.isDown));
  const csv = () =>
    toCsv(
      columns.map(({ name }) => name),
      sorted,
    );
  const sortBy = (column: number) =>
    setOrder((before) => ({
      column,
      isDown: before?.column === column ? !before.isDown : typeof rows[0]?.[column] === "number",
    }));
  return (
    <div class="usage-table">
      <p class="usage-table-actions">
        <button type="button" onClick={() => copyText(csv())}>
          Copy as CSV
        </button>
        <button
          type="button"
          onClick={() => saveFile(new Blob([csv()], { type: "text/csv;charset=utf-8" }), `${file}.csv`)}
        >
          Download CSV
        </button>
      </p>
      <div class="usage-table-scroll" tabIndex={0} role="region" aria-label={caption}>
        <table>
          <caption class="visually-hidden">{caption}</caption>
          <TableHead columns={columns} order={order} onSort={sortBy} />
          <tbody>
            {(isWhole ? sorted : sorted.slice(0, ROWS)).map((cells) => (
              <tr key={String(cells[0])}>
                {cells.map((cell, index) => (
                  <DataCell key={index} cell={cell} column={columns[index]} isFirst={index === 0} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!isWhole && sorted.length > ROWS && (
        <button type="button" onClick={() => setWhole(true)}>
          Show all {sorted.length} rows
        </button>
      )}
    </div>
  );
}

function TableHead({
  columns,
  order,
  onSort,
}: {
  columns: readonly DataColumn[];
  order: TableOrder | undefined;
  onSort: (column: number) => void;
}) {
  // Names of columns may be names of groups, which may be the same.
  return (
    <thead>
      <tr>
        {columns.map(({ name }, index) => (
          <th
            key={index}
            scope="col"
            aria-sort={order?.column === index ? (order.isDown ? "descending" : "ascending") : undefined}
          >
            <button type="button" class="quiet" onClick={() => onSort(index)}>
              <VisibleText text={name} />
              <span aria-hidden="true">{order?.column === index ? (order.isDown ? " ↓" : " ↑") : ""}</span>
            </button>
          </th>
        ))}
      </tr>
    </thead>
  );
}

function DataCell({ cell, column, isFirst }: { cell: Cell; column: DataColumn | undefined; isFirst: boolean }) {
  if (isFirst) {
    return (
      <th scope="row">
        <VisibleText text={String(cell)} />
      </th>
    );
  }
  if (typeof cell === "string") {
    return (
      <td>
        <VisibleText text={cell} />
      </td>
    );
  }
  return <td class="number">{column?.format?.(cell) ?? formatNumber(cell)}</td>;
}

function compareCells(a: Cell | undefined, b: Cell | undefined, isDown: boolean): number {
  const order =
    typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
  return isDown ? -order : order;
}

function copyText(text: string): void {
  navigator.clipboard.writeText(text).then(
    () => notify("done", "The table was copied as CSV."),
    () => notifyFailure(new Error("The browser did not allow copying: download the table instead.")),
  );
}

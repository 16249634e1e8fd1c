/** Shows the button between a plot and its table. */
export function TableToggle({ isTable, onTable }: { isTable: boolean; onTable: (isTable: boolean) => void }) {
  return (
    <button type="button" aria-pressed={isTable} onClick={() => onTable(!isTable)}>
      Table
    </button>
  );
}

import { useState } from "preact/hooks";
import { ExportDialog } from "./export-dialog.tsx";

/** Shows a button that offers a task as a file. */
export function ExportButton({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Export…
      </button>
      {isOpen && <ExportDialog id={id} onClose={() => setOpen(false)} />}
    </>
  );
}

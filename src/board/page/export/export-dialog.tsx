import { useEffect, useState } from "preact/hooks";
import type { ExportCheck } from "#board/api/export.ts";
import { notifyFailure } from "#board/page/parts/notices.tsx";
import { Dialog } from "#board/page/parts/dialog.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { taskPath, withQuery } from "#board/page/source/board-source.ts";
import { saveFile } from "#board/page/parts/save-file.ts";
import { RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { readBlob, readJson } from "#board/page/source/requests.ts";
import "./export.css";

/** Maximum number of secrets that are listed. */
const MAX_SHOWN = 20;

/** Offers a task as a file, after what looks like a secret in it. */
export function ExportDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [hasDiff, setDiff] = useState(true);
  const [hasOutput, setOutput] = useState(false);
  const query = { diff: hasDiff ? undefined : "0", output: hasOutput ? "1" : undefined };
  const check = useCheck(withQuery(`${taskPath(id)}/export-check`, query));
  // Negative if it is not known.
  const secrets = check === undefined || check instanceof RequestError ? -1 : check.secrets;
  const [isBusy, setBusy] = useState(false);
  const save = async (redact: string | undefined) => {
    setBusy(true);
    try {
      const file = await readBlob(withQuery(`${taskPath(id)}/export`, { ...query, redact }));
      saveFile(file, `${id}.html`);
      onClose();
    } catch (error) {
      notifyFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title="Export" onClose={onClose}>
      <p>One HTML file with the conversation, the diff, the result and the facts. It opens without this board.</p>
      <div class="export-parts">
        <label>
          <input type="checkbox" checked={hasDiff} onChange={(event) => setDiff(event.currentTarget.checked)} /> With
          the diff
        </label>
        <label>
          <input type="checkbox" checked={hasOutput} onChange={(event) => setOutput(event.currentTarget.checked)} />{" "}
          With outputs longer than 64 KB
        </label>
      </div>
      <div aria-live="polite">
        <Secrets check={check} />
      </div>
      <div class="buttons">
        {secrets > 0 && (
          <button type="button" class="primary" disabled={isBusy} onClick={() => void save("1")}>
            Download without them
          </button>
        )}
        <button
          type="button"
          class={secrets === 0 ? "primary" : ""}
          disabled={isBusy}
          onClick={() => void save(undefined)}
        >
          {secrets > 0 ? "Download with them" : "Download"}
        </button>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
}

/** Returns the secrets that were found, or the reason why they cannot be looked for. */
function useCheck(address: string): ExportCheck | RequestError | undefined {
  const [check, setCheck] = useState<ExportCheck | RequestError>();
  useEffect(() => {
    const abort = new AbortController();
    setCheck(undefined);
    readJson<ExportCheck>(address, abort.signal).then(setCheck, (error: unknown) => {
      if (!abort.signal.aborted) setCheck(toRequestError(error));
    });
    return () => abort.abort();
  }, [address]);
  return check;
}

function Secrets({ check }: { check: ExportCheck | RequestError | undefined }) {
  if (check === undefined) return <p class="weak">Looking for secrets…</p>;
  if (check instanceof RequestError) {
    return (
      <p class="export-warning">
        Secrets could not be looked for: <VisibleText text={check.message} />
      </p>
    );
  }
  if (check.secrets === 0) {
    return <p class="weak">Nothing in it has a common form of a secret. Look at it before you pass it on.</p>;
  }
  return (
    <>
      <p class="export-warning">
        {check.secrets === 1 ? "1 text looks" : `${check.secrets} texts look`} like a secret:
      </p>
      <ul class="export-secrets">
        {check.found.slice(0, MAX_SHOWN).map(({ kind, place, masked, count }) => (
          <li key={`${kind}\n${place}\n${masked}`}>
            <VisibleText text={kind} />:{" "}
            <code>
              <VisibleText text={masked} />
            </code>{" "}
            in <VisibleText text={place} />
            {count > 1 && `, ${count} times`}
          </li>
        ))}
      </ul>
      {check.found.length > MAX_SHOWN && <p class="weak">… and {check.found.length - MAX_SHOWN} more</p>}
    </>
  );
}

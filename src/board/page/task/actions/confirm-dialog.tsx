import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "#board/page/parts/dialog.tsx";
import { type RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { FailureText } from "#board/page/parts/failure-text.tsx";

/** Properties of a dialog that asks before something is done. */
interface ConfirmDialogProps {
  title: string;
  /** Name of the button that does it. */
  action: string;
  isLive: boolean;
  onConfirm: (options: { skipsLarge: boolean }) => Promise<void>;
  onClose: () => void;
  children: ComponentChildren;
}

/** Asks before something is done, and shows why it failed. */
export function ConfirmDialog({ title, action, isLive, onConfirm, onClose, children }: ConfirmDialogProps) {
  const [isPending, setPending] = useState(false);
  const [failure, setFailure] = useState<RequestError>();
  const [skipsLarge, setSkipsLarge] = useState(false);
  const confirm = async () => {
    setPending(true);
    setFailure(undefined);
    try {
      await onConfirm({ skipsLarge });
    } catch (error) {
      setFailure(toRequestError(error));
      setPending(false);
    }
  };
  const isTooLarge = failure?.code === "ignored_too_large" || skipsLarge;
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">{children}</div>
      {failure !== undefined && <FailureText failure={failure} />}
      {isTooLarge && (
        <label class="option">
          <input
            type="checkbox"
            checked={skipsLarge}
            onChange={({ currentTarget }) => setSkipsLarge(currentTarget.checked)}
          />
          Do not save ignored files and folders larger than 1 MB
        </label>
      )}
      <div class="buttons">
        <button type="button" class="danger" disabled={isPending || !isLive} onClick={() => void confirm()}>
          {action}
        </button>
        <button type="button" onClick={onClose}>
          Keep it
        </button>
      </div>
    </Dialog>
  );
}

import { signal } from "@preact/signals";
import { toRequestError } from "#board/page/source/request-error.ts";
import { VisibleText } from "./visible-text.tsx";

/** Message to the user that goes away by itself. */
export interface Notice {
  id: number;
  kind: "done" | "failed";
  text: string;
  /** Name and effect of a button. */
  action?: { name: string; run: () => void };
}

/** Times for which notices are shown, in milliseconds. */
const SHOWN_MS: Record<Notice["kind"], number> = { done: 10_000, failed: 30_000 };

/** Time until a notice that is being used is looked at again, in milliseconds. */
const USED_MS = 2000;

const notices = signal<readonly Notice[]>([]);
let count = 0;

/** Shows a notice. */
export function notify(kind: Notice["kind"], text: string, action?: Notice["action"]): void {
  const id = ++count;
  notices.value = [...notices.value, { id, kind, text, ...(action !== undefined && { action }) }];
  setTimeout(() => expire(id), SHOWN_MS[kind]);
}

/** Removes a notice, but not from under the pointer or the focus. */
function expire(id: number): void {
  const isUsed = document.querySelector(".notices:hover, .notices:focus-within") !== null;
  if (isUsed) setTimeout(() => expire(id), USED_MS);
  else dismiss(id);
}

/** Returns whether a notice offers something to do, such as an undo. */
export function hasNoticeAction(): boolean {
  return notices.value.some(({ action }) => action !== undefined);
}

/** Does what the newest of the notices offers. */
export function runNoticeAction(): void {
  const newest = notices.value.findLast(({ action }) => action !== undefined);
  if (newest === undefined) return;
  dismiss(newest.id);
  newest.action?.run();
}

/** Shows why something failed, and what to do. */
export function notifyFailure(error: unknown): void {
  const { message, hint } = toRequestError(error);
  notify("failed", `${message} ${hint}`.trimEnd());
}

function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Shows the notices. */
export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, kind, text, action }) => (
        <div key={id} class={`notice ${kind}`}>
          <VisibleText text={text} />
          {action !== undefined && (
            <button
              type="button"
              onClick={() => {
                dismiss(id);
                action.run();
              }}
            >
              {action.name}
            </button>
          )}
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}

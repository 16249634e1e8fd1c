import type { ApiFailure } from "#board/api/failure.ts";
import { makeVisible } from "#base/visible-text.ts";
import { notify } from "#board/page/parts/notices.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import type { TaskLabel } from "./describe-task.ts";

/** Shows a label with its mark. */
export function Label({ label: { mark, text, tone } }: { label: TaskLabel }) {
  return (
    <span class={`label ${tone}`}>
      <span aria-hidden="true">{mark}</span> <VisibleText text={text} />
    </span>
  );
}

/** Shows why something failed, and what to do. */
export function FailureText({ failure }: { failure: Pick<ApiFailure, "message" | "hint"> }) {
  return (
    <p class="failure" role="alert">
      <VisibleText text={failure.message} /> <VisibleText text={failure.hint} />
    </p>
  );
}

/** Shows a button that copies a text. */
export function CopyTextButton({ text, name, quiet = false }: { text: string; name: string; quiet?: boolean }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      notify("done", `Copied: ${text}`);
    } catch {
      notify("failed", `The browser does not allow copying. The text is: ${text}`);
    }
  };
  return (
    <button type="button" class={quiet ? "quiet" : ""} title={makeVisible(text)} onClick={() => void copy()}>
      {name}
    </button>
  );
}

import type { LineComment } from "./line-comment.ts";
import { useEffect, useRef } from "preact/hooks";
import { VisibleBlock } from "#board/page/parts/visible-text.tsx";
import { describeLines } from "./comment-message.ts";
import type { CommentDraft, CommentStore } from "./comment-store.ts";

/** Shows a comment below its lines. */
export function CommentCard({
  comment,
  store,
  isOutdated,
}: {
  comment: LineComment;
  store: CommentStore;
  isOutdated: boolean;
}) {
  return (
    <article class="comment" aria-label={`Comment on ${describeLines(comment)}`}>
      <header>
        <span class="weak">Comment on {describeLines(comment)}</span>
        {isOutdated && <span class="outdated">Outdated</span>}
        <button type="button" class="quiet" onClick={() => store.edit(comment)}>
          Edit
        </button>
        <button type="button" class="quiet" onClick={() => store.remove([comment.id])}>
          Delete
        </button>
      </header>
      <VisibleBlock text={comment.text} class="comment-text" />
    </article>
  );
}

/** Gives the focus back to the line that had it, when the form has gone. */
function useFocusOfLine(): void {
  useEffect(() => {
    const before = document.activeElement;
    return () =>
      queueMicrotask(() => {
        if (document.activeElement !== document.body) return;
        const wasLine = before?.isConnected === true && before.matches(".line-number");
        const line = wasLine ? before : document.querySelector(".line-row.cursor button.line-number");
        if (line instanceof HTMLElement) line.focus({ preventScroll: true });
      });
  }, []);
}

/** Longest comment, in characters. */
const MAX_COMMENT = 50_000;

/** Shows the form for a comment. @param onSave makes a comment of the text */
export function CommentForm({
  draft,
  store,
  onSave,
}: {
  draft: CommentDraft;
  store: CommentStore;
  onSave: () => void;
}) {
  const field = useRef<HTMLTextAreaElement>(null);
  useFocusOfLine();
  useEffect(() => field.current?.focus({ preventScroll: true }), [draft.first, draft.last, draft.side]);
  const takeKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      store.close();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSave();
  };
  return (
    <form
      class="comment"
      onSubmit={(event) => {
        event.preventDefault();
        onSave();
      }}
    >
      <label>
        <span class="weak">Comment on {describeLines(draft)}</span>
        <textarea
          ref={field}
          rows={3}
          maxLength={MAX_COMMENT}
          value={draft.text}
          onInput={({ currentTarget }) => store.type(currentTarget.value)}
          onKeyDown={takeKey}
        />
      </label>
      <div class="buttons">
        <button type="submit" class="primary" disabled={draft.text.trim() === ""}>
          Add comment
        </button>
        <button type="button" onClick={() => store.close()}>
          Cancel
        </button>
        <span class="weak hint">Ctrl+Enter adds it. Shift-click another number for a range.</span>
      </div>
    </form>
  );
}

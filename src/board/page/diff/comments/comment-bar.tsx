import type { LineComment } from "./line-comment.ts";
import type { RefObject } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { formatPlural } from "#base/text.ts";
import { useKeys } from "#board/page/parts/keys.tsx";
import { notify, notifyFailure } from "#board/page/parts/notices.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { describeLines, formatComments } from "./comment-message.ts";
import type { CommentStore } from "./comment-store.ts";

/** Properties of the bar with the comments. */
export interface CommentBarProps {
  store: CommentStore;
  /** Whether the lines of a comment are no longer what it quotes. */
  isOutdated: (comment: LineComment) => boolean;
  onShow: (comment: LineComment) => void;
  /** Sends a message; absent if the task takes none. */
  onSend: ((message: string) => Promise<void>) | undefined;
}

/** Shows how many comments there are, lists them, and sends all as one message. */
export function CommentBar({ store, isOutdated, onShow, onSend }: CommentBarProps) {
  const [isSending, setSending] = useState(false);
  const comments = store.comments.value;
  const send = async () => {
    if (onSend === undefined || isSending) return;
    setSending(true);
    try {
      await onSend(formatComments(comments));
      store.remove(comments.map(({ id }) => id));
      notify("done", `${formatPlural(comments.length, "comment")} sent.`);
    } catch (error) {
      notifyFailure(error);
    } finally {
      setSending(false);
    }
  };
  const bar = useRef<HTMLDivElement>(null);
  useSendKey(send, comments.length > 0 && onSend !== undefined, bar);
  if (comments.length === 0) return null;
  return (
    <div ref={bar} class="comment-bar" role="region" aria-label="Comments">
      <details>
        <summary>{formatPlural(comments.length, "comment")}</summary>
        <ul>
          {comments.map((comment) => (
            <li key={comment.id}>
              <button type="button" class="quiet" onClick={() => onShow(comment)}>
                <VisibleText text={comment.path} />, {describeLines(comment)}
              </button>
              {isOutdated(comment) && <span class="outdated">Outdated</span>}
              <span class="weak">
                <VisibleText text={comment.text.slice(0, 120)} />
              </span>
              <button type="button" class="quiet" onClick={() => store.remove([comment.id])}>
                Delete
              </button>
            </li>
          ))}
        </ul>
      </details>
      {onSend === undefined ? (
        <span class="weak">This task takes no messages.</span>
      ) : (
        <button
          type="button"
          class="primary"
          aria-keyshortcuts="Shift+S"
          title="Send (S)"
          disabled={isSending}
          onClick={() => void send()}
        >
          {isSending ? "Sending…" : "Send"}
        </button>
      )}
    </div>
  );
}

/** Gives the comments the key that sends them. */
function useSendKey(send: () => Promise<void>, isPossible: boolean, bar: RefObject<HTMLElement | null>): void {
  const latest = useRef(send);
  latest.current = send;
  const keys = useMemo(
    () => (isPossible ? [{ key: "S", does: "Send the comments", run: () => void latest.current() }] : []),
    [isPossible],
  );
  useKeys("Comments", keys, bar);
}

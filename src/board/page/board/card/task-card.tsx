import { taskAddress } from "#board/page/address/addresses.ts";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Card } from "#board/api/card.ts";
import { followLink } from "#board/page/parts/follow-link.ts";
import { Hidden, VisibleText } from "#board/page/parts/visible-text.tsx";
import { secondsUntil, serverNow } from "#board/page/state/clock.ts";
import { marked, toggleMark } from "#board/page/state/marked.ts";
import { formatCount, formatDuration } from "#base/format-values.ts";
import { makeVisible } from "#base/visible-text.ts";
import { CardMarks } from "./card-marks.tsx";
import { claimFocus, holdFocus, releaseFocus } from "#board/page/board/board-focus.ts";
import "./task-card.css";

/** Properties of a task's card. */
export interface TaskCardProps {
  card: Card;
  /** Short name of its repository. */
  repository: string;
  /** Whether the card is the one that Tab reaches. */
  isCurrent: boolean;
}

/** Shows a task as a card that opens its page. Like all components that read signals, it is only drawn again if these or its properties change. */
export function TaskCard({ card, repository, isCurrent }: TaskCardProps) {
  const { id, title } = card;
  const link = useRef<HTMLAnchorElement>(null);
  useLayoutEffect(() => claimFocus(id, link.current));
  const isMarked = marked.value.has(id);
  const tabIndex = isCurrent ? 0 : -1;
  const classes = ["task-card", isMarked && "marked", card.is_unsandboxed && "unsandboxed"].filter(Boolean).join(" ");
  return (
    <article
      class={classes}
      data-card={id}
      onFocusIn={() => holdFocus(id)}
      onFocusOut={(event) => releaseFocus(event.currentTarget)}
    >
      <a href={taskAddress(id)} onClick={followLink} class="card-link" ref={link} tabIndex={tabIndex}>
        <VisibleText text={title} />
      </a>
      <label class="card-mark" title="Mark for comparing">
        <input
          type="checkbox"
          aria-label={`Mark for comparing: ${makeVisible(title)}`}
          checked={isMarked}
          tabIndex={tabIndex}
          onChange={() => toggleMark(id)}
        />
      </label>
      <p class="card-place">
        <b title={makeVisible(card.repository)}>
          <VisibleText text={repository} />
        </b>
        {card.branch !== undefined && (
          <>
            <Hidden>, branch </Hidden>
            <code>
              <VisibleText text={card.branch} />
            </code>
          </>
        )}
      </p>
      {card.activity !== undefined && (
        <p class="card-activity">
          <VisibleText text={card.activity} />
        </p>
      )}
      <CardMarks card={card} />
      <CardFacts card={card} />
    </article>
  );
}

function CardFacts({ card }: { card: Card }) {
  const { tokens, changes, client, host } = card;
  return (
    <p class="card-facts">
      <span>
        <CardTime card={card} />
      </span>
      {tokens !== undefined && <span>{formatCount(tokens)} tokens</span>}
      {changes !== undefined && changes.files > 0 && (
        <span>
          <Hidden>Lines: </Hidden>
          <span class="plus">+{formatCount(changes.insertions)}</span>{" "}
          <span class="minus">−{formatCount(changes.deletions)}</span>
        </span>
      )}
      {client !== undefined && (
        <span>
          <Hidden>by </Hidden>
          <VisibleText text={client} />
        </span>
      )}
      {host !== undefined && (
        <span>
          on <VisibleText text={host} />
        </span>
      )}
    </p>
  );
}

/** Shows for how long a task has run and how long ago it did something; both are counted here. */
function CardTime({ card }: { card: Card }) {
  const { status, started_at, ended_at, last_event_at, elapsed_seconds } = card;
  const now = serverNow.value;
  if (ended_at !== undefined) {
    return `${formatDuration(elapsed_seconds)} · ended ${formatAgo(secondsUntil(ended_at, now))}`;
  }
  const passed = formatDuration(secondsUntil(started_at, now));
  if (status === "queued") return `queued for ${passed}`;
  if (last_event_at === undefined) return passed;
  return `${passed} · active ${formatAgo(secondsUntil(last_event_at, now))}`;
}

/** Formats seconds with one unit: a card needs no more. */
function formatAgo(seconds: number): string {
  if (seconds < 2) return "now";
  const [short = ""] = /^\d+[smhd]/.exec(formatDuration(seconds)) ?? [];
  return `${short} ago`;
}

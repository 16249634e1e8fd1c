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

/** Beginning of the branches of tasks, which tells nothing on a card. */
const TASK_BRANCH = /^agent\//;
/** Time after its end for which a task has ended just now, in seconds. */
const CALM_SECONDS = 60;

/** Shows a task as a card that opens its page. Like all components that read signals, it is only drawn again if these or its properties change. */
export function TaskCard({ card, repository, isCurrent }: TaskCardProps) {
  const { id, title } = card;
  const link = useRef<HTMLAnchorElement>(null);
  useLayoutEffect(() => claimFocus(id, link.current));
  const isMarked = marked.value.has(id);
  const tabIndex = isCurrent ? 0 : -1;
  return (
    <article
      class={isMarked ? "task-card marked" : "task-card"}
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
            <code title={makeVisible(card.branch)}>
              <VisibleText text={card.branch.replace(TASK_BRANCH, "")} />
            </code>
          </>
        )}
      </p>
      {card.activity !== undefined && (
        <p class="card-activity">
          <VisibleText text={card.ended_at === undefined ? card.activity : stripMarkdown(card.activity)} />
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
      <CardTime card={card} />
      {changes !== undefined && changes.files > 0 && (
        <span>
          <Hidden>Lines: </Hidden>
          {changes.insertions > 0 && <span class="plus">+{formatCount(changes.insertions)}</span>}{" "}
          {changes.deletions > 0 && <span class="minus">−{formatCount(changes.deletions)}</span>}
        </span>
      )}
      {tokens !== undefined && <span>{formatCount(tokens)} tokens</span>}
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
      {card.is_unsandboxed && <span class="unsandboxed">no sandbox</span>}
    </p>
  );
}

/** Shows for how long a task has run and how long ago it did something; both are counted here. */
function CardTime({ card }: { card: Card }) {
  const { status, started_at, ended_at, last_event_at, elapsed_seconds } = card;
  const now = serverNow.value;
  if (ended_at !== undefined) {
    const since = secondsUntil(ended_at, now);
    return (
      <>
        <span>
          <Hidden>ended </Hidden>
          {since < CALM_SECONDS ? "just now" : formatAgo(since)}
        </span>
        <span>ran {formatDuration(elapsed_seconds)}</span>
      </>
    );
  }
  const passed = formatDuration(secondsUntil(started_at, now));
  if (status === "queued") return <span>queued for {passed}</span>;
  return (
    <>
      <span>{passed}</span>
      {last_event_at !== undefined && <span>active {formatAgo(secondsUntil(last_event_at, now))}</span>}
    </>
  );
}

/** Returns a line of Markdown without the marks that only its display gives a meaning. */
function stripMarkdown(line: string): string {
  return line.replace(/^#{1,6} |\*\*|`/g, "");
}

/** Formats seconds with one unit: a card needs no more. */
function formatAgo(seconds: number): string {
  if (seconds < 2) return "now";
  const [short = ""] = /^\d+[smhd]/.exec(formatDuration(seconds)) ?? [];
  return `${short} ago`;
}

import { formatPlural } from "#base/text.ts";
import { Link } from "wouter-preact";
import type { Card } from "#board/api/card.ts";
import type { TaskPageData } from "#board/api/task.ts";
import { formatCount, formatDuration } from "#base/format-values.ts";
import { makeVisible } from "#base/visible-text.ts";
import { Hidden, VisibleText } from "#board/page/parts/visible-text.tsx";
import { hasEnded } from "#board/api/card.ts";
import { describeTaskState, describeWorkOf } from "./describe-task.ts";
import { secondsUntil, serverNow } from "#board/page/state/clock.ts";
import { Label } from "./label.tsx";

/** Shows what a task is, and its state. */
export function TaskHead({ card, task, isLive, isBoard }: TaskHeadProps) {
  const { merges_cleanly: _now, conflicts_with: _others, ...past } = card;
  // Without a connection, nothing is known about now.
  const work = describeWorkOf(isLive ? card : past);
  return (
    <div class="task-head">
      <h1>
        {isBoard && (
          <Link href="/" class="back" aria-label="Back to the board">
            ←
          </Link>
        )}
        <VisibleText text={card.title} />
      </h1>
      <div class="labels" aria-live="polite">
        <Label label={describeTaskState(card)} />
        {card.is_unsandboxed && <Label label={{ mark: "⚠", text: "No sandbox", tone: "bad" }} />}
        {work.map((label) => (
          <Label key={label.text} label={label} />
        ))}
        {card.stalled !== undefined && card.waits_for !== "answer" && (
          <Label label={{ mark: "!", text: card.stalled, tone: "warn" }} />
        )}
      </div>
      <TaskSummaryLine card={card} isLive={isLive} />
      {task.note !== undefined && (
        <p class="note">
          <VisibleText text={task.note} />
        </p>
      )}
    </div>
  );
}

/** Properties of the head of a task's page. */
interface TaskHeadProps {
  card: Card;
  task: TaskPageData;
  isLive: boolean;
  isBoard: boolean;
}

function TaskSummaryLine({ card, isLive }: { card: Card; isLive: boolean }) {
  const { branch, base_branch, host, client, changes, tokens, repository, id, run } = card;
  return (
    <p class="summary weak">
      <span title={makeVisible(repository)}>
        <VisibleText text={repository.split("/").at(-1) ?? repository} />
      </span>
      {branch !== undefined && (
        <span class="branch">
          <VisibleText text={branch} />
          {base_branch !== undefined && (
            <>
              {" → "}
              <VisibleText text={base_branch} />
            </>
          )}
        </span>
      )}
      <Elapsed card={card} isLive={isLive} />
      {tokens !== undefined && <span>{formatCount(tokens)} tokens</span>}
      {changes !== undefined && changes.files > 0 && <ChangedLines {...changes} />}
      {host !== undefined && (
        <span>
          on <VisibleText text={host} />
        </span>
      )}
      {client !== undefined && (
        <span>
          by <VisibleText text={client} />
        </span>
      )}
      {run > 1 && <span>run {run}</span>}
      <code class="id">
        <VisibleText text={id} />
      </code>
    </p>
  );
}

function ChangedLines({ files, insertions, deletions }: NonNullable<Card["changes"]>) {
  return (
    <span>
      {formatPlural(files, "file")}
      {insertions > 0 && <span class="plus"> +{insertions}</span>}
      {insertions > 0 && <Hidden> lines added</Hidden>}
      {deletions > 0 && <span class="minus"> −{deletions}</span>}
      {deletions > 0 && <Hidden> lines deleted</Hidden>}
    </span>
  );
}

function Elapsed({ card, isLive }: { card: Card; isLive: boolean }) {
  const isCounting = isLive && !hasEnded(card);
  const seconds = isCounting ? secondsUntil(card.started_at, serverNow.value) : card.elapsed_seconds;
  return <span>{formatDuration(seconds)}</span>;
}

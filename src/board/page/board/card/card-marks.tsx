import { groupAddress } from "#board/page/address/addresses.ts";
import type { ComponentChildren } from "preact";
import type { Card } from "#board/api/card.ts";
import { followLink } from "#board/page/parts/follow-link.ts";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { makeVisible } from "#base/visible-text.ts";
import { formatPlural } from "#base/text.ts";

/** Shows what a reader should know about a task before others: each mark says it in words. */
export function CardMarks({ card }: { card: Card }) {
  const { questions, stalled, status, code, waits_for, group } = card;
  return (
    <p class="card-marks">
      {questions > 0 && <Mark kind="warn">{formatPlural(questions, "question")}</Mark>}
      {waits_for === "quota" && <Mark kind="warn">waits for its quota</Mark>}
      {stalled !== undefined && waits_for === undefined && (
        <Mark kind="warn" title={stalled}>
          stalled
        </Mark>
      )}
      {status === "failed" && code !== "check_failed" && (
        <Mark kind="bad">
          failed{code !== undefined && ": "}
          {code !== undefined && <VisibleText text={code} />}
        </Mark>
      )}
      {status === "cancelled" && <Mark kind="plain">cancelled</Mark>}
      <WorkMarks card={card} />
      {group !== undefined && (
        <a href={groupAddress(group)} onClick={followLink} class="card-tag group-tag" tabIndex={-1}>
          all tries
        </a>
      )}
    </p>
  );
}

function WorkMarks({ card }: { card: Card }) {
  const { work, merges_cleanly, conflicts_with = [], check, base_branch = "its base", status } = card;
  const conflicts = conflicts_with.map(({ task }) => task.replace(/^codex-/, "").replace(/-v1$/, ""));
  return (
    <>
      {check === "passed" && <Mark kind="good">✓ check passed</Mark>}
      {check === "failed" && <Mark kind="bad">✗ check failed</Mark>}
      {check === "running" && <Mark kind="plain">check running</Mark>}
      {work === "open" && merges_cleanly === true && <Mark kind="good">✓ merges cleanly</Mark>}
      {work === "open" && merges_cleanly === false && (
        <Mark kind="bad">
          ✗ conflicts with <VisibleText text={base_branch} />
        </Mark>
      )}
      {conflicts.length > 0 && (
        <Mark kind="warn" title={conflicts.join("\n")}>
          ✗ conflicts with{" "}
          {conflicts.length === 1 ? <VisibleText text={conflicts.join("")} /> : formatPlural(conflicts.length, "task")}
        </Mark>
      )}
      {work === "merged" && <Mark kind="good">✓ merged</Mark>}
      {work === "discarded" && (
        <Mark kind="plain" title="It can be restored.">
          discarded
        </Mark>
      )}
      {work === "gone" && <Mark kind="plain">worktree gone</Mark>}
      {work === "none" && status === "completed" && <Mark kind="plain">nothing to merge</Mark>}
    </>
  );
}

function Mark({
  kind,
  title,
  children,
}: {
  kind: "good" | "bad" | "warn" | "plain";
  title?: string;
  children: ComponentChildren;
}) {
  return (
    <span class={`card-tag ${kind}`} title={title === undefined ? undefined : makeVisible(title, true)}>
      {children}
    </span>
  );
}

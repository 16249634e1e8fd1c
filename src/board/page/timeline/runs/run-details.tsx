import { Fragment } from "preact";
import { formatTimeOfDay } from "#base/format-values.ts";
import type { TimelineRun } from "#board/api/usage.ts";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { OutcomeBadge } from "#board/page/history/outcome-badge.tsx";
import { describeTimes } from "./run-times.ts";

/** Maximum number of moments that the details list; the newest. */
const MAX_LISTED_MARKS = 5;

const MARK_NAMES = { message: "Message", question: "Question", answer: "Answer" } as const;

/** Shows the facts about a run beside its bar. */
export function RunDetails({ run, now }: { run: TimelineRun; now: number }) {
  const { queuedAt, queued, ran, endedAt } = describeTimes(run, now);
  const facts = [
    ["Requested", queuedAt],
    ["Queued", queued],
    [endedAt === undefined ? "Running for" : "Ran", ran],
    ["Ended", endedAt],
    ["Repository", run.repository],
    ["Host", run.host],
  ].filter((fact): fact is [string, string] => fact[1] !== undefined);
  const marks = run.marks.slice(-MAX_LISTED_MARKS);
  const hidden = run.marks.length - marks.length;
  return (
    <>
      <p class="run-title">
        <VisibleText text={run.title} />
      </p>
      <p class="run-facts">
        <OutcomeBadge status={run.status} />
        <span class="weak">
          <VisibleText text={run.topic} />
          {run.run > 1 && `, run ${run.run}`}
        </span>
      </p>
      <dl>
        {facts.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>
              <VisibleText text={value} />
            </dd>
          </Fragment>
        ))}
      </dl>
      {marks.length > 0 && (
        <ul class="run-marks">
          {hidden > 0 && <li class="weak">{hidden} earlier</li>}
          {marks.map(({ at, kind, text }) => (
            <li key={`${at} ${kind}`}>
              <span class="weak">
                {formatTimeOfDay(new Date(at))} {MARK_NAMES[kind]}
              </span>{" "}
              <VisibleText text={text} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

import { taskAddress } from "#board/page/address/addresses.ts";
import { useState } from "preact/hooks";
import type { TimelineRun } from "#board/api/usage.ts";
import { followLink } from "#board/page/parts/follow-link.ts";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { OutcomeBadge } from "#board/page/history/outcome-badge.tsx";
import { describeTimes } from "./run-times.ts";

/** Number of rows that are added at a time: thousands at once would block the page. */
const ROWS = 100;

/** Shows runs as a table, newest first. */
export function RunTable({ runs, now }: { runs: readonly TimelineRun[]; now: number }) {
  const [count, setCount] = useState(ROWS);
  const sorted = runs.toSorted((a, b) => (a.queued_at < b.queued_at ? 1 : -1));
  return (
    <div class="run-table">
      <table>
        <caption class="visually-hidden">Runs of the time that is shown, newest first</caption>
        <thead>
          <tr>
            {["Task", "State", "Repository", "Host", "Requested", "Queued", "Ran", "Messages and questions"].map(
              (name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, count).map((run) => (
            <RunRow key={`${run.id} ${run.run}`} run={run} now={now} />
          ))}
        </tbody>
      </table>
      {sorted.length === 0 && <p class="weak">No runs in this time.</p>}
      {sorted.length > count && (
        <button type="button" onClick={() => setCount(count + ROWS)}>
          Show {Math.min(ROWS, sorted.length - count)} more of {sorted.length}
        </button>
      )}
    </div>
  );
}

function RunRow({ run, now }: { run: TimelineRun; now: number }) {
  const { queuedAt, queued, ran } = describeTimes(run, now);
  return (
    <tr>
      <th scope="row">
        <a href={taskAddress(run.id)} onClick={followLink}>
          <VisibleText text={run.title} />
        </a>
        {run.run > 1 && <span class="weak"> run {run.run}</span>}
      </th>
      <td>
        <OutcomeBadge status={run.status} />
      </td>
      <td>
        <VisibleText text={run.repository} />
      </td>
      <td>
        <VisibleText text={run.host} />
      </td>
      <td>{queuedAt}</td>
      <td>{queued ?? "–"}</td>
      <td>{ran ?? "–"}</td>
      <td>{run.marks.length}</td>
    </tr>
  );
}

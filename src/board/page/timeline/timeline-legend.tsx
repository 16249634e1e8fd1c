import { VISIBLE_STATES } from "#board/page/history/outcome-style.ts";
import { OutcomeBadge } from "#board/page/history/outcome-badge.tsx";

/** Shows the meaning of the bars and marks. */
export function TimelineLegend() {
  return (
    <ul class="timeline-legend" aria-label="Legend">
      {VISIBLE_STATES.map((status) => (
        <li key={status}>
          <OutcomeBadge status={status} />
        </li>
      ))}
      <li>
        <span class="sample hatched" aria-hidden="true" /> In the queue
      </li>
      <li>
        <span class="sample disc" aria-hidden="true" /> Message
      </li>
      <li>
        <span class="sample diamond" aria-hidden="true" /> Question
      </li>
      <li>
        <span class="sample diamond hollow" aria-hidden="true" /> Answer
      </li>
      <li>
        <span class="sample dotted" aria-hidden="true" /> Versions
      </li>
    </ul>
  );
}

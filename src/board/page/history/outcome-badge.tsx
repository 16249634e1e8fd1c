import type { VisibleStatus } from "#domain/record.ts";
import { OUTCOME_STYLES } from "./outcome-style.ts";
import "./outcome-badge.css";

/** Shows a state by its sign, its colour and its name. */
export function OutcomeBadge({ status }: { status: VisibleStatus }) {
  const { name, sign } = OUTCOME_STYLES[status];
  return (
    <span class={`outcome-badge outcome-${status}`}>
      <span class="outcome-sign" aria-hidden="true">
        {sign}
      </span>
      {name}
    </span>
  );
}

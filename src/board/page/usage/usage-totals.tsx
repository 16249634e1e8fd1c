import { formatNumber, formatPlural } from "#base/text.ts";
import { formatCount, formatDuration } from "#base/format-values.ts";
import type { UsageRow } from "#board/api/usage.ts";
import { successRate, sumUsage } from "./group-usage.ts";

/** Shows the totals of all runs. */
export function UsageTotals({ rows }: { rows: readonly UsageRow[] }) {
  const all = sumUsage(rows);
  const cancelled = sumUsage(rows.filter(({ outcome }) => outcome === "cancelled"));
  const rate = successRate(all);
  const ended = all.completed + all.failed + all.cancelled;
  return (
    <dl class="usage-totals">
      <Total name="Tokens" value={formatCount(all.tokens)} note={`and ${formatCount(all.cached)} cached input`} />
      <Total
        name="Time"
        value={formatDuration(all.seconds)}
        note={`${formatDuration(all.seconds / Math.max(1, all.runs))} a run`}
      />
      <Total name="Runs" value={formatNumber(all.runs)} note={`${formatNumber(all.runs - ended)} not ended`} />
      <Total
        name="Success rate"
        value={rate === undefined ? "–" : `${Math.round(rate * 100)}%`}
        note={`${formatNumber(all.completed)} of ${formatNumber(ended)}`}
      />
      <Total
        name="Cancelled"
        value={formatCount(cancelled.tokens)}
        note={`tokens, ${formatDuration(cancelled.seconds)} in ${formatPlural(cancelled.runs, "run")}`}
      />
    </dl>
  );
}

function Total({ name, value, note }: { name: string; value: string; note: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
      <dd class="weak">{note}</dd>
    </div>
  );
}

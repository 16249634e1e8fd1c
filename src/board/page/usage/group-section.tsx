import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { DataTable } from "./data-table.tsx";
import { type GroupKey, type Measure, successRate, type UsageGroup } from "./group-usage.ts";
import { MEASURES, nameOfGroup } from "./measures.ts";
import { roundSeconds } from "./plot-section.tsx";
import { TableToggle } from "#board/page/parts/table-toggle.tsx";

/** Names of the groupings. */
export const GROUPINGS = [
  { value: "repository", name: "Repository" },
  { value: "model", name: "Model" },
  { value: "outcome", name: "Outcome" },
] as const satisfies { value: GroupKey; name: string }[];

/** Number of groups that have a bar; the table has all. */
const MAX_BARS = 12;

/** Shows the totals of groups, as bars and as a table. */
export function GroupSection({
  groups,
  by,
  isTable,
  onTable,
}: {
  groups: readonly UsageGroup[];
  by: GroupKey;
  isTable: boolean;
  onTable: (isTable: boolean) => void;
}) {
  const title = `Totals by ${by}`;
  return (
    <section class="usage-section wide" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <TableToggle isTable={isTable} onTable={onTable} />
      </header>
      {isTable ? (
        <GroupTable title={title} groups={groups} by={by} />
      ) : (
        <div class="usage-bars">
          <TotalBars groups={groups} by={by} measure="tokens" title="Tokens" />
          <TotalBars groups={groups} by={by} measure="seconds" title="Time" />
        </div>
      )}
    </section>
  );
}

function TotalBars({
  groups,
  by,
  measure,
  title,
}: {
  groups: readonly UsageGroup[];
  by: GroupKey;
  measure: Measure;
  title: string;
}) {
  const sorted = groups.toSorted((a, b) => b.sum[measure] - a.sum[measure]);
  const largest = sorted[0]?.sum[measure] ?? 0;
  const { format } = MEASURES[measure];
  return (
    <div>
      <h3>{title}</h3>
      <ul>
        {sorted.slice(0, MAX_BARS).map(({ key, name, sum }) => (
          <li key={key}>
            <span class="bar-name">
              <VisibleText text={nameOfGroup(by, name)} />
            </span>
            <span class="bar-value">{format(sum[measure])}</span>
            <span class="bar-track" aria-hidden="true">
              <span style={{ width: `${largest === 0 ? 0 : (sum[measure] / largest) * 100}%` }} />
            </span>
          </li>
        ))}
      </ul>
      {sorted.length > MAX_BARS && <p class="weak">{sorted.length - MAX_BARS} more in the table</p>}
    </div>
  );
}

function GroupTable({ title, groups, by }: { title: string; groups: readonly UsageGroup[]; by: GroupKey }) {
  const heading = GROUPINGS.find(({ value }) => value === by)?.name ?? by;
  const columns = [
    { name: heading },
    { name: "Runs" },
    { name: "Completed" },
    { name: "Failed" },
    { name: "Cancelled" },
    { name: "Success %" },
    { name: "Tokens" },
    { name: "Input" },
    { name: "Cached input" },
    { name: "Output" },
    { name: "Reasoning" },
    { name: "Seconds", format: MEASURES.seconds.format },
  ];
  const rows = groups.map(({ key, sum }) => [
    key,
    sum.runs,
    sum.completed,
    sum.failed,
    sum.cancelled,
    toPercent(successRate(sum)),
    sum.tokens,
    sum.input,
    sum.cached,
    sum.output,
    sum.reasoning,
    roundSeconds(sum.seconds),
  ]);
  return <DataTable caption={title} file={`usage-by-${by}`} columns={columns} rows={rows} />;
}

function toPercent(rate: number | undefined): number | string {
  return rate === undefined ? "" : Math.round(rate * 1000) / 10;
}

import { useMemo, useState } from "preact/hooks";
import type { UsageRow } from "#board/api/usage.ts";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { DataTable } from "./data-table.tsx";
import { type GroupKey, type Measure, sumUsage, usageByDay, type UsageByDay, type UsageGroup } from "./group-usage.ts";
import { COLOURS, colourOf, MEASURES, nameOfGroup } from "./measures.ts";
import { formatDayName, StackPlot } from "./stack-plot.tsx";
import { TableToggle } from "#board/page/parts/table-toggle.tsx";

/** Shows a measure by day, as a plot and as a table. */
export function PlotSection({
  rows,
  groups,
  days,
  measure,
  by,
  isTable,
  onTable,
}: {
  rows: readonly UsageRow[];
  groups: readonly UsageGroup[];
  days: string[];
  measure: Measure;
  by: GroupKey;
  isTable: boolean;
  onTable: (isTable: boolean) => void;
}) {
  const facts = MEASURES[measure];
  const [day, setDay] = useState<number>();
  const data = useMemo(() => usageByDay(rows, days, measure, by, groups, COLOURS), [rows, days, measure, by, groups]);
  const colours = useMemo(() => data.series.map(({ key }, index) => colourOf(by, key, index)), [data, by]);
  const total = (at: number | undefined) =>
    data.series.reduce((sum, each) => sum + (at === undefined ? each.total : (each.values[at] ?? 0)), 0);
  return (
    <section class="usage-section" aria-label={facts.title}>
      <header>
        <h2>{facts.title}</h2>
        <TableToggle isTable={isTable} onTable={onTable} />
      </header>
      {isTable ? (
        <DayTable rows={rows} data={data} measure={measure} by={by} />
      ) : (
        <>
          <StackPlot data={data} colours={colours} measure={facts} day={day} onDay={setDay} />
          <p class="usage-readout" role="status">
            <strong>{day === undefined ? "All days" : formatDayName(days[day] ?? "")}</strong>{" "}
            {facts.format(total(day))}
          </p>
          <ul class="usage-legend">
            {data.series.map(({ key, name, total: whole, values }, index) => (
              <li key={key}>
                <span class="swatch" style={{ background: `var(${colours[index] ?? ""})` }} />
                <VisibleText text={nameOfGroup(by, name)} />
                <span class="weak">{facts.format(day === undefined ? whole : (values[day] ?? 0))}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function DayTable({
  rows,
  data: { days, series },
  measure,
  by,
}: {
  rows: readonly UsageRow[];
  data: UsageByDay;
  measure: Measure;
  by: GroupKey;
}) {
  const { title, format, column } = MEASURES[measure];
  const byDay = Map.groupBy(rows, ({ day }) => day);
  const columns = [
    { name: "Day" },
    { name: `Total ${column}`, format },
    ...(measure === "tokens" ? [{ name: "Cached input", format }] : [{ name: "Runs" }]),
    ...series.map(({ name }) => ({ name: nameOfGroup(by, name), format })),
  ];
  const cells = days.flatMap((day, at) => {
    const sum = sumUsage(byDay.get(day) ?? []);
    if (sum.runs === 0 && sum.input + sum.output === 0) return [];
    const values = series.map((each) => roundSeconds(each.values[at] ?? 0));
    return [[day, roundSeconds(sum[measure]), measure === "tokens" ? sum.cached : sum.runs, ...values]];
  });
  return <DataTable caption={title} file={`${measure}-by-day`} columns={columns} rows={cells.toReversed()} />;
}

/** Returns a number without the remainders of adding tenths of seconds. */
export function roundSeconds(value: number): number {
  return Math.round(value * 10) / 10;
}

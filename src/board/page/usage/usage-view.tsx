import { useMemo, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import type { UsageReport } from "#board/api/usage.ts";
import { readAddressQuery, useAddressQuery } from "#board/page/address/address-query.ts";
import { Choice } from "#board/page/parts/choice.tsx";
import { useRefreshedData } from "#board/page/history/refreshed-data.ts";
import { useKeys } from "#board/page/parts/keys.tsx";
import { GROUPINGS, GroupSection } from "./group-section.tsx";
import { type GroupKey, groupUsage, listDays } from "./group-usage.ts";
import { PlotSection } from "./plot-section.tsx";
import { UsageTotals } from "./usage-totals.tsx";
import "./usage.css";

/** Shortest time between two requests of the usage, in milliseconds. */
const REFRESH_MS = 3000;

const RANGES = ["7", "30", "90", "365"] as const;

interface UsageState {
  days: (typeof RANGES)[number];
  by: GroupKey;
  /** Sections that show their tables. */
  tables: readonly string[];
}

/** Shows tokens and time of the last days. */
export function UsageView() {
  const [{ days, by, tables }, setState] = useState(readState);
  const change = (next: Partial<UsageState>) => setState((before) => ({ ...before, ...next }));
  useAddressQuery({
    days: days === "30" ? undefined : days,
    by: by === "repository" ? undefined : by,
    tables: tables.join(","),
  });
  useUsageKeys(change);
  const { data, error } = useRefreshedData<UsageReport>(`/api/usage?days=${days}`, REFRESH_MS);
  const report = useMemo(
    () => ({
      rows: data?.rows ?? [],
      groups: groupUsage(data?.rows ?? [], by),
      days: listDays(data?.first_day ?? "", data?.last_day ?? ""),
    }),
    [data, by],
  );
  const table = (name: string) => ({
    isTable: tables.includes(name),
    onTable: (isTable: boolean) =>
      change({ tables: isTable ? [...tables, name] : tables.filter((each) => each !== name) }),
  });
  return (
    <div class="usage-page">
      <div class="usage-toolbar">
        <h1>Usage</h1>
        <Choice
          label="Days"
          options={RANGES.map((value) => ({ value, name: `${value} days` }))}
          value={days}
          onChange={(value) => change({ days: value })}
        />
        <Choice label="Group by" options={GROUPINGS} value={by} onChange={(value) => change({ by: value })} />
      </div>
      {error !== undefined && (
        <p class="usage-note failed" role="status">
          The usage cannot be read: {error.message}
        </p>
      )}
      {data !== undefined && report.rows.length === 0 && <EmptyUsage days={data.days} />}
      {report.rows.length > 0 && (
        <>
          <UsageTotals rows={report.rows} />
          <div class="usage-sections">
            <PlotSection {...report} measure="tokens" by={by} {...table("tokens")} />
            <PlotSection {...report} measure="seconds" by={by} {...table("time")} />
            <GroupSection groups={report.groups} by={by} {...table("totals")} />
          </div>
        </>
      )}
    </div>
  );
}

function EmptyUsage({ days }: { days: number }) {
  return (
    <div class="usage-empty">
      <p>No task ran in the last {days} days.</p>
      <Link href="/new" class="button">
        New task
      </Link>
    </div>
  );
}

function readState(): UsageState {
  const query = readAddressQuery();
  return {
    days: RANGES.find((each) => each === query.get("days")) ?? "30",
    by: GROUPINGS.find(({ value }) => value === query.get("by"))?.value ?? "repository",
    tables: (query.get("tables") ?? "").split(",").filter((name) => ["tokens", "time", "totals"].includes(name)),
  };
}

function useUsageKeys(change: (next: Partial<UsageState>) => void): void {
  const keys = useMemo(
    () => [
      ...RANGES.map((days, index) => ({ key: String(index + 1), does: `${days} days`, run: () => change({ days }) })),
      ...GROUPINGS.map(({ value, name }) => ({
        key: value.charAt(0),
        does: `By ${name.toLowerCase()}`,
        run: () => change({ by: value }),
      })),
    ],
    [],
  );
  useKeys("Usage", keys);
}

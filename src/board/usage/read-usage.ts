import { localDay } from "#platform/clock.ts";
import { listCountedRuns } from "#store/history/index-runs.ts";
import { listEarlierBetween } from "#store/history/earlier-runs.ts";
import { listTokenUse } from "#store/token-use.ts";
import type { AppContext } from "#tasks/context.ts";
import { repositoryOf } from "#tasks/overview.ts";
import { DEFAULT_MODEL, REMOVED, type UsageReport, type UsageRow } from "#board/api/usage.ts";

const DAY_MS = 86_400_000;

type Group = Pick<UsageRow, "repository" | "model" | "outcome">;

/** Returns the tokens and the time of the last days, today among them. */
export async function readUsage({ store }: AppContext, days: number, now = new Date()): Promise<UsageReport> {
  const [first_day, last_day] = [localDay(daysBefore(now, days - 1)), localDay(now)];
  // Tokens may be recorded after the end of their run, and in another time zone.
  const period = { from: daysBefore(now, days + 1).toISOString(), to: new Date(now.getTime() + DAY_MS).toISOString() };
  const runs = listCountedRuns(store, period.from);
  const earlier = await listEarlierBetween(store, period);
  const table = new UsageTable();
  const groups = new Map<string, Group>();
  const workspaces = new Map<string, string>();
  for (const run of [...earlier, ...runs]) {
    const group = table.group(run.workspace, run.model ?? DEFAULT_MODEL, run.status);
    groups.set(keyOfRun(run), group);
    workspaces.set(run.task_id, run.workspace);
    const day = run.end_time === undefined ? last_day : localDay(new Date(run.end_time));
    if (day < first_day || day > last_day) continue;
    const row = table.row(day, group);
    row.runs++;
    row.seconds += run.elapsed_seconds;
  }
  for (const { task_id, run, day, ...usage } of listTokenUse(store, first_day)) {
    if (day > last_day) continue;
    // The record of an earlier run may be gone, although its task is not.
    const gone = () => table.group(workspaces.get(task_id) ?? REMOVED, REMOVED, REMOVED);
    const row = table.row(day, groups.get(keyOfRun({ task_id, run })) ?? gone());
    row.input_tokens += usage.input_tokens;
    row.cached_input_tokens += usage.cached_input_tokens;
    row.output_tokens += usage.output_tokens;
    row.reasoning_output_tokens += usage.reasoning_output_tokens;
  }
  return { days, first_day, last_day, rows: table.rows() };
}

/** Returns a time so many days of the calendar before another. */
function daysBefore(time: Date, days: number): Date {
  const before = new Date(time);
  before.setDate(before.getDate() - days);
  return before;
}

function keyOfRun({ task_id, run }: { task_id: string; run: number }): string {
  return `${task_id} ${run}`;
}

/** Rows of a report by day and group. */
class UsageTable {
  readonly #groups = new Map<string, Group>();
  readonly #rows = new Map<Group, Map<string, UsageRow>>();

  /** Returns the one group of these properties. */
  group(workspace: string, model: string, outcome: UsageRow["outcome"]): Group {
    // Neither paths nor names of models have this character.
    const key = `${outcome}\0${model}\0${workspace}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { repository: repositoryOf(workspace), model, outcome };
      this.#groups.set(key, group);
    }
    return group;
  }

  row(day: string, group: Group): UsageRow {
    let rows = this.#rows.get(group);
    if (rows === undefined) this.#rows.set(group, (rows = new Map<string, UsageRow>()));
    let row = rows.get(day);
    if (row === undefined) {
      const counts = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, reasoning_output_tokens: 0 };
      row = { day, ...group, runs: 0, seconds: 0, ...counts };
      rows.set(day, row);
    }
    return row;
  }

  /** Returns the rows by day and group. */
  rows(): UsageRow[] {
    const all: UsageRow[] = [];
    for (const rows of this.#rows.values()) all.push(...rows.values());
    const key = ({ day, repository, model, outcome }: UsageRow) => `${day}\0${repository}\0${model}\0${outcome}`;
    return all
      .map((row): [string, UsageRow] => [key(row), row])
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, row]) => row);
  }
}

import { findTopic } from "#domain/topic.ts";
import { listEarlierBetween } from "#store/history/earlier-runs.ts";
import { listRunsBetween } from "#store/history/index-runs.ts";
import type { RunPeriod, RunSummary } from "#store/history/run-summary.ts";
import { repositoryOf } from "#tasks/overview.ts";
import type { BoardContext } from "#board/server/route.ts";
import type { Timeline, TimelineRun } from "#board/api/usage.ts";
import { readMarks } from "./read-marks.ts";

/** Largest number of runs on the timeline. */
const MAX_TIMELINE_RUNS = 2000;

/** Returns the newest runs between two times. */
export async function readTimeline({ app, info }: BoardContext, period: RunPeriod): Promise<Timeline> {
  const { runs, total } = listRunsBetween(app.store, period, MAX_TIMELINE_RUNS);
  const earlier = await listEarlierBetween(app.store, period);
  const all = [
    ...runs.map((run) => ({ run, isEarlier: false })),
    ...earlier.map((run) => ({ run, isEarlier: true })),
  ].toSorted((a, b) => (a.run.start_time < b.run.start_time ? 1 : -1));
  const shown = all.slice(0, MAX_TIMELINE_RUNS);
  return {
    ...period,
    runs: shown.map(({ run, isEarlier }) => toTimelineRun(app.config.home, run, isEarlier, info.host)),
    left_out: total + earlier.length - shown.length,
  };
}

function toTimelineRun(home: string, run: RunSummary, isEarlier: boolean, ownHost: string): TimelineRun {
  const { task_id, topic, title = topic, workspace, status, start_time, left_queue, end_time, host = ownHost } = run;
  return {
    id: task_id,
    run: run.run,
    topic,
    work: findTopic(topic)?.key ?? topic,
    title,
    repository: repositoryOf(workspace),
    host,
    status,
    queued_at: start_time,
    ...(left_queue !== undefined && { started_at: left_queue }),
    ...(end_time !== undefined && { ended_at: end_time }),
    marks: readMarks(home, run, isEarlier),
  };
}

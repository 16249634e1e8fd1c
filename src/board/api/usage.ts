import type { VisibleStatus } from "#domain/record.ts";

/** Repository, model and outcome of runs whose tasks were removed: only their tokens are known. */
export const REMOVED = "removed";

/** Model of runs that name none: Codex's own configuration decides. */
export const DEFAULT_MODEL = "default";

/** Tokens and time of the runs of one day, repository, model and outcome. */
export interface UsageRow {
  /** Day of the server's calendar, `YYYY-MM-DD`: the day on which tokens were used, and on which runs ended; unfinished runs count for today. */
  day: string;
  repository: string;
  model: string;
  outcome: VisibleStatus | typeof REMOVED;
  /** Number of runs that ended on the day. */
  runs: number;
  /** Seconds from start to end of these runs. */
  seconds: number;
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
  reasoning_output_tokens: number;
}

/** Usage of the last days. */
export interface UsageReport {
  days: number;
  /** First and last day of the report. */
  first_day?: string;
  last_day?: string;
  rows: UsageRow[];
}

/** Moment in a run: a message that was sent, a question, or its answer. */
export interface TimelineMark {
  at: string;
  kind: "message" | "question" | "answer";
  text: string;
}

/** Run on the timeline. */
export interface TimelineRun {
  id: string;
  run: number;
  topic: string;
  /** Topic without its version, which joins the versions of one piece of work. */
  work: string;
  title: string;
  repository: string;
  host: string;
  status: VisibleStatus;
  /** Time at which it was requested. */
  queued_at: string;
  /** Time at which it left the queue; absent while it is queued. */
  started_at?: string;
  ended_at?: string;
  marks: TimelineMark[];
}

/** Runs that lie, at least in part, between two times. */
export interface Timeline {
  from: string;
  to: string;
  runs: TimelineRun[];
  /** Number of runs that are left out. */
  left_out: number;
}

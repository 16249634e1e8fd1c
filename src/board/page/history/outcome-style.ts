import type { VisibleStatus } from "#domain/record.ts";

/** Look of a state on the timeline: not only by its colour. */
export interface OutcomeStyle {
  name: string;
  /** Sign in its bars. */
  sign: string;
  /** Variables of the page's style: the border, and the ground. */
  line: string;
  ground: string;
}

/** Looks of the states. */
export const OUTCOME_STYLES: Readonly<Record<VisibleStatus, OutcomeStyle>> = {
  queued: { name: "Queued", sign: "Q", line: "--text-weak", ground: "--surface-weak" },
  running: { name: "Running", sign: "R", line: "--info", ground: "--info-surface" },
  waiting: { name: "Waiting", sign: "W", line: "--warn", ground: "--warn-surface" },
  completed: { name: "Completed", sign: "C", line: "--good", ground: "--good-surface" },
  failed: { name: "Failed", sign: "F", line: "--bad", ground: "--bad-surface" },
  cancelled: { name: "Cancelled", sign: "X", line: "--text-weak", ground: "--surface" },
};

/** States in the order of the legend. */
export const VISIBLE_STATES: readonly VisibleStatus[] = [
  "queued",
  "running",
  "waiting",
  "completed",
  "failed",
  "cancelled",
];

import type { TaskRecord } from "./record.ts";

/** Reason for which a task waits, other than people and a free slot. */
export interface QuotaWait {
  kind: "quota";
  /** Time at which the limit is reset, in the format of ISO 8601. */
  until: string;
  /** Message of Codex. */
  message: string;
}

/** Returns what a task waits for, other than people and a free slot. */
export function quotaWaitOf(record: TaskRecord): QuotaWait | undefined {
  return "waiting_for" in record ? record.waiting_for : undefined;
}

/** Describes in a few words what a task waits for. */
export function describeQuotaWait({ until }: Pick<QuotaWait, "until">, now = new Date()): string {
  return `waiting for the quota until ${formatResetTime(until, now)}`;
}

/** Formats a time in the time zone of this machine, with the date if it is not today's. A text that is no time is returned as it is. */
export function formatResetTime(time: string, now = new Date()): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const two = (number: number) => String(number).padStart(2, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (date.toDateString() === now.toDateString()) return clock;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}

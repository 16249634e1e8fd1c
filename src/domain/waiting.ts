import { localDay, localTimeOfDay } from "#platform/clock.ts";
import type { TaskRecord } from "./record.ts";

/** Reason for which a task waits, other than people and a free slot. */
export interface QuotaWait {
  kind: "quota";
  /** Time at which the limit is reset, in the format of ISO 8601. */
  until: string;
  /** Message of Codex. */
  message: string;
}

/** Describes in a few words what a task waits for, other than people and a free slot; undefined if it does not. */
export function describeQuotaWaitOf(record: TaskRecord): string | undefined {
  const wait = "waiting_for" in record ? record.waiting_for : undefined;
  return wait === undefined ? undefined : describeQuotaWait(wait);
}

/** Describes a wait in a few words. */
export function describeQuotaWait({ until }: Pick<QuotaWait, "until">, now = new Date()): string {
  return `waiting for the quota until ${formatResetTime(until, now)}`;
}

/** Formats a time in the time zone of this machine, with the date if it is not today's. A text that is no time is returned as it is. */
export function formatResetTime(text: string, now = new Date()): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  const [day, time] = [localDay(date), localTimeOfDay(date)];
  return day === localDay(now) ? time : `${day} ${time}`;
}

/** The present moment, ISO 8601 in UTC with milliseconds. */
export function now(): string {
  return new Date().toISOString();
}

/** Seconds from `start` to `end` (default: now), to a tenth; 0 where a time cannot be read. */
export function secondsBetween(start: string, end: string = now()): number {
  const seconds = (Date.parse(end) - Date.parse(start)) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.round(seconds * 10) / 10) : 0;
}

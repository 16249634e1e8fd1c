/** Formats seconds for people: `45s`, `12m05s`, `3h20m`, `2d04h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`;
  if (whole < 24 * 3600) return `${Math.floor(whole / 3600)}h${pad(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / (24 * 3600))}d${pad(Math.floor((whole % (24 * 3600)) / 3600))}h`;
}

/** Formats a count in at most five characters: `950`, `12.3k`, `1.2M`. */
export function formatCount(count: number): string {
  if (count < 1000) return String(count);
  if (count < 99_950) return `${(count / 1000).toFixed(1)}k`;
  return count < 999_500 ? `${Math.round(count / 1000)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

/** Formats bytes for people: `512 B`, `4.2 MB` (powers of 1000). */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/**
 * Parses a duration as people write it: `90`, `90s`, `15m`, `12h`, `7d`, `2w`.
 * @returns its seconds, or undefined if the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = "s"] = /^(\d+(?:\.\d+)?)\s*([smhdw]?)$/.exec(text.trim()) ?? [];
  const seconds: Record<string, number> = { "": 1, s: 1, m: 60, h: 3600, d: 24 * 3600, w: 7 * 24 * 3600 };
  return count === undefined ? undefined : Number(count) * (seconds[unit] ?? 1);
}

function pad(count: number): string {
  return String(count).padStart(2, "0");
}

/** Formats seconds for people: `45s`, `12m05s`, `3h20m`, `2d04h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`;
  if (whole < 24 * 3600) return `${Math.floor(whole / 3600)}h${pad(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / (24 * 3600))}d${pad(Math.floor((whole % (24 * 3600)) / 3600))}h`;
}

/** Formats a local time of day: `18:00:48`. */
export function formatTimeOfDay(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(pad).join(":");
}

/** Formats a local time: `2026-11-27 18:00:48`. */
export function formatLocalTime(time: Date): string {
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())} ${formatTimeOfDay(time)}`;
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

/** Returns short names of folders that tell them apart: the last parts of their paths, as many as necessary. */
export function nameFolders(paths: readonly string[]): Map<string, string> {
  const all = [...new Set(paths)];
  const nameOf = (path: string, parts: number) => path.split("/").slice(-parts).join("/") || path;
  return new Map(
    all.map((path) => {
      let parts = 1;
      const isShared = () => all.some((other) => other !== path && nameOf(other, parts) === nameOf(path, parts));
      while (parts < path.split("/").length && isShared()) parts++;
      return [path, nameOf(path, parts)];
    }),
  );
}

function pad(count: number): string {
  return String(count).padStart(2, "0");
}

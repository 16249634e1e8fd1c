import { formatResetTime } from "./waiting.ts";

/** Window of a limit of an account: how much of it is used, and when it begins again. */
export interface LimitWindow {
  used_percent: number;
  window_minutes?: number;
  /** Time at which the window is over, in the format of ISO 8601. */
  resets_at?: string;
}

/** Limits of an account as Codex reported them. */
export interface AccountLimits {
  /** Time of the report, in the format of ISO 8601. */
  at: string;
  primary?: LimitWindow;
  secondary?: LimitWindow;
}

const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 24 * 60;

/** Returns the windows that are not over; undefined if there is none. */
export function currentLimits(limits: AccountLimits, now = Date.now()): AccountLimits | undefined {
  const { at, primary, secondary } = limits;
  const reportedAt = Date.parse(at);
  const isCurrent = (window: LimitWindow | undefined): window is LimitWindow => {
    if (window === undefined) return false;
    const { resets_at, window_minutes = MINUTES_PER_DAY } = window;
    const end = resets_at === undefined ? reportedAt + window_minutes * MINUTE_MS : Date.parse(resets_at);
    return end > now;
  };
  const current = { ...(isCurrent(primary) && { primary }), ...(isCurrent(secondary) && { secondary }) };
  return Object.keys(current).length === 0 ? undefined : { at, ...current };
}

/** Describes limits in one line, such as `63 % of the 5-hour limit used, resets 14:05; 12 % of the weekly limit used`. */
export function describeLimits({ primary, secondary }: AccountLimits, now = new Date()): string {
  return [primary, secondary]
    .filter((window) => window !== undefined)
    .map(({ used_percent, window_minutes, resets_at }) => {
      const until = resets_at === undefined ? "" : `, resets ${formatResetTime(resets_at, now)}`;
      return `${Math.round(used_percent)} % of the ${nameWindow(window_minutes)}limit used${until}`;
    })
    .join("; ");
}

/** Returns the name of a window by its length, with a space after it; empty if the length is unknown. */
function nameWindow(minutes: number | undefined): string {
  if (minutes === undefined || minutes <= 0) return "";
  const days = Math.round(minutes / MINUTES_PER_DAY);
  if (days === 7) return "weekly ";
  if (days === 1) return "daily ";
  if (days >= 28 && days <= 31) return "monthly ";
  if (days > 1) return `${days}-day `;
  return minutes < 60 ? `${Math.round(minutes)}-minute ` : `${Math.round(minutes / 60)}-hour `;
}

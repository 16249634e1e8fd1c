import { isRateLimit } from "#codex/run/failure.ts";
import type { AccountLimits } from "#domain/limits.ts";
import { parseResetText } from "./reset-text.ts";

/** Percentage from which a limit counts as reached: Codex rounds. */
const REACHED_PERCENT = 99.5;

/**
 * Determines when the limit that ended a turn is reset. The message of Codex names the minute at most; what it reported of the limits is
 * exact, and is used where it fits.
 * @param message message of the failure
 * @param limits limits that Codex reported with the failure
 * @param now time in milliseconds since 1970
 * @returns the time in milliseconds since 1970; undefined if the failure has another reason, or the reset is unknown
 */
export function findReset(message: string, limits: AccountLimits | undefined, now: number): number | undefined {
  if (!isRateLimit(message)) return undefined;
  const windows = [limits?.primary, limits?.secondary].flatMap((window) => {
    const resetsAt = Date.parse(window?.resets_at ?? "");
    return window === undefined || Number.isNaN(resetsAt) ? [] : [{ usedPercent: window.used_percent, resetsAt }];
  });
  const said = parseResetText(message, now);
  if (said !== undefined) {
    const exact = windows.map(({ resetsAt }) => resetsAt).filter((time) => time >= said.from && time < said.to);
    return exact.length === 0 ? said.to : Math.max(...exact);
  }
  // Other limits, such as an organization's budget, are not among those that were reported.
  if (!/\busage limit\b/i.test(message)) return undefined;
  const reached = windows.filter(({ usedPercent, resetsAt }) => usedPercent >= REACHED_PERCENT && resetsAt > now);
  return reached.length === 0 ? undefined : Math.max(...reached.map(({ resetsAt }) => resetsAt));
}

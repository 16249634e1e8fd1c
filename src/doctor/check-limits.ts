import type { Config } from "#base/config.ts";
import { describeLimits } from "#domain/limits.ts";
import { describeQuotaWait } from "#domain/waiting.ts";
import { findQuotaWait, readCurrentLimits } from "#tasks/quota/account-limits.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** Reports how much of the account's limits is used, as Codex last reported it: nothing with an API key, which has none. */
export function checkLimits(config: Config): Finding[] {
  const { profile } = config;
  const limits = readCurrentLimits(config);
  const wait = findQuotaWait(config, profile === undefined ? {} : { profile });
  const used = limits === undefined ? [] : [ok("limits", describeLimits(limits))];
  if (wait === undefined) return used;
  const problem = `A usage limit of the account is reached: tasks are ${describeQuotaWait(wait)}.`;
  const fix = "Wait, or log in with another account: a new login is noticed.";
  return [...used, warning("limits", problem, fix)];
}

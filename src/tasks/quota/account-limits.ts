import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "#base/config.ts";
import { sha256 } from "#base/digest.ts";
import type { Failure } from "#base/errors.ts";
import { realPathOfMissing } from "#base/paths.ts";
import { shorten } from "#base/text.ts";
import { type AccountLimits, currentLimits } from "#domain/limits.ts";
import type { TaskRequest } from "#domain/record.ts";
import { formatResetTime, type QuotaWait } from "#domain/waiting.ts";
import {
  forgetReachedLimit,
  readAccountLimits,
  readReachedLimit,
  type ReachedLimit,
  writeAccountLimits,
  writeReachedLimit,
} from "#store/limits.ts";
import { tryTo } from "#tasks/supervise/try-to.ts";

/** Settings of a task that decide which account it uses. */
export type AccountSettings = Pick<TaskRequest, "profile" | "settings">;

/** Maximum length of a message that is kept, in characters. */
export const MAX_QUOTA_MESSAGE = 500;

/** Records that a limit of a task's account is reached. The record of another limit of the account that lasts longer stays. */
export function recordReachedLimit(config: Config, task: AccountSettings, until: string, message: string): void {
  const key = accountKeyOf(config, task);
  const login = loginOf(config);
  const known = readReachedLimit(config.home, key);
  if (known?.login === login && Date.parse(known.until) > Date.parse(until)) return;
  const note = { until, message: shorten(message, MAX_QUOTA_MESSAGE), at: new Date().toISOString(), login };
  tryTo("limits", () => writeReachedLimit(config.home, key, note));
}

/** Returns the limit that was reached with this login, whether it is over or not; undefined if there is none, or it does not apply any more. */
export function findReachedLimit(config: Config, task: AccountSettings): ReachedLimit | undefined {
  const noted = readReachedLimit(config.home, accountKeyOf(config, task));
  return noted !== undefined && noted.login === loginOf(config) ? noted : undefined;
}

/**
 * Returns what a task that is to be started has to wait for, because another task has reached a limit of the account; undefined if it can
 * start. A limit that lasts longer than tasks may wait prevents no start: the task then fails by itself, if the limit is real.
 */
export function findQuotaWait(config: Config, task: AccountSettings, now = Date.now()): QuotaWait | undefined {
  if (config.quotaWaitSeconds === 0) return undefined;
  const noted = findReachedLimit(config, task);
  const waitMs = noted === undefined ? 0 : Date.parse(noted.until) - now;
  if (noted === undefined || waitMs <= 0 || waitMs > config.quotaWaitSeconds * 1000) return undefined;
  return { kind: "quota", until: noted.until, message: noted.message };
}

/** Forgets a limit, because a turn of the account was completed that began after it was reached. */
export function forgetLimitBefore(config: Config, task: AccountSettings, turnBegan: number): void {
  const key = accountKeyOf(config, task);
  const noted = readReachedLimit(config.home, key);
  if (noted === undefined || Date.parse(noted.at) > turnBegan) return;
  tryTo("limits", () => forgetReachedLimit(config.home, key));
}

/** Records what Codex reported of the limits of a task's account. */
export function recordAccountLimits(config: Config, task: AccountSettings, limits: AccountLimits): void {
  const key = accountKeyOf(config, task);
  const known = readAccountLimits(config.home, key);
  if (known !== undefined && Date.parse(known.at) >= Date.parse(limits.at)) return;
  tryTo("limits", () => writeAccountLimits(config.home, key, limits));
}

/** Returns what Codex last reported of the limits of the configured account, without windows that are over. */
export function readCurrentLimits(config: Config, now = Date.now()): AccountLimits | undefined {
  const { profile } = config;
  const limits = readAccountLimits(config.home, accountKeyOf(config, profile === undefined ? {} : { profile }));
  return limits === undefined ? undefined : currentLimits(limits, now);
}

/** Returns a failure with the time at which the limit is reset that it is about, if that is known. */
export function withReset(config: Config, task: AccountSettings, failure: Failure): Failure {
  if (failure.code !== "rate_limited") return failure;
  const noted = findReachedLimit(config, task);
  const isAboutIt = noted?.message === shorten(failure.message, MAX_QUOTA_MESSAGE);
  if (noted === undefined || !isAboutIt || Date.parse(noted.until) <= Date.now()) return failure;
  return { ...failure, hint: `${failure.hint} The limit is reset at ${formatResetTime(noted.until)}.` };
}

/** Returns the name under which the limits of a task's account are stored. */
function accountKeyOf({ codexHome }: Config, { profile = "", settings = [] }: AccountSettings): string {
  const provider = settings.filter((setting) => setting.startsWith("model_provider="));
  const parts = [realPathOfMissing(codexHome), profile, ...provider];
  return sha256(JSON.stringify(parts)).slice(0, 32);
}

/** Returns the identity of the file with Codex's login: it changes when someone logs in. */
function loginOf({ codexHome }: Config): string {
  const stat = lstatSync(join(codexHome, "auth.json"), { throwIfNoEntry: false });
  return stat === undefined ? "none" : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}

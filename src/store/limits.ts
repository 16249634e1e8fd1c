import { rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import type { AccountLimits } from "#domain/limits.ts";
import { prepareFile, repairPrivateFolder } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { inStateFolder } from "./storage-fault.ts";
import { storePaths } from "./store-paths.ts";

// Each account has two files, because they are written at different moments: `<key>.reached.json` while one of its limits is reached, and
// `<key>.usage.json` with what Codex reported of its limits. The key is a digest.

/** Limit of an account that is reached. */
export interface ReachedLimit {
  /** Time at which it is reset, in the format of ISO 8601. */
  until: string;
  /** Message of Codex. */
  message: string;
  /** Time of the message. */
  at: string;
  /** Identity of the login file at that time: another account has other limits. */
  login: string;
}

const time = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text))),
);

const ReachedSchema: v.GenericSchema<ReachedLimit> = v.object({
  until: time,
  message: v.string(),
  at: time,
  login: v.string(),
});

const WindowSchema = v.object({
  used_percent: v.number(),
  window_minutes: v.exactOptional(v.number()),
  resets_at: v.exactOptional(time),
});

const UsageSchema: v.GenericSchema<AccountLimits> = v.object({
  at: time,
  primary: v.exactOptional(WindowSchema),
  secondary: v.exactOptional(WindowSchema),
});

/** Largest file that is read, in bytes. */
const MAX_BYTES = 64 * 1024;

/** Returns the limit of an account that was recorded as reached; undefined if there is none. It may be over. */
export function readReachedLimit(home: string, key: string): ReachedLimit | undefined {
  return readNote(home, `${key}.reached.json`, ReachedSchema);
}

/** Records that a limit of an account is reached. @throws AppError `state_unusable` */
export function writeReachedLimit(home: string, key: string, limit: ReachedLimit): void {
  writeNote(home, `${key}.reached.json`, limit);
}

/** Removes what {@link writeReachedLimit} has recorded. @throws AppError `state_unusable` */
export function forgetReachedLimit(home: string, key: string): void {
  inStateFolder(() => rmSync(join(storePaths(home).limits, `${key}.reached.json`), { force: true }));
}

/** Returns what Codex last reported of an account's limits; undefined if it did not. */
export function readAccountLimits(home: string, key: string): AccountLimits | undefined {
  return readNote(home, `${key}.usage.json`, UsageSchema);
}

/** Records what Codex reported of an account's limits. @throws AppError `state_unusable` */
export function writeAccountLimits(home: string, key: string, limits: AccountLimits): void {
  writeNote(home, `${key}.usage.json`, limits);
}

function readNote<T>(home: string, name: string, schema: v.GenericSchema<T>): T | undefined {
  const text = tryReadText(join(storePaths(home).limits, name), { maxBytes: MAX_BYTES });
  return parseJsonAs(schema, text);
}

function writeNote(home: string, name: string, note: object): void {
  const { limits } = storePaths(home);
  inStateFolder(() => {
    repairPrivateFolder(limits);
    prepareFile(join(limits, name), JSON.stringify(note)).publish();
  });
}

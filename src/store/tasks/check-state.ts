import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import type { CheckState } from "#domain/check.ts";
import { prepareFile } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import type { TaskPaths } from "#store/store-paths.ts";
import { CheckSchema } from "./meta-parts.ts";

const StateSchema: v.GenericSchema<CheckState> = v.object({
  run: v.number(),
  turns: v.number(),
  repairs: v.number(),
  continues: v.boolean(),
  outcome: CheckSchema,
  commit_error: v.exactOptional(v.string()),
});

/** Largest record of a check, in bytes. */
const MAX_BYTES = 256 * 1024;

/** Records the last check of a run; readers see either this record or the one before. */
export function writeCheckState({ check }: TaskPaths, state: CheckState): void {
  prepareFile(check, JSON.stringify(state)).publish();
}

/** Returns the last check of a run; undefined if none was recorded. */
export function readCheckState({ check }: TaskPaths, run: number): CheckState | undefined {
  const state = parseJsonAs(StateSchema, tryReadText(check, { maxBytes: MAX_BYTES }));
  return state?.run === run ? state : undefined;
}

import * as v from "valibot";
import { makePrivateFolder, prepareFile, readTextIfThere } from "#lib/files.ts";
import { storePaths } from "./store-paths.ts";

/** Somebody may mend the machine; what works goes on working. */
const FAILURE_HOLDS_MS = 10 * 60 * 1000;

const NoteSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ probe: v.string(), works: v.boolean(), at: v.number() }),
);

/** What is known of a probe of Codex's sandbox; undefined where it is to be made (again). */
export function recallSandboxProbe(home: string, probe: string): boolean | undefined {
  const note = v.safeParse(NoteSchema, readTextIfThere(storePaths(home).sandboxProbe));
  if (!note.success || note.output.probe !== probe) return undefined;
  const { works, at } = note.output;
  return works || Date.now() - at < FAILURE_HOLDS_MS ? works : undefined;
}

/** Notes what a probe found, in place of what an earlier one did. */
export function noteSandboxProbe(home: string, probe: string, works: boolean): void {
  makePrivateFolder(home);
  prepareFile(storePaths(home).sandboxProbe, JSON.stringify({ probe, works, at: Date.now() })).publish();
}

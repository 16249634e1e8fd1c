import { rmSync } from "node:fs";
import * as v from "valibot";
import { makePrivateFolder, prepareFile } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { inStateFolder } from "./storage-fault.ts";
import { storePaths } from "./store-paths.ts";

/** Cache of a probe's results for later processes. */
export interface ProbeCache<T> {
  /** Returns the stored result; undefined if the probe must be run (again): `probe` describes the inputs that the result depends on. */
  read: (home: string, probe: string) => T | undefined;
  /** Stores the result of a probe, replacing an earlier one. */
  write: (home: string, probe: string, found: T) => void;
  /** Removes the stored result. */
  forget: (home: string) => void;
}

/** Time for which a failure is remembered, in milliseconds: failures may be fixed, successes persist. */
const FAILURE_CACHE_MS = 10 * 60 * 1000;

/** Cache of whether Codex's own sandbox works here. */
export const sandboxProbeCache = probeCache(
  "sandboxProbe",
  v.boolean(),
  (works, at) => works || Math.abs(Date.now() - at) < FAILURE_CACHE_MS,
);

/** Cache of the installed Codex's capabilities. */
export const codexProbeCache = probeCache(
  "codexProbe",
  v.object({
    version: v.optional(v.string()),
    words: v.array(v.string()),
    hasAppServer: v.boolean(),
    hasShortSockets: v.boolean(),
  }),
  () => true,
);

function probeCache<T>(
  file: "sandboxProbe" | "codexProbe",
  schema: v.GenericSchema<T>,
  holds: (found: T, at: number) => boolean,
): ProbeCache<T> {
  const note = v.pipe(v.string(), v.parseJson(), v.object({ probe: v.string(), found: schema, at: v.number() }));
  return {
    read: (home, probe) => {
      const known = v.safeParse(note, tryReadText(storePaths(home)[file]));
      if (!known.success || known.output.probe !== probe) return undefined;
      return holds(known.output.found, known.output.at) ? known.output.found : undefined;
    },
    forget: (home) => {
      inStateFolder(() => rmSync(storePaths(home)[file], { force: true }));
    },
    write: (home, probe, found) => {
      inStateFolder(() => {
        makePrivateFolder(home);
        prepareFile(storePaths(home)[file], JSON.stringify({ probe, found, at: Date.now() })).publish();
      });
    },
  };
}

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathExists } from "#base/paths.ts";
import type { Store } from "#store/store.ts";

/** A file or folder of the state folder that nothing needs any more. */
export interface Leftover {
  path: string;
  what: string;
}

/** Indexes that were damaged and put aside (their tasks' `meta.json` hold all of it), and tasks on their way out. */
export function listLeftovers({ paths }: Store): Leftover[] {
  const damaged = readdirSync(paths.home).filter((name) => /^codexmcp\.db\.(?:damaged|new)-\d+/.test(name));
  return [
    ...damaged.map((name) => ({ path: join(paths.home, name), what: "damaged index, put aside" })),
    ...(pathExists(paths.removed) ? [{ path: paths.removed, what: "files of removed tasks" }] : []),
  ];
}

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathExists } from "#base/paths.ts";
import type { Store } from "#store/store.ts";

/** File or folder of the state folder that is no longer needed. */
export interface Leftover {
  path: string;
  what: string;
}

/** Lists damaged indexes that were moved aside (their tasks' `meta.json` files contain all their data), and tasks being deleted. */
export function listLeftovers({ paths }: Store): Leftover[] {
  const damaged = readdirSync(paths.home).filter((name) => /^codexmcp\.db\.(?:damaged|new)-\d+/.test(name));
  return [
    ...damaged.map((name) => ({ path: join(paths.home, name), what: "damaged index, moved aside" })),
    ...(pathExists(paths.removed) ? [{ path: paths.removed, what: "files of removed tasks" }] : []),
  ];
}

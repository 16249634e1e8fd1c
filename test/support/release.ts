import { join } from "node:path";
import { $ } from "bun";

const PROJECT = join(import.meta.dir, "..", "..");

/** Where a release lies once it has been made. */
export const RELEASE = join(PROJECT, "dist", "release");

/** What the tests make a release of: what runs here, and one archive for another system. */
export const RELEASED = ["linux-x64", "linux-x64-baseline", "linux-x64-container", "windows-x64"] as const;

let made: Promise<unknown> | undefined;

/** Makes a release, as `npm run release -- --dry-run` does; once for all tests of a run. */
export async function makeRelease(): Promise<void> {
  made ??= $`bun ${join(PROJECT, "scripts", "release.ts")} --dry-run ${RELEASED}`.cwd(PROJECT).quiet();
  await made;
}

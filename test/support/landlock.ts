import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY } from "./world.ts";

/** Whether this machine's kernel lets the compiled binary confine itself. */
export function hasLandlock(folder: string): boolean {
  const report = join(folder, "landlock.json");
  Bun.spawnSync([BINARY, "confine", `--report=${report}`, "--", "/bin/true"]);
  return readFileSync(report, "utf8").includes('"landlock"');
}

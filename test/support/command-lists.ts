import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Command lines of a file in `test/fixtures/commands`, one a line, by the program whose manual they are from (`# git`). */
function readList(name: string): Readonly<Record<string, readonly string[]>> {
  const sections: Record<string, string[]> = {};
  let section: string[] = [];
  for (const line of readFileSync(join(import.meta.dir, "../fixtures/commands", name), "utf8").split("\n")) {
    if (line.startsWith("# ")) sections[line.slice(2)] = section = [];
    else if (line !== "") section.push(line);
  }
  return sections;
}

/** Command lines that only read, by the manuals; they run in a folder that `makeScratchFolder` makes. */
export const MANUAL_READS = readList("reads.txt");

/** Command lines that write, run other programs or change something else, by the manuals. */
export const MANUAL_WRITES = readList("writes.txt");

/** Reading forms of the other programs in the audit's tables. */
export const OTHER_READS: readonly string[] = Object.values(readList("other-reads.txt")).flat();

// Builds the binary and runs all tests, or those whose files are named: npm test [-- path …]
// CODEXMCP_TEST_JOBS processes run in parallel (default: 3). A whole run repeats some files with Codex's other engine and with earlier
// versions of Codex (test-passes.ts). The last line is: N passed, N failed, N skipped.
import { join } from "node:path";
import { buildBinary } from "./build.ts";
import { choosePasses, preparePass, type TestPass } from "./test-passes.ts";
import { findTestFiles, runTestFiles, type Tally } from "./test-files.ts";

/** Returns the last line of a run. */
export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Parses such a line; a run that did not finish counts as one failure. */
export function parseTally(line: string): Tally {
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line) ?? [];
  if (skipped === undefined) return { passed: 0, failed: 1, skipped: 0 };
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

function readJobs(): number {
  const jobs = Number(process.env["CODEXMCP_TEST_JOBS"] ?? 3);
  if (Number.isInteger(jobs) && jobs > 0) return jobs;
  throw new Error("CODEXMCP_TEST_JOBS must be a whole number from 1.");
}

/** Files that take minutes, or must run alone: builds for all platforms, comparisons of the engines, kills and loads, the board in all sizes. */
const SLOW =
  /^test\/(?:release|container|fault)\/|^test\/e2e\/engines-agree|^test\/browser\/(?:board-(?:pages|view)|chat|compare|conversation-(?:hostile|large)|diff|everywhere|foreign|hostile|load|long|story-decisions|task-|timeline|usage)/;
const WITH_SLOW = process.env["CODEXMCP_TEST_ALL"] === "1";

async function runTests(names: readonly string[]): Promise<Tally> {
  const root = join(import.meta.dir, "..");
  const found = findTestFiles(root, names);
  const files = names.length > 0 || WITH_SLOW ? found : found.filter((file) => !SLOW.test(file));
  if (files.length === 0) {
    console.error(`No test file has ${names.join(" or ")} in its path.`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const jobs = readJobs();
  const chosen = choosePasses(files, names.length === 0);
  await buildBinary();
  const passes: TestPass[] = [];
  let skipped = found.length - files.length;
  if (skipped > 0) {
    console.warn(
      `SKIPPED: ${skipped} files that take minutes (builds for all platforms, both engines, kills, loads, and every page of the board); CODEXMCP_TEST_ALL=1 runs them.`,
    );
  }
  for (const pass of chosen) {
    const fault = preparePass(pass);
    if (fault === undefined) passes.push(pass);
    else {
      skipped += pass.files.length;
      console.warn(`SKIPPED: ${pass.files.length} files with ${pass.name}: ${fault}`);
    }
  }
  const tally = await runTestFiles(files, { root, jobs, passes, show: (text) => void process.stdout.write(text) });
  return { ...tally, skipped: tally.skipped + skipped };
}

if (import.meta.main) {
  const tally = await runTests(process.argv.slice(2));
  console.log(formatTally(tally));
  process.exit(tally.failed === 0 ? 0 : 1);
}

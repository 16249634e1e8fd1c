// Builds the binary and runs all tests, or those whose files are named: npm test [-- path …]
// Closes with one line: N passed, N failed, N skipped.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildBinary } from "./build.ts";

/** How many checks came out how. */
interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs the tests on a fresh binary, showing bun's report. */
async function runTests(files: readonly string[] = []): Promise<Tally> {
  await buildBinary();
  const report = join(import.meta.dir, "..", "dist", "test-report.xml");
  mkdirSync(join(report, ".."), { recursive: true });
  const command = ["bun", "test", "--timeout", "120000", "--reporter=junit", `--reporter-outfile=${report}`, ...files];
  const run = Bun.spawn(command, { cwd: join(import.meta.dir, ".."), stdio: ["ignore", "inherit", "inherit"] });
  const exitCode = await run.exited;
  const tally = readTally(await Bun.file(report).text());
  // A test file that does not load counts no test and must not pass for that.
  return exitCode !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

function readTally(xml: string): Tally {
  const [, attributes = ""] = /<testsuites ([^>]*)>/.exec(xml) ?? [];
  const count = (name: string) => Number(new RegExp(`${name}="(\\d+)"`).exec(attributes)?.[1] ?? 0);
  const [failed, skipped] = [count("failures"), count("skipped")];
  return { passed: count("tests") - failed - skipped, failed, skipped };
}

/** The line that a run closes with. */
export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Reads such a line; a run that did not come to its end counts as one failure. */
export function parseTally(line: string): Tally {
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line) ?? [];
  if (skipped === undefined) return { passed: 0, failed: 1, skipped: 0 };
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

if (import.meta.main) {
  const tally = await runTests(process.argv.slice(2));
  console.log(formatTally(tally));
  process.exit(tally.failed === 0 ? 0 : 1);
}

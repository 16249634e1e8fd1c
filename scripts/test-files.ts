// Runs test files in parallel, each in its own process, and shows the output of each when it has ended.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestPass } from "./test-passes.ts";

/** Files that must run alone, with the reason. */
const ALONE: Record<string, string> = {
  "test/fault/memory.test.ts": "measures how large a process becomes while it is sent so many messages a second",
  "test/browser/load.test.ts": "measures the work of a page and a server with 500 tasks",
  "test/fault/load.test.ts": "keeps both cores busy with three servers: tests beside it would time out",
};

/** Files that share builds (dist/release, the binaries of other targets) and therefore run in one process. */
const TOGETHER: readonly (readonly [folder: string, why: string])[] = [
  ["test/release/", "release"],
  ["test/container/", "release"],
];

/** Longest files (about 15 seconds or more), which start first, so that none of them runs last. */
const LONG = [
  "release",
  "test/e2e/merge.test.ts",
  "test/integration/salvage.test.ts",
  "test/e2e/survival.test.ts",
  "test/e2e/readonly-fallback.test.ts",
  "test/fault/deaths.test.ts",
  "test/fault/damage.test.ts",
  "test/e2e/waiting.test.ts",
  "test/e2e/demo.test.ts",
  "test/e2e/parallel.test.ts",
  "test/fault/stops.test.ts",
];

/** Numbers of checks by result. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Test files that run in one process. */
interface Batch {
  name: string;
  files: string[];
  environment: Record<string, string>;
}

/** Result of a test process. */
interface Outcome {
  batch: Batch;
  tally: Tally;
  output: string;
  seconds: number;
}

/** Parameters of a test run. */
interface TestRun {
  /** Folder of the project. */
  root: string;
  /** Number of parallel processes. */
  jobs: number;
  show: (text: string) => void;
  /** Further runs of some files. */
  passes?: readonly TestPass[];
}

/** Returns the test files whose path contains one of these texts; all files if there are none. */
export function findTestFiles(root: string, wanted: readonly string[]): string[] {
  const names = wanted.map((name) => name.replace(`${root}/`, "").replace(/^\.\//, ""));
  const all = [...new Bun.Glob("test/**/*.test.ts").scanSync({ cwd: root })].toSorted();
  return names.length === 0 ? all : all.filter((file) => names.some((name) => file.includes(name)));
}

/** Runs test files, shows the output of each when it has ended, and repeats the failures at the end. @returns the totals */
export async function runTestFiles(files: readonly string[], run: TestRun): Promise<Tally> {
  const reports = reportsOf(run);
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const { passes = [] } = run;
  const further = passes.flatMap((pass) => toBatches(pass.files).map((batch) => inPass(batch, pass)));
  const batches = [...toBatches(files), ...further];
  const isAlone = (batch: Batch) => batch.files.some((file) => file in ALONE);
  const outcomes: Outcome[] = [];
  await runQueue(
    batches.filter((batch) => !isAlone(batch)),
    run,
    outcomes,
  );
  await runQueue(batches.filter(isAlone), { ...run, jobs: 1 }, outcomes);
  run.show(describeFailures(outcomes));
  const sum = (key: keyof Tally) => outcomes.reduce((total, { tally }) => total + tally[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

function reportsOf({ root }: TestRun): string {
  return join(root, "dist", "test-reports");
}

/** Names a batch after its pass: the same files run in others, too. */
function inPass(batch: Batch, { name, environment }: TestPass): Batch {
  return { ...batch, name: `${batch.name} (${name})`, environment };
}

function toBatches(files: readonly string[]): Batch[] {
  const batches = new Map<string, Batch>();
  for (const file of files) {
    const name = TOGETHER.find(([folder]) => file.startsWith(folder))?.[1] ?? file;
    const batch = batches.get(name) ?? { name, files: [], environment: {} };
    batch.files.push(file);
    batches.set(name, batch);
  }
  const rank = ({ name }: Batch) => (LONG.includes(name) ? LONG.indexOf(name) : LONG.length);
  return [...batches.values()].toSorted((a, b) => rank(a) - rank(b));
}

async function runQueue(batches: readonly Batch[], run: TestRun, outcomes: Outcome[]): Promise<void> {
  const waiting = [...batches];
  const work = async () => {
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
      const outcome = await runBatch(batch, run);
      outcomes.push(outcome);
      const { passed, failed, skipped } = outcome.tally;
      const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
      run.show(`\n──── ${batch.name}: ${outcome.seconds.toFixed(1)} s, ${counts}\n${outcome.output}`);
    }
  };
  await Promise.all(Array.from({ length: run.jobs }, work));
}

/** Interval of reminders that a file is running, in milliseconds: its output is shown only when it has ended. */
const REMINDER_MS = 120_000;

async function runBatch(batch: Batch, run: TestRun): Promise<Outcome> {
  const path = join(reportsOf(run), batch.name.replaceAll(/[/() ]+/g, "-"));
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const options = ["--timeout", "120000", "--reporter=junit", `--reporter-outfile=${path}.xml`];
  // Without ./, bun treats a name as a part of paths.
  const paths = batch.files.map((file) => `./${file}`);
  const log = openSync(`${path}.log`, "w");
  const tests = Bun.spawn(["bun", "test", ...options, ...paths], {
    cwd: run.root,
    env: { ...process.env, ...batch.environment },
    stdio: ["ignore", log, log],
  });
  const reminder = setInterval(() => run.show(`(${batch.name} has run for ${seconds().toFixed(0)} s)\n`), REMINDER_MS);
  const exitCode = await tests.exited;
  clearInterval(reminder);
  closeSync(log);
  const output = readFileSync(`${path}.log`, "utf8").replace(/^bun test v.*\n\n?/, "");
  const end = tests.signalCode === null ? "" : `ended by ${tests.signalCode}\n`;
  return { batch, tally: readTally(`${path}.xml`, exitCode), output: output + end, seconds: seconds() };
}

/** Counts a failure for a file that does not load or whose process ends early: it reports no tests and must not pass. */
function readTally(report: string, exitCode: number): Tally {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const [, attributes = ""] = /<testsuites ([^>]*)>/.exec(readFileSync(report, "utf8")) ?? [];
  const count = (name: string) => Number(new RegExp(`${name}="(\\d+)"`).exec(attributes)?.[1] ?? 0);
  const [failed, skipped] = [count("failures"), count("skipped")];
  const tally = { passed: count("tests") - failed - skipped, failed, skipped };
  return exitCode !== 0 && failed === 0 ? { ...tally, failed: 1 } : tally;
}

/** Maximum number of shown lines of a process that died without naming a failed test. */
const LAST_LINES = 60;

/** Returns each failed test with the output before it, back to the last test that passed. */
function describeFailures(outcomes: readonly Outcome[]): string {
  const failed = outcomes.filter(({ tally }) => tally.failed > 0);
  if (failed.length === 0) return "\n";
  const texts = failed.map(({ batch, output }) => {
    const failures: string[] = [];
    let before: string[] = [];
    for (const line of output.split("\n")) {
      if (/^\d+ tests? failed:$/.test(line)) break; // bun's own list, without the reasons
      before.push(line);
      if (line.startsWith("(fail) ")) failures.push(...before);
      if (/^\((?:pass|skip|todo|fail)\) /.test(line)) before = [];
    }
    const lines = failures.length > 0 ? failures : output.split("\n").slice(-LAST_LINES);
    return `\n──── ${batch.name}\n${lines.join("\n")}\n`;
  });
  return `\n════ FAILED\n${texts.join("")}\n`;
}

// A process that runs a check, as a supervisor does, and prints its end. SIGUSR2 aborts the check. It also stands in for our program, which
// a check without a control group starts as `keep-orphans`.
// Usage: checking-process.ts <the check as JSON> | keep-orphans [--held-file] -- <command>
import { keepOrphans } from "#platform/start/keep-orphans.ts";
import { type CheckRun, runCheck } from "#tasks/check/run-check.ts";

const [first = "", ...rest] = process.argv.slice(2);
if (first === "keep-orphans") {
  process.exit(await keepOrphans(rest.slice(rest.indexOf("--") + 1), rest[0] === "--held-file"));
}
const abort = new AbortController();
process.on("SIGUSR2", () => abort.abort());
const run = JSON.parse(first) as Omit<CheckRun, "signal"> & { isAborted?: boolean };
if (run.isAborted === true) abort.abort();
console.log(JSON.stringify(await runCheck({ ...run, signal: abort.signal })));
process.exit(0);

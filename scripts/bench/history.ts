// Measures the board's timeline and usage with 10,000 tasks: each answer is to take less than 100 ms.
// Usage: bun scripts/bench/history.ts [rounds]
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../src/base/config.ts";
import { readTimeline } from "../../src/board/usage/read-timeline.ts";
import { readUsage } from "../../src/board/usage/read-usage.ts";
import { addPastRuns, storeAt, variedRuns } from "../../test/support/past-runs.ts";
import { report, type Samples } from "./report.ts";

const rounds = Number(process.argv[2] ?? 25);
const TASKS = 10_000;
const DAY_MS = 86_400_000;

const home = mkdtempSync("/var/tmp/codexmcp-bench-");
try {
  mkdirSync(join(home, "tasks"), { mode: 0o700 });
  const store = storeAt(home);
  const now = Date.now();
  addPastRuns(store, variedRuns(TASKS, 360 * DAY_MS, now));
  const app = { config: { ...readConfig({}), home }, store };
  const info = { version: "1", host: "here", home, is_read_only: true, max_running: 1 };
  const context = { app, info, temporary: home };
  const period = (days: number) => ({
    from: new Date(now - days * DAY_MS).toISOString(),
    to: new Date(now).toISOString(),
  });
  const answers: Record<string, () => Promise<object>> = {
    "usage of 30 days": async () => readUsage(app, 30),
    "usage of 365 days": async () => readUsage(app, 365),
    "timeline of a day": async () => readTimeline(context, period(1)),
    "timeline of a year": async () => readTimeline(context, period(365)),
  };
  const samples: Samples = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, answer] of Object.entries(answers)) {
      // The time of the processor, which other programs do not change much.
      const start = process.cpuUsage();
      JSON.stringify(await answer());
      const { user, system } = process.cpuUsage(start);
      (samples[name] ??= []).push((user + system) / 1000);
    }
  }
  report(`board with ${TASKS} tasks`, samples);
} finally {
  rmSync(home, { recursive: true, force: true });
}

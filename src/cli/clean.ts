import { cleanUp, type CleanUp, planCleanUp } from "#app/clean-up.ts";
import type { Limits } from "#app/retention.ts";
import type { Config } from "#lib/config.ts";
import { secondsBetween } from "#lib/clock.ts";
import type { Input } from "./command.ts";
import { readCount, readDuration } from "./option-values.ts";
import { openForPerson } from "./open.ts";
import { printJson, printLines } from "./output.ts";
import { formatBytes, formatDuration } from "./quantities.ts";
import { shortenHome } from "./task-table.ts";

interface CleanOptions {
  "dry-run": boolean;
  keep: string | undefined;
  "older-than": string | undefined;
  json: boolean;
}

/** Removes the files of old tasks, and what is left over in the state folder; or only says what it would remove. */
export async function clean({ options }: Input<CleanOptions>): Promise<number> {
  const context = openForPerson();
  const plan = planCleanUp(context, readLimits(options, context.config));
  const done = options["dry-run"] ? plan : cleanUp(context, plan);
  if (options.json) printJson({ dry_run: options["dry-run"], ...done });
  else printLines(describe(done, options["dry-run"]));
  return 0;
}

/** Who names one limit means that one alone. */
function readLimits(options: CleanOptions, config: Config): Limits {
  const keepTasks = readCount("--keep", options.keep, 0);
  const keepSeconds = readDuration("--older-than", options["older-than"]);
  if (keepTasks === undefined && keepSeconds === undefined) return config;
  return { keepTasks: keepTasks ?? 0, keepSeconds: keepSeconds ?? 0 };
}

function describe({ tasks, leftovers }: CleanUp, isDryRun: boolean): string[] {
  const verb = isDryRun ? "would remove" : "removed";
  const all = [...tasks, ...leftovers];
  if (all.length === 0) return ["Nothing to remove."];
  const bytes = all.reduce((sum, each) => sum + each.bytes, 0);
  return [
    ...tasks.map((task) => {
      const age = formatDuration(secondsBetween(task.end_time));
      return `${verb} ${task.task_id} (ended ${age} ago, ${formatBytes(task.bytes)})`;
    }),
    ...leftovers.map((each) => `${verb} ${shortenHome(each.path)} (${each.what}, ${formatBytes(each.bytes)})`),
    `${verb} ${formatBytes(bytes)} in all; worktrees and branches are never touched.`,
  ];
}

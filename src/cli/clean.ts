import { cleanUp, type CleanUp, planCleanUp } from "#app/clean-up.ts";
import type { Limits } from "#app/retention.ts";
import type { Config } from "#lib/config.ts";
import { secondsBetween } from "#lib/clock.ts";
import { AppError } from "#lib/errors.ts";
import type { Input } from "./command.ts";
import { openForPerson } from "./open.ts";
import { printJson, printLines } from "./output.ts";
import { formatBytes, formatDuration, parseDuration } from "./quantities.ts";
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
function readLimits({ keep, "older-than": olderThan }: CleanOptions, config: Config): Limits {
  if (keep === undefined && olderThan === undefined) return config;
  const keepTasks = keep === undefined ? 0 : Number(keep);
  if (!Number.isSafeInteger(keepTasks) || keepTasks < 0) throw wrong("--keep", keep, "a whole number from 0", "20");
  const keepSeconds = olderThan === undefined ? 0 : parseDuration(olderThan);
  if (keepSeconds === undefined) throw wrong("--older-than", olderThan, "a duration", "12h, 7d, 2w");
  return { keepTasks, keepSeconds };
}

function wrong(option: string, value: string | undefined, wanted: string, example: string): AppError {
  return new AppError("invalid_argument", `${option} takes ${wanted}; it is "${value}".`, `For example: ${example}`);
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

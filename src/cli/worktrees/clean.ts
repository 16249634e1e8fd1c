import { cleanUp, type CleanUp, planCleanUp } from "#tasks/clean-up.ts";
import { dropExpired, listExpiredSalvage } from "#worktrees/clean-worktrees.ts";
import type { KeptWorktree, KnownSalvage } from "#worktrees/known-salvage.ts";
import type { Limits } from "#tasks/retention.ts";
import type { Config } from "#base/config.ts";
import { secondsBetween } from "#platform/clock.ts";
import { toFailure } from "#base/errors.ts";
import type { Input } from "#cli/framework/command.ts";
import { readCount, readDuration } from "#cli/framework/option-values.ts";
import { openCommandContext } from "#cli/terminal/open.ts";
import { printJson, printLines } from "#cli/terminal/output.ts";
import { formatBytes, formatDuration } from "#cli/terminal/quantities.ts";
import { shortenHome } from "#cli/terminal/task-table.ts";

interface CleanOptions {
  yes: boolean;
  worktrees: boolean;
  merged: boolean;
  unchanged: boolean;
  gone: boolean;
  keep: string | undefined;
  "older-than": string | undefined;
  json: boolean;
}

/**
 * Lists what can be removed of old tasks (their files, leftovers in the state folder, discarded worktrees whose
 * retention time is over), or which worktrees; with `--yes`, removes it.
 */
export async function clean({ options }: Input<CleanOptions>): Promise<number> {
  const context = openCommandContext();
  const isDryRun = !options.yes;
  if (options.worktrees || options.merged || options.unchanged || options.gone) {
    const { cleanWorktrees } = await import("./clean-worktrees.ts");
    const olderThanSeconds = readDuration("--older-than", options["older-than"]);
    const { merged, unchanged } = options;
    const filter = { merged, unchanged, ...(options.gone && { gone: true }), olderThanSeconds };
    return cleanWorktrees(context, filter, { isDryRun, json: options.json });
  }
  const plan = await planCleanUp(context, readLimits(options, context.config));
  const expired = await listExpiredSalvage(context);
  const done = isDryRun ? plan : cleanUp(context, plan);
  const { kept: salvage, problems } = isDryRun ? expired : await dropAll(expired);
  if (options.json) printJson({ dry_run: isDryRun, ...done, salvage, problems });
  else {
    printLines([...describe(done, salvage, isDryRun), ...problems.map(({ problem }) => `not looked at: ${problem}`)]);
  }
  return isDryRun || problems.length === 0 ? 0 : 1;
}

/**
 * Removes all discarded worktrees that can be removed.
 * @returns what was removed, and why the rest was not
 */
async function dropAll({ kept, problems }: KnownSalvage): Promise<KnownSalvage> {
  const dropped: KeptWorktree[] = [];
  const all = [...problems];
  for (const each of kept) {
    try {
      await dropExpired(each);
      dropped.push(each);
    } catch (error) {
      all.push({ repository: each.repository, problem: toFailure(error).message });
    }
  }
  return { kept: dropped, problems: all };
}

/** Returns the limits from the options. If one is given, the other and the configured ones do not apply. */
function readLimits(options: CleanOptions, config: Config): Limits {
  const keepTasks = readCount("--keep", options.keep, 0);
  const keepSeconds = readDuration("--older-than", options["older-than"]);
  if (keepTasks === undefined && keepSeconds === undefined) return config;
  return { keepTasks: keepTasks ?? 0, keepSeconds: keepSeconds ?? 0 };
}

function describe({ tasks, runs, leftovers }: CleanUp, salvage: KeptWorktree[], isDryRun: boolean): string[] {
  const verb = isDryRun ? "would remove" : "removed";
  const all = [...tasks, ...runs, ...leftovers];
  if (all.length + salvage.length === 0) return ["Nothing to remove."];
  const bytes = all.reduce((sum, each) => sum + each.bytes, 0);
  return [
    ...tasks.map((task) => {
      const age = formatDuration(secondsBetween(task.end_time));
      return `${verb} ${task.task_id} (ended ${age} ago, ${formatBytes(task.bytes)})`;
    }),
    ...runs.map(({ task_id, run, end_time, bytes: size }) => {
      return `${verb} run ${run} of ${task_id} (ended ${formatDuration(secondsBetween(end_time))} ago, ${formatBytes(size)})`;
    }),
    ...leftovers.map((each) => `${verb} ${shortenHome(each.path)} (${each.what}, ${formatBytes(each.bytes)})`),
    ...salvage.map(({ branch, savedAt, repository }) => {
      return `${verb} what was kept of ${branch} in ${shortenHome(repository)} (discarded ${savedAt.slice(0, 10)})`;
    }),
    `${verb} ${formatBytes(bytes)} in all${isDryRun ? "; --yes does it" : ""}. Worktrees and branches are not touched by this.`,
  ];
}

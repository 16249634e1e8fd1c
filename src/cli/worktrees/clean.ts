import { cleanUp, type CleanUp, planCleanUp } from "#tasks/clean-up.ts";
import {
  type CleanedWorktree,
  cleanWorktree,
  dropExpired,
  listExpiredSalvage,
  planWorktreeCleanUp,
  type WorktreeFilter,
} from "#worktrees/clean-worktrees.ts";
import { sweepCheckouts } from "#worktrees/checkout/sweep-checkouts.ts";
import type { KeptWorktree, KnownSalvage } from "#worktrees/known-salvage.ts";
import type { KnownWorktree } from "#worktrees/list-worktrees.ts";
import type { AppContext } from "#tasks/context.ts";
import type { Limits } from "#tasks/retention.ts";
import type { Config } from "#base/config.ts";
import { secondsBetween } from "#platform/clock.ts";
import { toFailure } from "#base/errors.ts";
import { defineCommand, JSON_OPTION } from "#cli/framework/command.ts";
import { toCommandHint } from "#base/command-hints.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printJson, printLines } from "#cli/terminal/output.ts";
import { formatBytes, formatDuration } from "#base/format-values.ts";
import { shortenHome } from "#base/paths.ts";
import { describeLeft } from "./discard.ts";
import { describeState } from "./worktrees.ts";

export const cleanCommand = defineCommand({
  name: "clean",
  group: "worktrees",
  summary: "Remove old tasks and worktrees; without --yes, only list them",
  details:
    "By default, removes the files of tasks beyond CODEXMCP_KEEP_TASKS and CODEXMCP_KEEP_SECONDS, and saved worktrees that were " +
    "discarded more than 90 days ago. With --merged, --unchanged, --gone or --worktrees, removes worktrees that this server " +
    "created, saving each first as discard does. Always keeps queued and running tasks, and worktrees and branches that existed " +
    "before their task.",
  options: {
    yes: { type: "boolean", short: "y", summary: "Remove them" },
    merged: { type: "boolean", summary: "Remove worktrees whose work is all in their base" },
    unchanged: {
      type: "boolean",
      summary: "Remove worktrees without changes: no commits since their base, nothing uncommitted",
    },
    gone: {
      type: "boolean",
      summary: "Remove git's records of worktrees whose folders are gone; their branches are kept",
    },
    worktrees: { type: "boolean", summary: "Remove all worktrees, for example with --older-than" },
    keep: {
      type: "count",
      min: 0,
      summary: "Keep this many of the newest tasks, or of the most recently used worktrees",
    },
    "older-than": {
      type: "duration",
      summary: "Keep tasks that ended, and worktrees last used, within this time: 12h, 7d, 2w",
    },
    json: JSON_OPTION,
  },
  examples: [
    ["clean --older-than 7d", "List the tasks that ended more than a week ago"],
    ["clean --merged --yes", "Remove worktrees whose work is merged"],
    ["clean --worktrees --older-than 30d", "List the worktrees that have not been used for a month"],
    ["clean --worktrees --keep 20 --yes", "Remove all worktrees but the 20 that were used last"],
  ],
  run: async ({ options }) => {
    const { merged, unchanged, gone, json, keep, "older-than": olderThanSeconds } = options;
    const context = openCommandContext();
    const output = { isDryRun: !options.yes, json };
    if (options.yes) await sweepCheckouts(context);
    if (options.worktrees || merged || unchanged || gone) {
      const filter = { merged, unchanged, ...(gone && { gone }), olderThanSeconds, keepNewest: keep };
      return cleanWorktrees(context, filter, output);
    }
    return cleanTasks(context, toLimits(keep, olderThanSeconds, context.config), output);
  },
});

interface Output {
  isDryRun: boolean;
  json: boolean;
}

/** Returns the limits from the options. If one is given, the other and the configured ones do not apply. */
function toLimits(keepTasks: number | undefined, keepSeconds: number | undefined, config: Config): Limits {
  if (keepTasks === undefined && keepSeconds === undefined) return config;
  return { keepTasks: keepTasks ?? 0, keepSeconds: keepSeconds ?? 0 };
}

/**
 * Removes the files of old tasks, leftovers in the state folder and expired saved worktrees, or only lists them.
 * @returns 1 if something could not be removed
 */
async function cleanTasks(context: AppContext, limits: Limits, { isDryRun, json }: Output): Promise<number> {
  const plan = await planCleanUp(context, limits);
  const expired = await listExpiredSalvage(context);
  const done = isDryRun ? plan : cleanUp(context, plan);
  const { kept: salvage, problems } = isDryRun ? expired : await dropAll(expired);
  if (json) printJson({ dry_run: isDryRun, ...done, salvage, problems });
  else {
    const notChecked = problems.map(({ problem }) => `not checked: ${problem}`);
    printLines([...describeCleanUp(done, salvage, isDryRun), ...notChecked]);
  }
  return isDryRun || problems.length === 0 ? 0 : 1;
}

/**
 * Removes all expired saved worktrees that can be removed.
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

function describeCleanUp({ tasks, runs, leftovers }: CleanUp, salvage: KeptWorktree[], isDryRun: boolean): string[] {
  const verb = isDryRun ? "would remove" : "removed";
  const all = [...tasks, ...runs, ...leftovers];
  if (all.length + salvage.length === 0) return ["Nothing to remove."];
  const bytes = all.reduce((sum, each) => sum + each.bytes, 0);
  const ended = (time: string, size: number) =>
    `(ended ${formatDuration(secondsBetween(time))} ago, ${formatBytes(size)})`;
  return [
    ...tasks.map((task) => `${verb} ${task.task_id} ${ended(task.end_time, task.bytes)}`),
    ...runs.map((run) => `${verb} run ${run.run} of ${run.task_id} ${ended(run.end_time, run.bytes)}`),
    ...leftovers.map((each) => `${verb} ${shortenHome(each.path)} (${each.what}, ${formatBytes(each.bytes)})`),
    ...salvage.map(({ branch, savedAt, repository }) => {
      return `${verb} saved worktree of ${branch} in ${shortenHome(repository)} (discarded ${savedAt.slice(0, 10)})`;
    }),
    `${verb} ${formatBytes(bytes)} in total`,
    isDryRun ? "Nothing was changed; use --yes to remove this." : "Worktrees and branches were not changed.",
  ];
}

type CleanOutcome = CleanedWorktree & { refused?: string };
type CleanResult = KnownWorktree["report"] & CleanOutcome;

/**
 * Removes worktrees after saving their contents, or only lists them.
 * @returns 1 if one could not be removed
 */
async function cleanWorktrees(
  context: AppContext,
  filter: WorktreeFilter,
  { isDryRun, json }: Output,
): Promise<number> {
  const results: CleanResult[] = [];
  for (const known of await planWorktreeCleanUp(context, filter)) {
    results.push({ ...known.report, ...(isDryRun ? {} : await removeWorktree(context, known)) });
  }
  if (json) printJson({ dry_run: isDryRun, worktrees: results });
  else printLines(describeWorktrees(results, isDryRun));
  return results.some((result) => result.refused !== undefined) ? 1 : 0;
}

/** Removes a worktree or reports why it cannot be removed, so that the others are removed in any case. */
async function removeWorktree(context: AppContext, known: KnownWorktree): Promise<CleanOutcome> {
  try {
    return await cleanWorktree(context, known);
  } catch (error) {
    const { message, hint } = toFailure(error);
    return { refused: `${message} ${toCommandHint(hint)}` };
  }
}

function describeWorktrees(results: CleanResult[], isDryRun: boolean): string[] {
  if (results.length === 0) return ["No matching worktrees."];
  const lines = results.map((result) => {
    const size = result.state === "gone" ? "" : `, ${formatBytes(result.bytes)}`;
    const worktree = `${shortenHome(result.worktree_dir)} (${describeState(result)}${size})`;
    if (result.refused !== undefined) return `kept ${worktree}: ${result.refused}`;
    const saved = result.salvage === undefined ? "" : `; saved as ${result.salvage}`;
    const left = result.left_behind === undefined ? "" : `\n${describeLeft(result.left_behind)}`;
    return `${isDryRun ? "would remove" : "removed"} ${worktree}${saved}${left}`;
  });
  return [...lines, ...describeNextStep(results, isDryRun)];
}

function describeNextStep(results: CleanResult[], isDryRun: boolean): string[] {
  if (!isDryRun) {
    const isAnySaved = results.some(({ salvage }) => salvage !== undefined);
    return isAnySaved ? ["Run `codex-mcp-server restore <task>` to restore one."] : [];
  }
  const isAllGone = results.every(({ state }) => state === "gone");
  return [
    isAllGone
      ? "Nothing was changed; use --yes to remove git's records of them. Their branches are kept."
      : "Nothing was changed; use --yes to remove them. Their contents are saved first, except ignored files and folders larger than 1 MB.",
  ];
}

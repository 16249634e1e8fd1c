import {
  type CleanedWorktree,
  cleanWorktree,
  planWorktreeCleanUp,
  type WorktreeFilter,
} from "#worktrees/clean-worktrees.ts";
import type { AppContext } from "#tasks/context.ts";
import type { KnownWorktree } from "#worktrees/list-worktrees.ts";
import { toFailure } from "#base/errors.ts";
import { describeLeft } from "./discard.ts";
import { printJson, printLines } from "#cli/terminal/output.ts";
import { formatBytes } from "#cli/terminal/quantities.ts";
import { shortenHome } from "#cli/terminal/task-table.ts";
import { describeState } from "./worktrees.ts";

interface Output {
  isDryRun: boolean;
  json: boolean;
}

/**
 * Removes worktrees after saving their contents, or only lists them.
 * @returns 1 if one could not be removed
 */
export async function cleanWorktrees(
  context: AppContext,
  filter: WorktreeFilter,
  { isDryRun, json }: Output,
): Promise<number> {
  const results = [];
  for (const known of await planWorktreeCleanUp(context, filter)) {
    results.push({ ...known.report, ...(isDryRun ? {} : await clean(context, known)) });
  }
  if (json) printJson({ dry_run: isDryRun, worktrees: results });
  else printLines(describe(results, isDryRun));
  return results.some((result) => result.refused !== undefined) ? 1 : 0;
}

type Outcome = CleanedWorktree & { refused?: string };
type Result = KnownWorktree["report"] & Outcome;

/** Removes a worktree or reports why it cannot be removed, so that the others are removed in any case. */
async function clean(context: AppContext, known: KnownWorktree): Promise<Outcome> {
  try {
    return await cleanWorktree(context, known);
  } catch (error) {
    const { message, hint } = toFailure(error);
    return { refused: `${message} ${hint}` };
  }
}

function describe(results: Result[], isDryRun: boolean): string[] {
  if (results.length === 0) return ["No such worktrees."];
  const lines = results.map((result) => {
    const size = result.state === "gone" ? "" : `, ${formatBytes(result.bytes)}`;
    const what = `${shortenHome(result.worktree_dir)} (${describeState(result)}${size})`;
    if (result.refused !== undefined) return `kept ${what}: ${result.refused}`;
    const saved = result.salvage === undefined ? "" : `; saved as ${result.salvage}`;
    const left = result.left_behind === undefined ? "" : `\n${describeLeft(result.left_behind)}`;
    return `${isDryRun ? "would remove" : "removed"} ${what}${saved}${left}`;
  });
  return [...lines, ...describeNext(results, isDryRun)];
}

function describeNext(results: Result[], isDryRun: boolean): string[] {
  if (!isDryRun) {
    const isAnySaved = results.some(({ salvage }) => salvage !== undefined);
    return isAnySaved ? ["codex-mcp-server restore <task> brings one back."] : [];
  }
  const isAllGone = results.every(({ state }) => state === "gone");
  return [
    isAllGone
      ? "Nothing was changed; --yes removes git's record of them. Their branches stay."
      : "Nothing was changed; --yes removes them. What they hold is saved first, except ignored files and folders of more than 1 MB.",
  ];
}

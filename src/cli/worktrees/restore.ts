import { withFormerNames } from "#base/former-names.ts";
import { type DiscardedReport, listDiscarded } from "#worktrees/known-salvage.ts";
import { restoreWorktree } from "#worktrees/restore-worktree.ts";
import { secondsBetween } from "#platform/clock.ts";
import { AppError } from "#base/errors.ts";
import type { Input } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/terminal/open.ts";
import { printJson, printLines, terminalWidth } from "#cli/terminal/output.ts";
import { formatBytes, formatDuration } from "#cli/terminal/quantities.ts";
import { paint, type Text, withoutControls } from "#cli/terminal/style.ts";
import { formatTable } from "#cli/terminal/table.ts";
import { shortenHome } from "#cli/terminal/task-table.ts";

/** Restores discarded worktrees, or lists those that are kept. */
export async function restore({ operands, options }: Input<{ list: boolean; json: boolean }>): Promise<number> {
  const context = openCommandContext();
  if (options.list) return list(await listDiscarded(context, process.cwd()), options.json);
  if (operands.length === 0) {
    throw new AppError(
      "invalid_argument",
      "restore needs <task>….",
      "Run codex-mcp-server restore --list to see what is kept.",
    );
  }
  for (const name of operands) {
    const done = await restoreWorktree(context, name, process.cwd());
    if (options.json) printJson(withFormerNames(done));
    else {
      const { detached_from: branch } = done;
      printLines([
        `restored ${shortenHome(done.worktree_dir)} and ${done.agent_branch}`,
        ...(branch === undefined ? [] : [`detached from ${branch}, which has moved or is in use since`]),
        ...done.not_saved.map((path) => `not saved, so not back: ${path}`),
      ]);
    }
  }
  return 0;
}

const COLUMNS = [
  { title: "BRANCH", isFlexible: true },
  { title: "DISCARDED", align: "right" },
  { title: "KEPT UNTIL" },
  { title: "SIZE", align: "right" },
  { title: "REPOSITORY", isFlexible: true },
  { title: "REF", isFlexible: true },
] as const;

function list({ discarded, problems }: Awaited<ReturnType<typeof listDiscarded>>, isJson: boolean): number {
  if (isJson) printJson({ discarded, problems });
  else {
    const [titles = "", ...rows] = formatTable(COLUMNS, discarded.map(toCells), terminalWidth());
    const table = discarded.length === 0 ? ["No discarded worktrees are kept."] : [paint(titles, "dim"), ...rows];
    printLines([...table, ...problems.map(({ problem }) => withoutControls(`not looked at: ${problem}`))]);
  }
  return 0;
}

function toCells(report: DiscardedReport): Text[] {
  const { agent_branch, discarded_at, kept_until, bytes, has_more_bytes, repository, salvage } = report;
  return [
    withoutControls(agent_branch),
    `${formatDuration(secondsBetween(discarded_at))} ago`,
    kept_until.slice(0, 10),
    `${has_more_bytes === true ? "> " : ""}${formatBytes(bytes)}`,
    withoutControls(shortenHome(repository)),
    withoutControls(salvage),
  ];
}

import { withFormerNames } from "#base/former-names.ts";
import { type DiscardedReport, listDiscarded } from "#worktrees/known-salvage.ts";
import { restoreWorktree } from "#worktrees/restore-worktree.ts";
import { secondsBetween } from "#platform/clock.ts";
import { AppError } from "#base/errors.ts";
import { defineCommand, JSON_OPTION, TASKS } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printJson, printLines, terminalWidth } from "#cli/terminal/output.ts";
import { formatBytes, formatDuration } from "#base/format-values.ts";
import { shortenHome } from "#base/paths.ts";
import { paint, type Text, withoutControls } from "#cli/terminal/style.ts";
import { formatTable } from "#cli/terminal/table.ts";

export const restoreCommand = defineCommand({
  name: "restore",
  group: "worktrees",
  summary: "Restore discarded worktrees",
  details:
    "Takes the id or topic of a task, its branch, or the ref that discard printed, even if the record of the task is gone. " +
    "Searches the repository of the current folder first, then all repositories that tasks have worked in.",
  operands: { ...TASKS, usage: "[<task>…]", min: 0 },
  options: {
    list: { type: "boolean", summary: "List the saved worktrees, their size and when they expire" },
    json: JSON_OPTION,
  },
  examples: [
    ["restore implement-parser-v1", "Restore the worktree of a task"],
    ["restore --list", "List everything that can be restored"],
  ],
  run: async ({ options, operands }) => {
    const context = openCommandContext();
    if (options.list) return list(await listDiscarded(context, process.cwd()), options.json);
    if (operands.length === 0) {
      const hint = "Run `codex-mcp-server restore --list` to list what is saved.";
      throw new AppError("invalid_argument", "restore needs <task>….", hint);
    }
    for (const name of operands) {
      const done = await restoreWorktree(context, name, process.cwd());
      if (options.json) printJson(withFormerNames(done));
      else printLines(describe(done));
    }
    return 0;
  },
});

function describe(done: Awaited<ReturnType<typeof restoreWorktree>>): string[] {
  const { detached_from: branch } = done;
  return [
    `restored ${shortenHome(done.worktree_dir)} and ${done.agent_branch}`,
    ...(branch === undefined ? [] : [`detached from ${branch}, which has moved or is in use`]),
    ...done.not_saved.map((path) => `not saved, so not restored: ${path}`),
  ];
}

const COLUMNS = [
  { title: "BRANCH", isFlexible: true, keepsEnd: true },
  { title: "DISCARDED", align: "right" },
  { title: "KEPT UNTIL" },
  { title: "SIZE", align: "right" },
  { title: "REPOSITORY", isFlexible: true, keepsEnd: true },
  { title: "REF", isFlexible: true, keepsEnd: true },
] as const;

function list({ discarded, problems }: Awaited<ReturnType<typeof listDiscarded>>, isJson: boolean): number {
  if (isJson) printJson({ discarded, problems });
  else {
    const [titles = "", ...rows] = formatTable(COLUMNS, discarded.map(toCells), terminalWidth());
    const table = discarded.length === 0 ? ["No discarded worktrees are saved."] : [paint(titles, "dim"), ...rows];
    printLines([...table, ...problems.map(({ problem }) => withoutControls(`not checked: ${problem}`))]);
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

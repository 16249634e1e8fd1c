import { repositoryOf } from "#tasks/overview.ts";
import { type KnownWorktree, listWorktrees } from "#worktrees/list-worktrees.ts";
import { compareWorktrees } from "#worktrees/collisions/collision-fields.ts";
import { describeConflicts } from "#domain/collision.ts";
import type { WorktreeReport } from "#worktrees/worktree-report.ts";
import { secondsBetween } from "#platform/clock.ts";
import { defineCommand, JSON_OPTION } from "#cli/framework/command.ts";
import { toCommandHint } from "#base/command-hints.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printJson, printLines, terminalWidth } from "#cli/terminal/output.ts";
import { formatBytes, formatDuration, nameFolders } from "#base/format-values.ts";
import { shortenHome } from "#base/paths.ts";
import { compose, paint, type StyledText, type Text, withoutControls } from "#cli/terminal/style.ts";
import { type Column, formatTable } from "#cli/terminal/table.ts";

export const worktreesCommand = defineCommand({
  name: "worktrees",
  group: "worktrees",
  summary: "List the worktrees of tasks and their state",
  details:
    "Shows the size of each worktree, its commits ahead of its base and behind it, and whether it has uncommitted changes, is " +
    "merged, or has no changes, and which work would conflict. Takes about three seconds at most; files that could not be read by " +
    "then are reported as not checked, and worktrees as not compared.",
  options: {
    exact: { type: "boolean", summary: "Read all files, however long that takes" },
    json: JSON_OPTION,
  },
  examples: [["worktrees", "List the worktrees in all repositories"]],
  run: async ({ options }) => {
    const context = openCommandContext();
    const listed = await listWorktrees(context, options.exact);
    const { worktrees, obstacle } = await compareWorktrees(context, listed, options.exact);
    const reports = worktrees.map(({ report }) => report);
    if (options.json) printJson({ worktrees: reports, ...(obstacle !== undefined && { not_compared: obstacle }) });
    else if (reports.length === 0) printLines(["No worktrees. Each task that writes in a git repository gets one."]);
    else {
      const [titles = "", ...rows] = formatWorktrees(worktrees, terminalWidth());
      const conflicts = reports.flatMap(describeConflictsOf);
      printLines([paint(titles, "dim"), ...rows, ...conflicts, ...describeProblems(reports, options.exact)]);
      if (obstacle !== undefined) printLines([`Conflicts between worktrees are not shown: ${obstacle}`]);
    }
    return 0;
  },
});

/** Column with its cells, and the smallest terminal width at which it is shown. */
interface WorktreeColumn extends Column {
  minWidth: number;
  cell: (report: WorktreeReport, repository: string) => Text;
}

const COLUMNS: readonly WorktreeColumn[] = [
  {
    title: "BRANCH",
    isFlexible: true,
    keepsEnd: true,
    minWidth: 0,
    cell: ({ agent_branch }) => withoutControls(agent_branch),
  },
  { title: "REPOSITORY", isFlexible: true, keepsEnd: true, minWidth: 0, cell: (_, name) => withoutControls(name) },
  { title: "STATE", minWidth: 0, cell: (report) => withoutControls(describeState(report)) },
  { title: "AHEAD", align: "right", minWidth: 0, cell: (report) => ifKnown(report, String(report.ahead)) },
  { title: "BEHIND", align: "right", minWidth: 100, cell: (report) => ifKnown(report, String(report.behind)) },
  { title: "SIZE", align: "right", minWidth: 70, cell: (report) => ifKnown(report, formatSize(report)) },
  { title: "LAST TASK", align: "right", minWidth: 100, cell: formatLastTask },
  {
    title: "FOLDER",
    isFlexible: true,
    keepsEnd: true,
    minWidth: 130,
    cell: ({ worktree_dir }) => withoutControls(shortenHome(worktree_dir)),
  },
];

/** Returns the lines of a table of worktrees, column titles first, without the columns for which a terminal is too narrow. */
function formatWorktrees(worktrees: readonly KnownWorktree[], width: number): StyledText[] {
  const columns = COLUMNS.filter(({ minWidth }) => width >= minWidth);
  const paths = worktrees.map(({ site }) => repositoryOf(site.repository));
  const names = nameFolders(paths);
  const rows = worktrees.map(({ report }, index) => {
    const path = paths[index] ?? "";
    return columns.map(({ cell }) => cell(report, names.get(path) ?? path));
  });
  return formatTable(columns, rows, width);
}

function ifKnown({ state }: WorktreeReport, text: string): string {
  return state === "unreadable" ? "?" : text;
}

function formatSize({ bytes, has_more_bytes }: WorktreeReport): string {
  return `${has_more_bytes === true ? "> " : ""}${formatBytes(bytes)}`;
}

function formatLastTask({ last_task }: WorktreeReport): string {
  return last_task === undefined ? "" : `${formatDuration(secondsBetween(last_task.at))} ago`;
}

/** Returns what the work of a worktree conflicts with: its base branch, and other tasks. */
function listConflicts(report: WorktreeReport): string[] {
  const base = report.merges_cleanly === false ? [`conflicts with ${report.base_branch}`] : [];
  const others = describeConflicts(report);
  return others === undefined ? base : [...base, others];
}

/** Returns a line on the conflicts of a worktree, which has no room in a table; none without any. */
function describeConflictsOf(report: WorktreeReport): Text[] {
  const conflicts = listConflicts(report);
  if (conflicts.length === 0) return [];
  return [compose`${paint(withoutControls(report.agent_branch), "bold")} ${withoutControls(conflicts.join("; "))}`];
}

/** Returns lines on unknown states, with the reasons. */
function describeProblems(reports: readonly WorktreeReport[], isExact: boolean): Text[] {
  const problems = reports.flatMap(({ worktree_dir, problem }) =>
    problem === undefined ? [] : [withoutControls(`${shortenHome(worktree_dir)}: ${toCommandHint(problem)}`)],
  );
  const notCompared = reports.filter(({ not_compared }) => not_compared !== undefined).length;
  const isCut = reports.some((each) => each.problem === undefined && (each.is_work_unknown ?? each.has_more_bytes));
  return [
    ...problems,
    ...(isCut && !isExact ? ["Not all files were checked; use --exact to check them."] : []),
    ...(notCompared > 0 ? [describeNotCompared(notCompared, isExact)] : []),
  ];
}

function describeNotCompared(count: number, isExact: boolean): string {
  const hint = isExact ? "" : "; use --exact to take the time";
  return `${count} ${count === 1 ? "worktree was" : "worktrees were"} not compared with all others${hint}.`;
}

/** Describes the state of a worktree in a few words. */
export function describeState(report: WorktreeReport): string {
  const { state, on_branch, has_uncommitted_work, is_work_unknown, is_merged, is_unchanged, made_here } = report;
  const isUnknown = is_work_unknown === true && state !== "unreadable";
  const words = [
    state,
    ...(on_branch === undefined ? [] : [`on ${on_branch}`]),
    ...(isUnknown ? ["not checked"] : has_uncommitted_work && state !== "unreadable" ? ["uncommitted changes"] : []),
    ...(is_merged ? ["merged"] : []),
    ...(is_unchanged ? ["no changes"] : []),
    ...(made_here ? [] : ["pre-existing"]),
    ...(listConflicts(report).length === 0 ? [] : ["conflicts"]),
  ];
  return words.join(", ");
}

import { listWorktrees } from "#worktrees/list-worktrees.ts";
import type { WorktreeReport } from "#worktrees/worktree-report.ts";
import { secondsBetween } from "#platform/clock.ts";
import { defineCommand, JSON_OPTION } from "#cli/framework/command.ts";
import { toCommandHint } from "#cli/framework/command-hints.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printJson, printLines, terminalWidth } from "#cli/terminal/output.ts";
import { formatBytes, formatDuration, shortenHome } from "#cli/terminal/format-values.ts";
import { paint, type Text, withoutControls } from "#cli/terminal/style.ts";
import { formatTable } from "#cli/terminal/table.ts";

export const worktreesCommand = defineCommand({
  name: "worktrees",
  group: "worktrees",
  summary: "List the worktrees of tasks and their state",
  details:
    "Shows the size of each worktree, its commits ahead of its base and behind it, and whether it has uncommitted changes, is " +
    "merged, or has no changes. Takes about a second at most; files that could not be read by then are reported as not checked.",
  options: {
    exact: { type: "boolean", summary: "Read all files, however long that takes" },
    json: JSON_OPTION,
  },
  examples: [["worktrees", "List the worktrees in all repositories"]],
  run: async ({ options }) => {
    const reports = (await listWorktrees(openCommandContext(), options.exact)).map(({ report }) => report);
    if (options.json) printJson({ worktrees: reports });
    else if (reports.length === 0) printLines(["No worktrees. Each full-access task in a git repository gets one."]);
    else {
      const [titles = "", ...rows] = formatTable(COLUMNS, reports.map(toCells), terminalWidth());
      printLines([paint(titles, "dim"), ...rows, ...describeProblems(reports, options.exact)]);
    }
    return 0;
  },
});

const COLUMNS = [
  { title: "BRANCH", isFlexible: true },
  { title: "STATE" },
  { title: "AHEAD", align: "right" },
  { title: "BEHIND", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "LAST TASK", align: "right" },
  { title: "FOLDER", isFlexible: true },
] as const;

/** Returns lines on unknown states, with the reasons. */
function describeProblems(reports: readonly WorktreeReport[], isExact: boolean): Text[] {
  const problems = reports.flatMap(({ worktree_dir, problem }) =>
    problem === undefined ? [] : [withoutControls(`${shortenHome(worktree_dir)}: ${toCommandHint(problem)}`)],
  );
  const isCut = reports.some((each) => each.problem === undefined && (each.is_work_unknown ?? each.has_more_bytes));
  return [...problems, ...(isCut && !isExact ? ["Not all files were checked; use --exact to check them."] : [])];
}

function toCells(report: WorktreeReport): Text[] {
  const { agent_branch, state, ahead, behind, bytes, has_more_bytes, last_task, worktree_dir } = report;
  const isKnown = state !== "unreadable";
  return [
    withoutControls(agent_branch),
    withoutControls(describeState(report)),
    isKnown ? String(ahead) : "?",
    isKnown ? String(behind) : "?",
    isKnown ? `${has_more_bytes === true ? "> " : ""}${formatBytes(bytes)}` : "?",
    last_task === undefined ? "" : `${formatDuration(secondsBetween(last_task.at))} ago`,
    withoutControls(shortenHome(worktree_dir)),
  ];
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
  ];
  return words.join(", ");
}

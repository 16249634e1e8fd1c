import { listWorktrees, type WorktreeReport } from "#app/list-worktrees.ts";
import { secondsBetween } from "#lib/clock.ts";
import type { Input } from "./command.ts";
import { openForPerson } from "./open.ts";
import { printJson, printLines, terminalWidth } from "./output.ts";
import { formatBytes, formatDuration } from "./quantities.ts";
import { paint, type Text, withoutControls } from "./style.ts";
import { formatTable } from "./table.ts";
import { shortenHome } from "./task-table.ts";

const COLUMNS = [
  { title: "BRANCH", isFlexible: true },
  { title: "STATE" },
  { title: "AHEAD", align: "right" },
  { title: "BEHIND", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "LAST TASK", align: "right" },
  { title: "FOLDER", isFlexible: true },
] as const;

/** Lists the worktrees that tasks have worked in. */
export async function worktrees({ options }: Input<{ json: boolean }>): Promise<number> {
  const reports = (await listWorktrees(openForPerson())).map(({ report }) => report);
  if (options.json) printJson({ worktrees: reports });
  else if (reports.length === 0) printLines(["No worktrees. Full-access tasks in a git repository get one each."]);
  else {
    const [titles = "", ...rows] = formatTable(COLUMNS, reports.map(toCells), terminalWidth());
    printLines([paint(titles, "dim"), ...rows]);
  }
  return 0;
}

function toCells(report: WorktreeReport): Text[] {
  const { agent_branch, ahead, behind, bytes, has_more_bytes, last_task, worktree_dir } = report;
  return [
    withoutControls(agent_branch),
    describeState(report),
    String(ahead),
    String(behind),
    `${has_more_bytes === true ? "> " : ""}${formatBytes(bytes)}`,
    last_task === undefined ? "" : `${formatDuration(secondsBetween(last_task.at))} ago`,
    withoutControls(shortenHome(worktree_dir)),
  ];
}

/** Returns how a worktree stands, in a few words. */
export function describeState({ state, has_uncommitted_work, is_merged, made_here }: WorktreeReport): string {
  const words = [
    state,
    ...(has_uncommitted_work ? ["uncommitted work"] : []),
    ...(is_merged ? ["merged"] : []),
    ...(made_here ? [] : ["not ours"]),
  ];
  return words.join(", ");
}

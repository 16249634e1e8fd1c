import type { AppContext } from "#tasks/context.ts";
import { readRecentEvents } from "#tasks/follow/read-progress.ts";
import { toFailure } from "#base/errors.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { diffWorktree } from "#worktrees/diff-worktree.ts";
import { toCommandHint } from "#base/command-hints.ts";
import { describeEnd, formatEvent } from "#cli/terminal/format-task.ts";
import { PatchPainter } from "#cli/terminal/patch.ts";
import { multiline, type Style, type Text, visiblePieces, withoutControls } from "#cli/terminal/style.ts";

/** Tabs of a task's page, in order. */
export const TABS = ["Live", "Result", "Diff"] as const;

/** One of {@link TABS}. */
export type Tab = (typeof TABS)[number];

/** Keys that open the selected task, with the tab that they show. */
export const OPENING_KEYS: ReadonlyMap<string, Tab> = new Map([
  ["return", "Live"],
  ["l", "Live"],
  ["r", "Result"],
  ["v", "Diff"],
]);

/** Returns the tab that a key shows; undefined for other keys. */
export function nextTab(tab: Tab, key: string): Tab | undefined {
  const index = TABS.indexOf(tab);
  if (key === "tab" || key === "right") return TABS[(index + 1) % TABS.length];
  if (key === "left") return TABS[(index + TABS.length - 1) % TABS.length];
  if (OPENING_KEYS.has(key) && key !== "return") return OPENING_KEYS.get(key);
  return TABS[Number(key) - 1];
}

/** Line of a tab, which may have to be wrapped. */
export interface TabLine {
  text: Text;
  style: Style;
}

const MAX_LOG_BYTES = 256 * 1024;
/** Largest part of a diff that is shown, in bytes. */
const MAX_DIFF_BYTES = 256 * 1024;

/** Returns what Codex has done most recently. */
export function readLive({ log_file }: TaskRecord): TabLine[] {
  return readRecentEvents(log_file, MAX_LOG_BYTES).map((event) => formatEvent(event));
}

/** Returns what was asked, and what came of it. */
export function readResult(task: TaskRecord): TabLine[] {
  const asked: TabLine[] = [{ text: `Asked: ${task.title ?? task.topic}`, style: "dim" }];
  if (!isEnded(task)) return [...asked, { text: `The task is ${task.status}; it has no result yet.`, style: "plain" }];
  const lines: TabLine[] = describeEnd(task).map((text) => ({
    text,
    style: task.status === "completed" ? "green" : "red",
  }));
  const hint = task.status === "failed" ? toCommandHint(task.hint, task.task_id) : undefined;
  if (hint !== undefined) lines.push({ text: withoutControls(hint), style: "plain" });
  if (task.result !== undefined) lines.push({ text: "", style: "plain" }, ...split(task.result));
  return [...asked, ...lines];
}

function split(text: string): TabLine[] {
  return text.split("\n").map((line) => ({ text: multiline(withoutControls(line)), style: "plain" }));
}

/** Returns the changes in a task's worktree, or why there are none to show. */
export async function readDiff(context: AppContext, taskId: string): Promise<TabLine[]> {
  try {
    const { diff_stat, patch, patch_bytes } = await diffWorktree(context, taskId, [], MAX_DIFF_BYTES);
    const painter = new PatchPainter();
    const lines = patch.toString("latin1").split("\n").slice(0, -1);
    const painted = lines.map((line): TabLine => {
      const text = painter.push(Buffer.from(`${line}\n`, "latin1"));
      const pieces = visiblePieces(text).slice(0, -1);
      return { text: pieces.map(({ words }) => words).join(""), style: pieces[0]?.style ?? "plain" };
    });
    const cut =
      patch_bytes > patch.length
        ? [
            {
              text: `Only the beginning is shown: \`codex-mcp-server diff ${taskId}\` has all.`,
              style: "yellow" as const,
            },
          ]
        : [];
    return [{ text: diff_stat || "No changes.", style: "bold" }, ...painted, ...cut];
  } catch (error) {
    const { message, hint } = toFailure(error);
    return [{ text: withoutControls(`${message} ${toCommandHint(hint, taskId)}`), style: "yellow" }];
  }
}

import { formatPlural, listSome, shorten } from "#base/text.ts";
import { summarizeCheck } from "#domain/check.ts";
import type { CollisionFields } from "#domain/collision.ts";
import type { TaskRecord } from "#domain/record.ts";
import type { TaskDetail } from "#tasks/show-task.ts";
import { shortenHome } from "#base/paths.ts";
import { multiline, paint, type Text, withoutControls } from "#cli/terminal/style.ts";

/** Maximum number of characters of the check's command that are shown. */
const MAX_COMMAND = 200;

/** Describes the check of a task's work in one line; undefined if it has none. */
export function describeCheck({ check }: TaskDetail, { check_request: request }: TaskRecord): string | undefined {
  if (request === undefined) return undefined;
  const command = shorten(request.command.replace(/\s+/g, " "), MAX_COMMAND);
  return check === undefined ? command : `${command} (${summarizeCheck(check)})`;
}

/** Maximum number of lines of a failed check's output that are shown. */
const MAX_CHECK_LINES = 20;

/** Returns the end of the output of a check that has failed. */
export function describeCheckOutput({ check }: TaskDetail): Text[] {
  const { passed, output_tail = "", output_file } = check ?? {};
  if (passed !== false || output_tail.trim() === "") return [];
  const lines = output_tail.trimEnd().split("\n").slice(-MAX_CHECK_LINES);
  const file = paint(withoutControls(`The whole output is in ${shortenHome(output_file ?? "")}.`), "dim");
  return ["", paint("Check", "bold"), multiline(withoutControls(lines.join("\n"))), file];
}

/** Describes what became of the notices of a task's end. */
export function describeNotices({ notices = {} }: TaskDetail): string | undefined {
  return (
    Object.entries(notices)
      .map(([channel, state]) => `${channel} ${state}`)
      .join("; ") || undefined
  );
}

/** Maximum number of conflicting files of one task that are shown. */
const MAX_CONFLICTS = 5;

/** Describes whether a task's work can be merged, and which other work conflicts with it; undefined if that is unknown. */
export function describeMerging(detail: TaskDetail & CollisionFields): string | undefined {
  const { merges_cleanly, base_branch, conflicts_with = [], conflicts_total, not_compared } = detail;
  const base =
    merges_cleanly === undefined ? [] : [`${merges_cleanly ? "merges cleanly into" : "conflicts with"} ${base_branch}`];
  const others = conflicts_with.map(
    ({ task, files, files_total }) =>
      `conflicts with ${task} in ${listSome(files, MAX_CONFLICTS)}${files_total === undefined ? "" : ` (${formatPlural(files_total, "file")})`}`,
  );
  const more = conflicts_total === undefined ? [] : [`conflicts with ${conflicts_total} tasks in all`];
  const unknown = not_compared === undefined ? [] : [`not compared with ${formatPlural(not_compared, "worktree")}`];
  const all = [...base, ...others, ...more, ...unknown];
  return all.length === 0 ? undefined : all.join("; ");
}

import { toCommandHint } from "#base/command-hints.ts";
import { formatLocalTime } from "#base/format-values.ts";
import { shortenHome } from "#base/paths.ts";
import { formatPlural, listSome, shorten } from "#base/text.ts";
import { summarizeCheck } from "#domain/check.ts";
import type { CollisionFields } from "#domain/collision.ts";
import type { TaskRecord } from "#domain/record.ts";
import type { TaskDetail } from "./show-task.ts";

/** Fact about a task, for people. */
export interface TaskFact {
  name: string;
  value: string;
}

/** Task with what is known about merging its work. */
export type ShownTask = TaskDetail & CollisionFields;

/** Returns the facts about a task that people see as a table, in their order. */
export function listTaskFacts(detail: ShownTask, record: TaskRecord): TaskFact[] {
  const { usage } = detail;
  const settings = [
    record.model && `model ${record.model}`,
    record.reasoning_effort && `effort ${record.reasoning_effort}`,
    record.profile && `profile ${record.profile}`,
  ];
  const rows: [name: string, value: string | number | undefined][] = [
    ["started", `${formatLocalTime(new Date(record.start_time))} (run ${record.run}, ${detail.mode})`],
    ["ended", "end_time" in record ? formatLocalTime(new Date(record.end_time)) : undefined],
    ["client", record.client],
    ["sandbox", detail.sandbox + (record.readonly_fallback === true ? " (fallback)" : "")],
    ["approvals", record.approvals],
    ["review of", record.review],
    ["goal", describeGoal(detail, record)],
    ["check", describeCheck(detail, record)],
    ["settings", settings.filter(Boolean).join(", ") || undefined],
    ["fork of", detail.forks],
    ["group", detail.group],
    ["workspace", shortenHome(detail.cwd)],
    ["worktree", detail.worktree_dir === undefined ? undefined : shortenHome(detail.worktree_dir)],
    ["branch", describeBranch(detail)],
    ["merging", describeMerging(detail)],
    ["session", detail.session_id],
    ["tokens", usage && `${usage.input_tokens} in (${usage.cached_input_tokens} cached), ${usage.output_tokens} out`],
    ["token limit", detail.max_tokens],
    ["queue position", detail.queue_position],
    ["last event", detail.last_event_at && formatLocalTime(new Date(detail.last_event_at))],
    [detail.status === "running" ? "stalled" : "because", detail.stalled],
    ["notices", describeNotices(detail)],
    ["note", detail.note && toCommandHint(detail.note, detail.task_id)],
    ["log", shortenHome(detail.log_file)],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value: String(value) }]));
}

/** Maximum number of characters of the goal that are shown. */
const MAX_GOAL = 300;

function describeGoal({ goal_state: state }: ShownTask, { goal }: TaskRecord): string | undefined {
  if (goal === undefined) return undefined;
  const { objective, token_budget: budget } = goal;
  const used = state && `${state.tokens_used}${budget === undefined ? "" : ` of ${budget}`} tokens`;
  const limit = budget === undefined ? [] : [`at most ${budget} tokens`];
  const facts = state === undefined ? limit : [state.status, used];
  const text = shorten(objective.replace(/\s+/g, " "), MAX_GOAL);
  return facts.length === 0 ? text : `${text} (${facts.join(", ")})`;
}

function describeBranch({ agent_branch, base_branch, base_commit }: ShownTask): string | undefined {
  if (agent_branch === undefined) return undefined;
  const base = base_branch ?? base_commit?.slice(0, 12);
  return base === undefined ? agent_branch : `${agent_branch} (from ${base})`;
}

/** Maximum number of characters of the check's command that are shown. */
const MAX_COMMAND = 200;

/** Describes the check of a task's work in one line; undefined if it has none. */
function describeCheck({ check }: TaskDetail, { check_request: request }: TaskRecord): string | undefined {
  if (request === undefined) return undefined;
  const command = shorten(request.command.replace(/\s+/g, " "), MAX_COMMAND);
  return check === undefined ? command : `${command} (${summarizeCheck(check)})`;
}

/** Describes what became of the notices of a task's end. */
function describeNotices({ notices = {} }: TaskDetail): string | undefined {
  return (
    Object.entries(notices)
      .map(([channel, state]) => `${channel} ${state}`)
      .join("; ") || undefined
  );
}

/** Maximum number of conflicting files of one task that are shown. */
const MAX_CONFLICTS = 5;

/** Describes whether a task's work can be merged, and which other work conflicts with it; undefined if that is unknown. */
function describeMerging(detail: TaskDetail & CollisionFields): string | undefined {
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

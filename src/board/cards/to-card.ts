import { openQuestions, type TaskRecord, visibleStatus } from "#domain/record.ts";
import { countTokens } from "#domain/usage.ts";
import type { TaskOverview } from "#tasks/overview.ts";
import type { Card, BoardColumn, WorkState } from "#board/api/card.ts";

/** Returns the card of a task. @param work what became of its work */
export function toCard(record: TaskRecord, line: TaskOverview, work: WorkState): Card {
  const { task_id: id, run, topic, sandbox, title = topic } = record;
  return {
    id,
    run,
    status: visibleStatus(record),
    column: columnOf(record, line, work),
    title,
    topic,
    repository: line.repository,
    ...(record.agent_branch !== undefined && { branch: record.agent_branch }),
    ...(record.base_branch !== undefined && { base_branch: record.base_branch }),
    ...(line.running_on !== undefined && { host: line.running_on }),
    ...(record.client !== undefined && { client: record.client }),
    sandbox,
    is_unsandboxed: sandbox === "full-access",
    ...(record.model !== undefined && { model: record.model }),
    started_at: record.start_time,
    ...("end_time" in record && { ended_at: record.end_time }),
    elapsed_seconds: line.elapsed_seconds,
    ...(line.last_event_at !== undefined && { last_event_at: line.last_event_at }),
    ...(line.activity !== undefined && { activity: line.activity }),
    ...(line.stalled !== undefined && { stalled: line.stalled }),
    ...(line.waits_for !== undefined && { waits_for: line.waits_for }),
    questions: openQuestions(record).length,
    ...("code" in record && { code: record.code }),
    ...(line.usage !== undefined && { tokens: countTokens(line.usage) }),
    work,
    ...(record.group !== undefined && { group: record.group.id }),
    ...(record.forks !== undefined && { forks: record.forks }),
  };
}

function columnOf(record: TaskRecord, { waits_for }: TaskOverview, work: WorkState): BoardColumn {
  switch (record.status) {
    case "queued":
      return "queued";
    case "running":
      return waits_for === "answer" ? "waiting" : "running";
    case "completed":
      return work === "open" ? "review" : "merged";
    case "failed":
    case "cancelled":
      return "failed";
  }
}

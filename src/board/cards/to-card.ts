import { elapsedSeconds, isEnded, openQuestions, type TaskRecord, visibleStatus } from "#domain/record.ts";
import { shorten } from "#base/text.ts";
import { repositoryOf } from "#tasks/overview.ts";
import { parseShortstat } from "#worktrees/compare/task-work.ts";
import type { BoardColumn, Card, WorkState } from "#board/api/card.ts";
import type { TaskFacts } from "./task-facts.ts";

/** Facts about the work in a worktree, which changes without its tasks. */
export interface WorkFacts extends Pick<Card, "changes" | "merges_cleanly" | "conflicts_with"> {
  work: WorkState;
  /** Set if a later task has continued the work: that one is to be reviewed. */
  is_superseded?: boolean;
}

/** Longest title, in characters: records of other programs may have any. */
const MAX_TITLE = 500;

/** Returns the card of a task. */
export function toCard(record: TaskRecord, facts: TaskFacts, work: WorkFacts): Card {
  const { task_id: id, run, topic, sandbox, title = topic } = record;
  const card = {
    id,
    run,
    status: visibleStatus(record),
    title: shorten(title, MAX_TITLE),
    topic,
    repository: repositoryOf(record.workspace),
    ...(record.agent_branch !== undefined && { branch: record.agent_branch }),
    ...(record.base_branch !== undefined && { base_branch: record.base_branch }),
    ...(record.client !== undefined && { client: record.client }),
    sandbox,
    is_unsandboxed: sandbox === "full-access",
    ...(record.model !== undefined && { model: record.model }),
    started_at: record.start_time,
    ...(isEnded(record) && { ended_at: record.end_time }),
    elapsed_seconds: elapsedSeconds(record),
    ...facts,
    questions: openQuestions(record).length,
    ...("code" in record && { code: record.code }),
    ...(record.group !== undefined && { group: record.group.id }),
    ...(record.forks !== undefined && { forks: record.forks }),
  };
  const recorded = isEnded(record) ? parseShortstat(record.diff_stat) : undefined;
  return placeCard({ ...card, ...(recorded !== undefined && { changes: recorded }) }, work);
}

/** Card without what depends on its work. */
type UnplacedCard = Omit<Card, "column" | "work" | "merges_cleanly" | "conflicts_with">;

/** Returns a card with other facts about its work. */
export function placeCard(card: UnplacedCard & Partial<Card>, facts: WorkFacts): Card {
  const { merges_cleanly: _merges, conflicts_with: _conflicts, ...rest } = card;
  const { work, changes, merges_cleanly, conflicts_with } = facts;
  const isLast = facts.is_superseded !== true;
  return {
    ...rest,
    column: columnOf(card, facts),
    work,
    // Those of an ended task are what it has done.
    ...(card.ended_at === undefined && changes !== undefined && { changes }),
    ...(isLast && merges_cleanly !== undefined && { merges_cleanly }),
    ...(isLast && conflicts_with !== undefined && { conflicts_with }),
  };
}

/** Time for which a result without work is shown as one to be read, in milliseconds. */
const UNREAD_MS = 7 * 86_400_000;

function columnOf(
  { status, questions, sandbox, ended_at }: UnplacedCard,
  { work, is_superseded }: WorkFacts,
): BoardColumn {
  switch (status) {
    case "queued":
    case "running":
      return status;
    case "waiting":
      return questions > 0 ? "waiting" : "running";
    case "completed": {
      const isUnread = sandbox === "read-only" && Date.now() - Date.parse(ended_at ?? "") < UNREAD_MS;
      return isUnread || (work === "open" && is_superseded !== true) ? "review" : "merged";
    }
    case "failed":
    case "cancelled":
      return "failed";
  }
}

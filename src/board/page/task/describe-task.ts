import type { Card } from "#board/api/card.ts";
import type { PageAction } from "#board/api/task.ts";
import type { MessageRecord } from "#domain/message.ts";
import type { Decision, QuestionContent } from "#domain/question.ts";

/** Meaning of a label, which its colour repeats. */
export type Tone = "neutral" | "info" | "good" | "warn" | "bad";

/** Label of a task: a mark and words. */
export interface TaskLabel {
  mark: string;
  text: string;
  tone: Tone;
}

/** Returns the state of a task in words. */
export function describeTaskState({ status, waits_for, work }: Card): TaskLabel {
  switch (status) {
    case "queued":
      return { mark: "○", text: waits_for === "quota" ? "Queued, waits for the quota" : "Queued", tone: "neutral" };
    case "running":
      return { mark: "●", text: "Running", tone: "info" };
    case "waiting":
      return { mark: "?", text: waits_for === "quota" ? "Waiting for the quota" : "Waiting for you", tone: "warn" };
    case "completed":
      return { mark: "✓", text: work === "open" ? "Completed, to review" : "Completed", tone: "good" };
    case "failed":
      return { mark: "✗", text: "Failed", tone: "bad" };
    case "cancelled":
      return { mark: "–", text: "Cancelled", tone: "neutral" };
  }
}

/** Returns the labels for the fate of a task's work. */
export function describeWorkOf({
  work,
  merges_cleanly,
  base_branch = "its base",
  conflicts_with = [],
}: Card): TaskLabel[] {
  if (work === "merged") return [{ mark: "✓", text: "Merged", tone: "good" }];
  if (work === "discarded") return [{ mark: "–", text: "Discarded", tone: "neutral" }];
  if (work === "gone") return [{ mark: "–", text: "Worktree is gone", tone: "neutral" }];
  const merging: TaskLabel[] =
    merges_cleanly === undefined
      ? []
      : merges_cleanly
        ? [{ mark: "✓", text: `Merges cleanly into ${base_branch}`, tone: "good" }]
        : [{ mark: "✗", text: `Conflicts with ${base_branch}`, tone: "bad" }];
  const others: TaskLabel[] =
    conflicts_with.length === 0
      ? []
      : [{ mark: "!", text: `Conflicts with ${conflicts_with.map(({ task }) => task).join(", ")}`, tone: "warn" }];
  return [...merging, ...others];
}

/** Sentences that say why an action is not possible. */
export const REFUSALS: Record<PageAction, string> = {
  send: "This task takes no message now.",
  answer: "This task asks nothing now.",
  cancel: "This task has ended: there is nothing to cancel.",
  merge: "This task has nothing that can be merged now.",
  discard: "This task has no worktree that can be discarded.",
  restore: "This task has no discarded worktree.",
  resume: "This task cannot be continued now.",
  open: "This task has no worktree to open.",
};

/** Returns what became of a message. */
export function describeDelivery({ state, delivery, why }: MessageRecord): string {
  if (state === "undelivered") return why === undefined ? "not delivered" : `not delivered: ${why}`;
  if (state === "waiting") return delivery === "queued" ? "waits for the next turn" : "not read yet";
  return delivery === "replaced" ? "read, in place of the turn" : "read";
}

/** Returns the words on the button of a decision. */
export function nameDecision(decision: Decision, { kind, fields = [] }: QuestionContent): string {
  switch (decision) {
    case "accept":
      return fields.length > 0 || kind === "input" || kind === "form" ? "Answer" : "Approve";
    case "accept_for_session":
      return "Approve for this session";
    case "decline":
      return "Decline";
    case "cancel":
      return "Decline and end the turn";
  }
}

/** Returns the kind of a line of a unified diff. */
export function kindOfDiffLine(line: string): "added" | "removed" | "hunk" | "same" {
  if (line.startsWith("@@")) return "hunk";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "same";
}

import type { CheckOutcome, CheckProgress } from "#domain/check.ts";
import type { ReviewFacts } from "#domain/finding.ts";
import type { MessageRecord, TaskMessage } from "#domain/message.ts";
import type { Question } from "#domain/question.ts";
import type { ReadonlyAudit } from "#domain/readonly-audit.ts";
import type { Usage } from "#domain/usage.ts";
import type { Card } from "./card.ts";

/** Run of a task. */
export interface RunEntry {
  run: number;
  status: string;
  started_at?: string;
  ended_at?: string;
  /** Whether its log is still there. */
  has_log: boolean;
}

/** File of a task that its page names. */
export interface TaskFile {
  name: string;
  path: string;
  bytes: number;
}

/** Page of a task. */
export interface TaskPageData {
  card: Card;
  /** Prompt of the current run, in full up to 1 MiB. */
  prompt: string;
  /** Runs, the current one last. */
  runs: RunEntry[];
  /** Last message of Codex, as Markdown. */
  result?: string;
  error?: { code: string; message: string; hint: string };
  review?: ReviewFacts;
  usage?: Usage;
  max_tokens?: number;
  check?: CheckOutcome | CheckProgress;
  audit?: ReadonlyAudit;
  /** Open questions, with all their parts. */
  questions: Question[];
  /** Messages that were sent to the current run. */
  messages: MessageRecord[];
  note?: string;
  /** Facts for a table: name and value. */
  facts: { name: string; value: string }[];
  files: TaskFile[];
  worktree?: { path: string; branch: string; base_branch?: string; base_commit: string };
  /** Commands to copy: one that attaches a terminal, one that shows the log. */
  attach_command?: string;
  logs_command: string;
  /** Actions that the task allows now. */
  actions: PageAction[];
  /** Moments at which a message can reach it, the usual one first; all if absent. */
  message_times?: TaskMessage["when"][];
  /** Other tries of its group, oldest first. */
  other_tries?: string[];
}

/** Actions on a task. */
export const TASK_ACTIONS = ["send", "answer", "cancel", "merge", "discard", "restore", "resume", "open"] as const;

/** One of {@link TASK_ACTIONS}. */
export type PageAction = (typeof TASK_ACTIONS)[number];

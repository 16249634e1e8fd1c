import type { Sandbox } from "#domain/record.ts";
import type { Decision, FieldValue } from "#domain/question.ts";
import type { Delivery, TaskMessage } from "#domain/message.ts";
import type { ApiFailure } from "./failure.ts";

/** Body of `POST /api/tasks`: a task, or several tries at one prompt. */
export interface NewTask {
  /** Folder or repository. */
  repository: string;
  prompt: string;
  sandbox: Sandbox;
  /** Branch, tag or commit that the worktree starts from. */
  base?: string;
  topic?: string;
  model?: string;
  reasoning_effort?: string;
  /** Command that checks the work. */
  check?: string;
  /** Set if Codex asks before it does what its sandbox does not allow. */
  approvals?: "ask";
  tries?: number;
}

/** Tasks that were started. */
export interface StartedTasks {
  ids: string[];
  group?: string;
  /** Tries that could not be started. */
  not_started: ApiFailure[];
}

/** Values that a form for a new task offers. */
export interface NewTaskChoices {
  repositories: { path: string; name: string; branches: string[] }[];
  models: string[];
  max_tries: number;
}

/** Body of `POST /api/tasks/<id>/send`. To a task that has ended, the message starts the next run of its session. */
export interface SendBody {
  message: string;
  when: TaskMessage["when"];
}

/** Task that has the message, and the way in which it gets it. */
export interface SendResult {
  id: string;
  run: number;
  delivery: Delivery | "started";
}

/** Body of `POST /api/tasks/<id>/answer`. */
export interface AnswerBody {
  question: string;
  decision: Decision;
  values?: Record<string, FieldValue>;
}

/** Body of `POST /api/tasks/<id>/merge-preview`. */
export interface PreviewBody {
  /** Strategy of the merge; squash by default. */
  strategy?: MergeBody["strategy"];
}

/** Body of `POST /api/tasks/<id>/discard`. */
export interface DiscardBody {
  /** Whether ignored files and folders larger than 1 MB are not saved. */
  skip_large_ignored?: boolean;
}

/** Effect that a merge would have, as `POST /api/tasks/<id>/merge-preview` says. */
export interface MergePreview {
  into: string;
  /** `conflict`: nothing would be changed; `refused`: see `failure`. */
  outcome: "clean" | "no_changes" | "conflict" | "refused";
  diff_stat?: string;
  conflicts: { path: string; kind: string; text?: string }[];
  failure?: ApiFailure;
  /** Fact that the user should consider, such as an unchecked result. */
  note?: string;
}

/** Body of `POST /api/tasks/<id>/merge`. */
export interface MergeBody {
  strategy: "squash" | "merge" | "rebase";
  /** Whether the other tries of its group are discarded after the merge. */
  discard_others?: boolean;
}

/** Merge that was applied. */
export interface MergeResult {
  into: string;
  commit?: string;
  diff_stat: string;
  discarded: string[];
  failed: { id: string; failure: ApiFailure }[];
}

/** Outcome of an action that has nothing else to report, in one sentence. */
export interface ActionResult {
  message: string;
}

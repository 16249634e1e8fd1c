import { listTaskIds } from "#store/tasks/list-tasks.ts";
import type { Prompt } from "./define-prompt.ts";
import { AFTER_A_WORKTREE, WRITING_A_PROMPT } from "./guides.ts";

const MAX_OFFERED_TASKS = 20;

/** Prompt for continuing a task that has ended. */
export const resume: Prompt = {
  name: "resume",
  title: "Continue a Codex task",
  description: "Resume a task's Codex session in its worktree.",
  arguments: {
    task_id: {
      description: "The task to continue",
      isRequired: true,
      complete: (typed, open) => listTaskIds(open().store, typed, MAX_OFFERED_TASKS),
    },
    next: { description: "What to do now" },
  },
  render: ({ task_id = "", next }) => `Continue the Codex task ${task_id}.${next ? ` Next: ${next}` : ""}

1. If it is still running, wait for it with \`codex_wait\`.
2. Call \`codex\` (or \`codex_dispatch\` for long work) with resume "${task_id}": it works in the same folder or worktree and remembers the conversation.
3. The prompt contains only what is new: what you found in its work, with file and line, and what to do about it. Do not repeat the first prompt. If other people changed files since, name them.

${WRITING_A_PROMPT}

If the answer is unknown_session, Codex no longer has the session: start a task without resume, and have it read the diff against base_commit first.

${AFTER_A_WORKTREE}`,
};

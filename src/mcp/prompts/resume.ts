import { listTaskIds } from "#store/tasks/list-tasks.ts";
import type { Prompt } from "./define-prompt.ts";
import { AFTER_A_WORKTREE, WRITING_A_PROMPT } from "./guides.ts";

const MAX_OFFERED_TASKS = 20;

/** Prompt for continuing a task that has ended. */
export const resume: Prompt = {
  name: "resume",
  title: "Go on with a Codex task",
  description: "Resume a task's Codex session, in the same worktree, with what it already knows.",
  arguments: {
    task_id: {
      description: "The task to go on with",
      isRequired: true,
      complete: (typed, open) => listTaskIds(open().store, typed, MAX_OFFERED_TASKS),
    },
    next: { description: "What it is to do now" },
  },
  render: ({ task_id = "", next }) => `Go on with the Codex task ${task_id}.${next ? ` Now it is to: ${next}` : ""}

1. \`codex_status\` with task_id "${task_id}" gives its topic, cwd, sandbox, session_id and how it ended. If it is running still, \`codex_wait\` first.
2. Call \`codex\` (or \`codex_dispatch\` for long work) with the same cwd and sandbox, that session_id, and the same topic with its version raised by one: it works in the same worktree and remembers the conversation.
3. The prompt says only what is new: what you found when you looked at its work, with file and line, and what is to be done about it. Do not repeat the first prompt. If files were changed since by somebody else, say which.

${WRITING_A_PROMPT}

If the answer says unknown_session, Codex has forgotten it: start without session_id, and tell it to read the diff against base_commit first.

${AFTER_A_WORKTREE}`,
};

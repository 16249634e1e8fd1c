import type { Prompt } from "./define-prompt.ts";
import { AFTER_A_WORKTREE, toDescription, WRITING_A_PROMPT } from "./guides.ts";

/** Prompt for work of several hours in the background. */
export const longRun: Prompt = {
  name: "long_run",
  title: "Long work with Codex in the background",
  description: "Hand Codex hours of work, such as a refactoring or a migration, in the background.",
  arguments: {
    work: { description: "What to do", isRequired: true },
    hours: { description: "Time limit in hours" },
  },
  render: ({ work = "", hours }) => `Hand this to Codex in the background: ${work}

Call \`codex_dispatch\` with sandbox "full-access", cwd the repository's absolute path, a topic like "longrun-${toDescription(work)}-v1"${describeLimit(hours)}. The task continues even if this session ends; use its task_id to find it again.

${WRITING_A_PROMPT}

For long work, also:
- Say how to divide it into steps that each leave the tests passing, and to commit after each one: committed work is never lost.
- Have it keep NOTES.md in the worktree with what is done, what is next and what was decided, so that it can continue from there after a resume.
- Say what to do when it is stuck: leave that part unchanged, write it down, continue with the next.
- A command without output for half an hour ends the run; raise idle_timeout_seconds if one needs longer.

Tell the user the task_id, that \`codex-mcp-server attach <task_id>\` shows it at work, and that \`codex-mcp-server tasks --watch\` shows all tasks. Do something else meanwhile; when you need the result, call \`codex_wait\`, not \`codex_status\` in a loop.

${AFTER_A_WORKTREE}`,
};

function describeLimit(hours: string | undefined): string {
  const number = Number(hours);
  return hours !== undefined && number > 0 ? ` and timeout_seconds ${Math.round(number * 3600)}` : "";
}

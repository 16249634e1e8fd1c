import type { Prompt } from "./define-prompt.ts";
import { AFTER_A_WORKTREE, toDescription, WRITING_A_PROMPT } from "./guides.ts";

/** Prompt for work of several hours in the background. */
export const longRun: Prompt = {
  name: "long_run",
  title: "Long work with Codex in the background",
  description: "Hand Codex work of hours, such as a refactoring or a migration, and stay free for other things.",
  arguments: {
    work: { description: "What is to be done", isRequired: true },
    hours: { description: "How long it may take at most" },
  },
  render: ({ work = "", hours }) => `Hand this to Codex for the background: ${work}

Call \`codex_dispatch\` with sandbox "full-access", cwd the repository's absolute path, a topic like "longrun-${toDescription(work)}-v1"${describeLimit(hours)}. The task goes on even if this session ends; its task_id finds it again.

${WRITING_A_PROMPT}

For long work, also:
- Say how to cut it into steps that each leave the tests passing, and to commit after each one: what is committed is not lost, whatever happens.
- Have it keep a file NOTES.md in the worktree, with what is done, what is next and what it decided: after a resumption it goes on from there.
- Say what to do when it is stuck: leave that part as it was, note it, go on with the next.
- A command that says nothing for half an hour ends the run, unless idle_timeout_seconds is raised.

Tell the user the task_id, and that \`tmux attach -t <task_id>\` shows it at work and \`codex-mcp-server tasks --watch\` all of them. Do something else meanwhile; when you need the result, call \`codex_wait\`, not \`codex_status\` in a loop.

${AFTER_A_WORKTREE}`,
};

function describeLimit(hours: string | undefined): string {
  const number = Number(hours);
  return hours !== undefined && number > 0 ? ` and timeout_seconds ${Math.round(number * 3600)}` : "";
}

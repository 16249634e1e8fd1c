import type { Prompt } from "./define-prompt.ts";
import { AFTER_A_WORKTREE, toDescription, WRITING_A_PROMPT } from "./guides.ts";

/** Prompt for one piece of work in its own worktree. */
export const implement: Prompt = {
  name: "implement",
  title: "Implement with Codex",
  description: "Have Codex implement something in a git worktree and branch of its own.",
  arguments: {
    what: { description: "What to implement", isRequired: true },
    check: { description: "The command that shows that it works, e.g. npm test" },
  },
  render: ({
    what = "",
    check,
  }) => `Have Codex implement this: ${what}${check ? `\nIt works when this passes: ${check}` : ""}

First look at the code yourself, until you can name the files that it concerns and the example that it should follow. The worktree is made from the commit that is checked out: if it needs what is uncommitted, set include_uncommitted.

Then call \`codex\` with sandbox "full-access", cwd the repository's absolute path, and a topic like "implement-${toDescription(what)}-v1". If it will take more than a few minutes, call \`codex_dispatch\` and then \`codex_wait\`.

${WRITING_A_PROMPT}
- What it leaves uncommitted is committed when it has ended; ask for commits of its own only where the steps matter.
- The worktree has no installed dependencies: say how to install them (${check ? "the check needs them" : "e.g. npm ci"}).

${AFTER_A_WORKTREE}`,
};

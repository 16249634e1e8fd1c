import type { Prompt } from "./define-prompt.ts";
import { AFTER_A_WORKTREE, toDescription, WRITING_A_PROMPT } from "./guides.ts";

/** Prompt for one piece of work in its own worktree. */
export const implement: Prompt = {
  name: "implement",
  title: "Implement with Codex",
  description: "Have Codex implement something in its own git worktree and branch.",
  arguments: {
    what: { description: "What to implement", isRequired: true },
    check: { description: "Command that verifies it, e.g. npm test" },
  },
  render: ({
    what = "",
    check,
  }) => `Have Codex implement this: ${what}${check ? `\nIt is done when this passes: ${check}` : ""}

First read the code yourself until you can name the files to change and an example to follow. The worktree starts from the commit that is checked out; if the task needs uncommitted changes, set include_uncommitted.

Then call \`codex\` with sandbox "full-access", cwd the repository's absolute path, and a topic like "implement-${toDescription(what)}-v1". If it will take more than a few minutes, call \`codex_dispatch\` and then \`codex_wait\`.

${WRITING_A_PROMPT}
- Uncommitted changes are committed when the task ends; ask Codex to commit only if separate steps matter.
- The worktree has no installed dependencies: say how to install them (${check ? "the check needs them" : "e.g. npm ci"}).

${AFTER_A_WORKTREE}`,
};

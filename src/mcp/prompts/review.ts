import type { Prompt } from "./define-prompt.ts";
import { toDescription, WRITING_A_PROMPT } from "./guides.ts";

/** Prompt for a read-only review. */
export const review: Prompt = {
  name: "review",
  title: "Review with Codex",
  description: "Have Codex review code and report its findings. It changes nothing.",
  arguments: {
    scope: { description: "What to review: a path, a module, a branch, or uncommitted changes", isRequired: true },
    focus: {
      description: "What to focus on",
      complete: (typed) =>
        ["correctness", "security", "concurrency", "performance", "error handling", "tests"].filter((focus) =>
          focus.startsWith(typed),
        ),
    },
  },
  render: ({ scope = "", focus }) => `Have Codex review this: ${scope}${focus ? `\nFocus on: ${focus}` : ""}

For changes (uncommitted, a branch, a commit, what a task did), call \`codex_review\`: its findings have priorities, and lines that are checked. For anything else, call \`codex\` with sandbox "read-only", cwd the repository's absolute path, and a topic like "review-${toDescription(scope)}-v1". If the scope has independent parts, call it once for each part, all at the same time, each with its own description.

${WRITING_A_PROMPT}

For a review, also:
- Say what the code is for and who calls it, so that faults can be judged.
- Ask for faults that can happen, the worst first, each with file and line, the input or order of events that causes it, and the effect. No remarks on style, and no praise.
- Ask it to verify each finding by reading the callers or by running something that changes nothing, and to say which ones it could not verify.
- Allow "no findings": a reviewer that must find something invents faults.

Check each finding in the code yourself before you pass it on, and say which ones you could confirm. If it carries readonly_audit with the verdict VIOLATION or UNVERIFIED, tell the user first.`,
};

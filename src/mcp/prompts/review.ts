import type { Prompt } from "./define-prompt.ts";
import { toDescription, WRITING_A_PROMPT } from "./guides.ts";

/** Prompt for a read-only review. */
export const review: Prompt = {
  name: "review",
  title: "Review with Codex",
  description: "Have Codex review code and report its findings; it changes nothing.",
  arguments: {
    scope: { description: "What to review: a path, a module, a branch, or uncommitted changes", isRequired: true },
    focus: {
      description: "What matters most",
      complete: (typed) =>
        ["correctness", "security", "concurrency", "performance", "error handling", "tests"].filter((focus) =>
          focus.startsWith(typed),
        ),
    },
  },
  render: ({ scope = "", focus }) => `Have Codex review this: ${scope}${focus ? `\nIt matters most: ${focus}` : ""}

Call \`codex\` with sandbox "read-only", cwd the repository's absolute path, and a topic like "review-${toDescription(scope)}-v1". If the scope falls into parts that have little to do with each other, call it once for each part, all at the same time, each with a description of its own.

${WRITING_A_PROMPT}

For a review, also:
- Say what the code is for and who calls it: a fault is a fault against that.
- Ask for faults that can happen, each with file and line, the input or order of events that brings it about, and what then goes wrong; the worst first. No remarks on style, and no praise.
- Ask it to prove each finding by reading the callers, or by running something that changes nothing, and to say which it could not prove.
- Let it say "no findings": a reviewer that must find something invents.

When the answer is there, check each finding in the code yourself before you pass it on, and say which you could confirm. If it carries readonly_audit with the verdict VIOLATION or UNVERIFIED, tell the user first.`,
};

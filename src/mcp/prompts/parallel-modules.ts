import type { Prompt } from "./define-prompt.ts";
import { AFTER_A_WORKTREE, WRITING_A_PROMPT } from "./guides.ts";

/** Prompt for several pieces of work in parallel. */
export const parallelModules: Prompt = {
  name: "parallel_modules",
  title: "Implement modules in parallel with Codex",
  description: "Split work into modules and have Codex implement them in parallel, each in its own worktree.",
  arguments: {
    goal: { description: "What the result should be", isRequired: true },
    modules: { description: "The modules, if you know them" },
  },
  render: ({
    goal = "",
    modules,
  }) => `Have Codex implement this in parallel: ${goal}${modules ? `\nThe modules: ${modules}` : ""}

1. Divide it into modules that share no file. Write and commit what they share first (types, interfaces, a schema, a dependency), yourself or by one Codex task; otherwise each invents its own. Two to five modules are usual; what cannot be divided cleanly is one module.
2. Write one prompt per module. Each names its own files, the files of other modules that it must not touch, and the shared interfaces by path.
3. Start all at the same time: \`codex_dispatch\` once per module, sandbox "full-access", the same cwd, topics like "implement-<module>-v1" with different descriptions. Each gets its own worktree and branch.
4. \`codex_wait\` with all task_ids and mode "any": as each one ends, review it while the others run.
5. Ask the user, then merge with codex_merge in dependency order; it stops at the first conflict. Run all tests after each merge. To resolve a conflict, resume that task and have it merge the base branch into its own.

${WRITING_A_PROMPT}

${AFTER_A_WORKTREE}`,
};

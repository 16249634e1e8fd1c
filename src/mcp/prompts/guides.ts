/** Advice on writing a prompt for Codex, which all our prompts share. */
export const WRITING_A_PROMPT = `How to write the prompt for Codex:
- Codex sees the workspace and your prompt, not this conversation. Include what was decided here: names, constraints, reasons.
- Goal first, in one sentence. Then where: files and folders by path. Then what must not change.
- Define done as something Codex can check: the command to run and its expected output. If it can check its work, it continues until the check passes.
- Name the example to follow ("as src/users/routes.ts does it") instead of describing a style.
- Say what to report: only what you need for your next step.
- Do not prescribe each step, and do not ask for a plan or progress reports: Codex then stops early.`;

/** Instructions for the time after a run in a worktree. */
export const AFTER_A_WORKTREE = `When the task has ended: if success is false, error and hint say why. Otherwise read codex_diff, run the tests in worktree_dir, and tell the user what changed before anything is merged. codex_merge then merges it into the branch that it started from; a conflict changes nothing. To have something fixed, call codex again with resume: its task_id. Afterwards codex_discard removes the worktree; it can be restored.`;

/** Returns the topic words of a free text, without characters that a topic must not contain. */
export function toDescription(text: string): string {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const names = words.filter((word) => !FILLERS.has(word)).slice(-3);
  return names.join("_") || "work";
}

const FILLERS = new Set(["the", "a", "an", "of", "in", "for", "to", "and", "with", "src", "our", "all"]);

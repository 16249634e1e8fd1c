/** Advice on writing a prompt for Codex, which all our prompts share. */
export const WRITING_A_PROMPT = `How to write the prompt for Codex:
- It sees the workspace and your prompt, nothing of this conversation. Put in what was decided here: names, constraints, reasons.
- Goal first, in one sentence. Then where: files and folders by path. Then what must not change.
- Say what done looks like, as something it can check by itself: the command to run and what it should print. One that can check its work goes on until it is right.
- Name the example to follow ("as src/users/routes.ts does it") rather than describe a style.
- Say what to report: what you need for your next step, and no more.
- Do not prescribe each step, and do not ask for a plan or for progress reports: it then stops early.`;

/** Instructions for the time after a run in a worktree. */
export const AFTER_A_WORKTREE = `When it has ended: success false means that it did not work, and error and hint say why. Otherwise look at it with codex_diff, run the tests in worktree_dir, and tell the user what it holds before anything is merged. codex_merge then brings it into the branch that it began from; a conflict changes nothing. To have something mended, call codex again with the same type and description, the next version, and the session_id. codex_discard removes the worktree afterwards, and can bring it back.`;

/** Returns the topic words of a free text, without characters that a topic must not contain. */
export function toDescription(text: string): string {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const names = words.filter((word) => !FILLERS.has(word)).slice(-3);
  return names.join("_") || "work";
}

const FILLERS = new Set(["the", "a", "an", "of", "in", "for", "to", "and", "with", "src", "our", "all"]);

import { join } from "node:path";
import { pathExists } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";

/** Files that git keeps in a worktree's own folder until its user ends an operation, and the command to end it. */
const SIGNS: [name: string, what: string, command: string][] = [
  ["rebase-apply/applying", "series of patches (git am)", "am"],
  ["rebase-merge", "rebase", "rebase"],
  ["rebase-apply", "rebase", "rebase"],
  ["MERGE_HEAD", "merge", "merge"],
  ["CHERRY_PICK_HEAD", "cherry-pick", "cherry-pick"],
  ["REVERT_HEAD", "revert", "revert"],
];

/** Describes the unfinished merge, rebase or similar operation of a worktree, and how to end it; returns undefined if there is none. */
export function describeUnfinished(worktree: string, gitDir: string): string | undefined {
  const sign = SIGNS.find(([name]) => pathExists(join(gitDir, name)));
  if (sign === undefined) return undefined;
  const [, what, command] = sign;
  const git = `git -C ${quoteForShell(worktree)} ${command}`;
  return `Nothing was committed: the worktree is in the middle of a ${what}. Finish it (${git} --continue) or abort it (${git} --abort).`;
}

import { accessSync, constants } from "node:fs";
import { join, resolve } from "node:path";
import { statIfAny } from "#base/paths.ts";
import { tryGit, withoutLastNewline } from "#git/git.ts";
import { runGit } from "#git/run-git.ts";

/** Hooks by the phase of a commit in which they run. */
const HOOKS = {
  before: ["pre-commit"],
  message: ["prepare-commit-msg", "commit-msg", "reference-transaction"],
  after: ["post-commit"],
} as const;

/** Observer that determines how far a commit had come when it was interrupted. */
export interface CommitWatch {
  /** Returns whether the commit was made. */
  isMade: () => Promise<boolean>;
  /** Names the command or hook that was running. @param isMade whether the commit was made */
  describePhase: (isMade: boolean) => Promise<string>;
}

/** Records a worktree's state before a commit is made. @param head the commit that is checked out */
export function watchCommit(worktree: string, gitDir: string, head: string | undefined): CommitWatch {
  // Written after the pre-commit hooks.
  const message = () => describeFile(join(gitDir, "COMMIT_EDITMSG"));
  const before = message();
  return {
    isMade: async () => {
      const { exitCode, stdout } = await tryGit(worktree, ["rev-parse", "--quiet", "--verify", "HEAD"]);
      return exitCode === 0 && withoutLastNewline(stdout) !== (head ?? "");
    },
    describePhase: async (isMade) => {
      const part = isMade ? "after" : message() === before ? "before" : "message";
      const hooks = await listHooks(worktree, HOOKS[part]);
      return hooks.length === 0 ? "git commit" : `The ${hooks.join(" or ")} hook`;
    },
  };
}

function describeFile(path: string): string {
  const stat = statIfAny(path);
  return stat === undefined ? "" : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}

/** Returns those of the named hooks that git would run. */
async function listHooks(worktree: string, names: readonly string[]): Promise<string[]> {
  const { stdout } = await runGit(worktree, ["rev-parse", "--git-path", "hooks"], { isUsers: true });
  const folder = resolve(worktree, withoutLastNewline(stdout.toString()));
  return names.filter((name) => isHook(join(folder, name)));
}

function isHook(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statIfAny(path)?.isFile() === true;
  } catch {
    return false;
  }
}

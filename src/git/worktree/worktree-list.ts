import { realPath } from "#base/paths.ts";
import { findGitFolders, findMainTree } from "#git/git-folders.ts";
import { git, tryGit, withoutLastNewline } from "#git/git.ts";
import type { GitLimits } from "#git/run-git.ts";

/** An entry of `git worktree list`; the first is the main working tree, or the bare repository. */
export interface ListedWorktree {
  path: string;
  /** Commit that is checked out; undefined if the branch has no commit yet, and for a bare repository. */
  commit: string | undefined;
  /** Branch without `refs/heads/`; undefined for a detached HEAD. */
  branch: string | undefined;
  /** Whether this is a bare repository, without a working tree. */
  isBare: boolean;
  /** Whether its folder is gone. */
  isPrunable: boolean;
  /** Whether it is protected by `git worktree lock`. */
  isLocked: boolean;
}

/**
 * Returns the worktrees of the repository around a folder.
 * @throws AppError as git's commands do, also outside git
 */
export async function listGitWorktrees(folder: string, limits: GitLimits = {}): Promise<ListedWorktree[]> {
  const listed = parseWorktrees(await git(folder, ["worktree", "list", "--porcelain", "-z"], {}, limits));
  const [main, ...linked] = listed;
  const isGitFolder = main !== undefined && !main.isBare && findGitFolders(main.path)?.top === undefined;
  if (!isGitFolder) return listed;
  const path = findMainTree(folder, realPath(main.path)) ?? (await readConfiguredTree(main.path));
  return [{ ...main, path }, ...linked];
}

/** Returns the working tree that `core.worktree` names for a git folder; the git folder itself if it names none. */
async function readConfiguredTree(gitFolder: string): Promise<string> {
  const { exitCode, stdout } = await tryGit(gitFolder, ["rev-parse", "--show-toplevel"]);
  return exitCode === 0 ? withoutLastNewline(stdout) : gitFolder;
}

/** Parses the output of `git worktree list --porcelain -z`: attributes end with NUL, entries with a second one. */
function parseWorktrees(listing: string): ListedWorktree[] {
  return listing
    .split("\0\0")
    .filter((entry) => entry !== "")
    .map((entry) => {
      const attributes = new Map(entry.split("\0").map(splitAttribute));
      const commit = attributes.get("HEAD");
      return {
        path: attributes.get("worktree") ?? "",
        commit: commit === undefined || /^0+$/.test(commit) ? undefined : commit,
        branch: attributes.get("branch")?.replace(/^refs\/heads\//, ""),
        isBare: attributes.has("bare"),
        isPrunable: attributes.has("prunable"),
        isLocked: attributes.has("locked"),
      };
    });
}

function splitAttribute(text: string): [string, string] {
  const space = text.indexOf(" ");
  return space < 0 ? [text, ""] : [text.slice(0, space), text.slice(space + 1)];
}

import { tryGit } from "./git.ts";

/** A line of `git worktree list`; the first is the main working tree, or the bare repository. */
export interface ListedWorktree {
  path: string;
  /** Undefined where the branch has no commit yet, and for a bare repository. */
  commit: string | undefined;
  /** Without `refs/heads/`; undefined for a detached HEAD. */
  branch: string | undefined;
  /** Its folder is gone. */
  isPrunable: boolean;
  /** Somebody protects it with `git worktree lock`. */
  isLocked: boolean;
}

/** The worktrees of the repository around a folder; none outside git. */
export async function listWorktrees(folder: string): Promise<ListedWorktree[]> {
  const { stdout } = await tryGit(folder, ["worktree", "list", "--porcelain", "-z"]);
  return parseWorktrees(stdout);
}

/** Reads `git worktree list --porcelain -z`: attributes end with NUL, entries with a second one. */
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
        isPrunable: attributes.has("prunable"),
        isLocked: attributes.has("locked"),
      };
    });
}

function splitAttribute(text: string): [string, string] {
  const space = text.indexOf(" ");
  return space < 0 ? [text, ""] : [text.slice(0, space), text.slice(space + 1)];
}

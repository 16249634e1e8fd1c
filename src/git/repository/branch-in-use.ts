import { basename, dirname, join } from "node:path";
import { listNames, pathExists, realPath } from "#base/paths.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { findGitFolders } from "#git/git-folders.ts";
import { listGitWorktrees } from "#git/worktree/worktree-list.ts";

/** A working tree that uses a branch, so that git refuses to delete or move it. */
export interface BranchUse {
  /** Folder of the working tree; the git folder if that is not known. */
  path: string;
  what: "checked out" | "being rebased" | "being bisected";
}

/**
 * Finds the working tree because of which `git branch -d` and `-f` would refuse a branch. A rebase or bisection takes
 * precedence over a mere checkout.
 * @param branch without `refs/heads/`
 * @param except a working tree that may use it
 * @throws AppError as git's commands do
 */
export async function findBranchUse(
  repositoryFolder: string,
  branch: string,
  except?: string,
): Promise<BranchUse | undefined> {
  const isOther = ({ path }: { path: string }) => except === undefined || realPath(path) !== realPath(except);
  const commonDir = findGitFolders(repositoryFolder)?.commonDir;
  const places = commonDir === undefined ? [] : [...listPrivateFolders(commonDir)].filter(isOther);
  const busy = places.map(({ path, gitDir }) => ({ path, what: findOperation(gitDir, branch) }));
  for (const { path, what } of busy) if (what !== undefined) return { path, what };
  const checkout = (await listGitWorktrees(repositoryFolder)).find((tree) => tree.branch === branch && isOther(tree));
  return checkout === undefined ? undefined : { path: checkout.path, what: "checked out" };
}

interface PrivateFolder {
  path: string;
  gitDir: string;
}

/** Yields each working tree's own git folder; for the main one, this is the common folder. */
function* listPrivateFolders(commonDir: string): Generator<PrivateFolder> {
  yield { path: basename(commonDir) === ".git" ? dirname(commonDir) : commonDir, gitDir: commonDir };
  const parent = join(commonDir, "worktrees");
  for (const name of listNames(parent)) {
    const gitDir = join(parent, name);
    const link = readShort(join(gitDir, "gitdir"));
    yield { path: link === undefined ? gitDir : dirname(link), gitDir };
  }
}

/** Finds a branch in the files of a rebase or bisection, as git does. */
function findOperation(gitDir: string, branch: string): "being rebased" | "being bisected" | undefined {
  const isBranch = (file: string) => readShort(join(gitDir, file))?.replace(/^refs\/heads\//, "") === branch;
  // The folder of a plain `git am` has no such file.
  const isRebased = isBranch("rebase-merge/head-name") || isBranch("rebase-apply/head-name");
  if (isRebased || listUpdatedRefs(gitDir).includes(`refs/heads/${branch}`)) return "being rebased";
  return pathExists(join(gitDir, "BISECT_LOG")) && isBranch("BISECT_START") ? "being bisected" : undefined;
}

/** Returns the refs that a rebase with `--update-refs` moves at its end; in the file, each is followed by two object names. */
function listUpdatedRefs(gitDir: string): string[] {
  const lines = readShort(join(gitDir, "rebase-merge", "update-refs"))?.split("\n") ?? [];
  return lines.filter((_, index) => index % 3 === 0);
}

const MAX_STATE_BYTES = 4 * 1024 * 1024;

function readShort(file: string): string | undefined {
  return tryReadText(file, { maxBytes: MAX_STATE_BYTES })?.replace(/\s+$/, "");
}

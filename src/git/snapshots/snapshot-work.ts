import { AppError } from "#base/errors.ts";
import { listSome } from "#base/text.ts";
import { type ByteName, splitNul } from "#git/byte-names.ts";
import { withIndexCopy } from "#git/changes/index-copy.ts";
import { stageAll } from "#git/changes/stage-work.ts";
import { git, gitBytes } from "#git/git.ts";
import { OUR_IDENTITY, writeCommit } from "#git/repository/objects.ts";

/**
 * Returns a commit of all uncommitted work in a working tree (staged, changed, deleted and untracked files) on top of the
 * commit that is checked out. Neither index nor files nor branch are touched.
 * @param leftOut names of changed files that are no work
 * @returns the commit; the one that is checked out if nothing is uncommitted
 * @throws AppError `git_failed`
 */
export async function snapshotWork(toplevel: string, head: string, leftOut: readonly ByteName[] = []): Promise<string> {
  // Cheaper than a status, which compares all files: git compares them anyway when it stages them.
  const untracked = splitNul(await gitBytes(toplevel, ["ls-files", "--others", "--exclude-standard", "-z"]));
  return withIndexCopy(toplevel, {}, async (environment) => {
    const { unreadable } = await stageAll(toplevel, untracked, { environment }, leftOut);
    if (unreadable.length > 0) throw cannotRead(toplevel, unreadable);
    const tree = (await git(toplevel, ["write-tree"], environment)).trim();
    if (tree === (await git(toplevel, ["rev-parse", `${head}^{tree}`])).trim()) return head;
    const message = "Uncommitted work that a task began from";
    return writeCommit(toplevel, { tree, parents: [head], message, environment: OUR_IDENTITY });
  });
}

function cannotRead(toplevel: string, names: readonly string[]): AppError {
  return new AppError(
    "git_failed",
    `Cannot read uncommitted files in ${toplevel}: ${listSome(names)}.`,
    "Make them readable, or let git ignore them.",
  );
}

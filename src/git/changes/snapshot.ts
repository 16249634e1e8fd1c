import { AppError } from "#base/errors.ts";
import { listSome } from "#base/text.ts";
import { splitNul } from "#git/byte-names.ts";
import { git, gitBytes } from "#git/git.ts";
import { OUR_IDENTITY } from "#git/repository/identity.ts";
import { withIndexCopy } from "./index-copy.ts";
import { stageAll } from "./stage-all.ts";
import { writeCommit } from "#git/repository/write-commit.ts";

/**
 * Returns a commit of all uncommitted work in a working tree (staged, changed, deleted and untracked files) on top of the
 * commit that is checked out. Neither index nor files nor branch are touched.
 * @returns the commit; the one that is checked out if nothing is uncommitted
 * @throws AppError `git_failed`
 */
export async function snapshotWork(toplevel: string, head: string): Promise<string> {
  // Cheaper than a status, which compares all files, as git does again when it stages them.
  const untracked = splitNul(await gitBytes(toplevel, ["ls-files", "--others", "--exclude-standard", "-z"]));
  return withIndexCopy(toplevel, async (environment) => {
    const { unreadable } = await stageAll(toplevel, untracked, { environment });
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
    "Make them readable, let git ignore them, or start the task without include_uncommitted.",
  );
}

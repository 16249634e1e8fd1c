import { allButUnsuitable, withIndexCopy } from "./changes.ts";
import { git } from "./git.ts";
import { OUR_IDENTITY } from "./identity.ts";
import { writeCommit } from "./write-commit.ts";
import { GIT_FILES_DEADLINE_MS } from "./run-git.ts";

/**
 * Returns what is uncommitted in a working tree (staged, changed, deleted and untracked files) as a commit on top of what is checked
 * out. Neither index nor files nor branch are touched.
 * @returns the commit; the one that is checked out where nothing is uncommitted
 * @throws AppError `git_failed`
 */
export async function snapshotWork(toplevel: string, head: string): Promise<string> {
  return withIndexCopy(toplevel, async (environment) => {
    const { pathspecs } = await allButUnsuitable(toplevel);
    await git(toplevel, ["add", "--all", ...pathspecs], environment, { deadlineMs: GIT_FILES_DEADLINE_MS });
    const tree = (await git(toplevel, ["write-tree"], environment)).trim();
    if (tree === (await git(toplevel, ["rev-parse", `${head}^{tree}`])).trim()) return head;
    const message = "Uncommitted work that a task began from";
    return writeCommit(toplevel, { tree, parents: [head], message, environment: OUR_IDENTITY });
  });
}

import { allButRepositories, withIndexCopy } from "./changes.ts";
import { git } from "./git.ts";
import { OUR_IDENTITY } from "./identity.ts";

/**
 * What is uncommitted in a working tree (staged, changed, deleted and untracked files) as a commit on top of what is checked
 * out. Neither index nor files nor branch are touched.
 * @returns the commit; the one that is checked out where nothing is uncommitted
 * @throws AppError `git_failed`
 */
export async function snapshotWork(toplevel: string, head: string): Promise<string> {
  return withIndexCopy(toplevel, async (environment) => {
    await git(toplevel, ["add", "--all", ...(await allButRepositories(toplevel))], environment);
    const tree = (await git(toplevel, ["write-tree"], environment)).trim();
    if (tree === (await git(toplevel, ["rev-parse", `${head}^{tree}`])).trim()) return head;
    const args = ["commit-tree", "-p", head, "-m", "Uncommitted work that a task began from", tree];
    return (await git(toplevel, args, OUR_IDENTITY)).trim();
  });
}

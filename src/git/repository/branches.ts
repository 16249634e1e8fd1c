import { join } from "node:path";
import { git, tryGit, withoutLastNewline } from "#git/git.ts";

/** What no branch's name has: after one, git would read it as a way to another commit (`main~1`, `main@{1}`). */
const NOT_IN_NAMES = /[\0-\x20\x7f~^:?*[\\]|\.\.|@\{/;

/** Returns the commit that a branch points to; undefined where there is no such branch. */
export async function commitOfBranch(folder: string, branch: string): Promise<string | undefined> {
  return NOT_IN_NAMES.test(branch) ? undefined : commitOf(folder, `refs/heads/${branch}`);
}

/**
 * Returns the branch that a branch's name leads to: it may be a symbolic ref, i.e. only another name for that one.
 * @returns undefined where it leads to something else than a branch
 */
export async function followBranch(folder: string, branch: string): Promise<string | undefined> {
  let name = branch;
  for (let step = 0; step < MAX_STEPS; step++) {
    const { exitCode, stdout } = await tryGit(folder, ["symbolic-ref", "--quiet", "--", `refs/heads/${name}`]);
    if (exitCode !== 0) return name;
    const [, next] = /^refs\/heads\/(.+)$/s.exec(withoutLastNewline(stdout)) ?? [];
    if (next === undefined) return undefined;
    name = next;
  }
  return undefined;
}

/** As many as git follows. */
const MAX_STEPS = 5;

/** Returns the words of a command that deletes a branch which points there; of another name for a branch only that name. */
export function deleteBranch(branch: string, commit: string): string[] {
  return ["update-ref", "--no-deref", "-d", `refs/heads/${branch}`, commit];
}

/** Returns the commit that a revision means; undefined where it means none. */
export async function commitOf(folder: string, revision: string): Promise<string | undefined> {
  const args = ["rev-parse", "--quiet", "--verify", "--end-of-options", `${revision}^{commit}`];
  const { exitCode, stdout } = await tryGit(folder, args);
  return exitCode === 0 ? stdout.trim() : undefined;
}

/** Returns the object that an expression for a tree means, e.g. `main^{tree}`. @throws AppError `git_failed` */
export async function treeOf(folder: string, tree: string): Promise<string> {
  return (await git(folder, ["rev-parse", "--verify", "--end-of-options", tree])).trim();
}

/** Returns the files in which git keeps a branch and its reflog; neither need be there. */
export async function filesOfBranch(folder: string, branch: string): Promise<{ ref: string; reflog: string }> {
  const common = withoutLastNewline(await git(folder, ["rev-parse", "--path-format=absolute", "--git-common-dir"]));
  const ref = join("refs", "heads", branch);
  return { ref: join(common, ref), reflog: join(common, "logs", ref) };
}

/** Returns the branch that a working tree has checked out; undefined for a detached HEAD. */
export async function headOf(worktree: string): Promise<string | undefined> {
  const { exitCode, stdout } = await tryGit(worktree, ["symbolic-ref", "--quiet", "HEAD"]);
  return exitCode === 0 ? withoutLastNewline(stdout).replace(/^refs\/heads\//, "") : undefined;
}

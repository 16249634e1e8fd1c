import { tryGit } from "./git.ts";

/** The commit that a branch points to; undefined where there is no such branch. */
export async function commitOfBranch(folder: string, branch: string): Promise<string | undefined> {
  return commitOf(folder, `refs/heads/${branch}`);
}

/** The commit that a revision means; undefined where it means none. */
export async function commitOf(folder: string, revision: string): Promise<string | undefined> {
  const args = ["rev-parse", "--quiet", "--verify", "--end-of-options", `${revision}^{commit}`];
  const { exitCode, stdout } = await tryGit(folder, args);
  return exitCode === 0 ? stdout.trim() : undefined;
}

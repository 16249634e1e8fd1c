import { tryGit } from "#git/git.ts";
import type { CommitDigest } from "./statement.ts";

/** Variables with which git reads the objects themselves, and not those that `git replace` puts in their place. */
const WITHOUT_REPLACEMENTS = { GIT_NO_REPLACE_OBJECTS: "1" };

/** Returns a commit with its tree; undefined if the repository does not have it. */
export async function readCommitDigest(folder: string, name: string | undefined): Promise<CommitDigest | undefined> {
  if (name === undefined) return undefined;
  const gitCommit = await readObjectName(folder, `${name}^{commit}`);
  const gitTree = gitCommit === undefined ? undefined : await readObjectName(folder, `${gitCommit}^{tree}`);
  return gitCommit === undefined || gitTree === undefined ? undefined : { gitCommit, gitTree };
}

/** Returns whether the repository shows another tree in the place of a commit's own. */
export async function isReplaced(folder: string, { gitCommit, gitTree }: CommitDigest): Promise<boolean> {
  return (await readObjectName(folder, `${gitCommit}^{tree}`, {})) !== gitTree;
}

async function readObjectName(
  folder: string,
  expression: string,
  environment: Record<string, string> = WITHOUT_REPLACEMENTS,
): Promise<string | undefined> {
  const args = ["rev-parse", "--quiet", "--verify", "--end-of-options", expression];
  const { exitCode, stdout } = await tryGit(folder, args, environment);
  return exitCode === 0 ? stdout.trim() : undefined;
}

import { gitBytes, tryGit } from "#git/git.ts";
import type { GitEnvironment } from "#git/run-git.ts";

/** Request to make a commit of existing objects. */
interface NewCommit {
  tree: string;
  parents: readonly string[];
  /** Commit message; may be empty. */
  message: string | Buffer;
  /** Variables that name author and committer; by default the user's configuration applies. */
  environment?: GitEnvironment;
  /** Whether to sign it as the user. */
  isSigned?: boolean;
}

/**
 * Makes a commit without touching a working tree or a branch.
 * @returns its object name
 * @throws AppError `git_failed`, `identity_missing`
 */
export async function writeCommit(
  folder: string,
  { tree, parents, message, environment, isSigned = false }: NewCommit,
): Promise<string> {
  // For git, an empty text after `-m` counts as no message, and it reads standard input: so the message is always passed there.
  const isWhole = typeof message !== "string" || message === "" || message.endsWith("\n");
  const input = Buffer.from(isWhole ? message : `${message}\n`);
  const args = ["commit-tree", ...(isSigned ? ["-S"] : []), ...parents.flatMap((parent) => ["-p", parent]), tree];
  return (await gitBytes(folder, args, { input, ...(environment !== undefined && { environment }) })).toString().trim();
}

/** Returns whether the user signs all their commits in a repository. */
export async function signsCommits(folder: string): Promise<boolean> {
  const { stdout } = await tryGit(folder, ["config", "--type=bool", "--get", "commit.gpgSign"]);
  return stdout.trim() === "true";
}

import { gitBytes, tryGit } from "#git/git.ts";
import type { GitEnvironment } from "#git/run-git.ts";

/** A commit that is to be made of objects that are there. */
interface NewCommit {
  tree: string;
  parents: readonly string[];
  /** May be empty. */
  message: string | Buffer;
  /** Who makes it; else as the user has configured. */
  environment?: GitEnvironment;
  /** Whether the user signs it. */
  isSigned?: boolean;
}

/**
 * Makes a commit without touching a working tree or a branch.
 * @returns its name
 * @throws AppError `git_failed`, `identity_missing`
 */
export async function writeCommit(
  folder: string,
  { tree, parents, message, environment, isSigned = false }: NewCommit,
): Promise<string> {
  // `-m` with an empty text counts as none for git, which then reads its standard input: the message always comes there.
  const isWhole = typeof message !== "string" || message === "" || message.endsWith("\n");
  const input = Buffer.from(isWhole ? message : `${message}\n`);
  const args = ["commit-tree", ...(isSigned ? ["-S"] : []), ...parents.flatMap((parent) => ["-p", parent]), tree];
  return (await gitBytes(folder, args, { input, ...(environment !== undefined && { environment }) })).toString().trim();
}

/** Whether the user signs all commits of theirs in a repository. */
export async function signsCommits(folder: string): Promise<boolean> {
  const { stdout } = await tryGit(folder, ["config", "--type=bool", "--get", "commit.gpgSign"]);
  return stdout.trim() === "true";
}

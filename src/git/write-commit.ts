import { gitBytes } from "./git.ts";
import type { GitEnvironment } from "./run-git.ts";

/** A commit that is to be made of objects that are there. */
interface NewCommit {
  tree: string;
  parents: readonly string[];
  /** May be empty. */
  message: string;
  /** Who makes it; else as the user has configured. */
  environment?: GitEnvironment;
}

/**
 * Makes a commit without touching a working tree or a branch.
 * @returns its name
 * @throws AppError `git_failed`
 */
export async function writeCommit(folder: string, { tree, parents, message, environment }: NewCommit): Promise<string> {
  // `-m` with an empty text counts as none for git, which then reads its standard input: the message always comes there.
  const input = Buffer.from(message === "" || message.endsWith("\n") ? message : `${message}\n`);
  const args = ["commit-tree", ...parents.flatMap((parent) => ["-p", parent]), tree];
  return (await gitBytes(folder, args, { input, ...(environment !== undefined && { environment }) })).toString().trim();
}

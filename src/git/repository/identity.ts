import { parseAuthor, readCommit } from "./commit-object.ts";
import { type GitEnvironment } from "#git/run-git.ts";

const NAME = "codex-mcp-server";
const EMAIL = "codex-mcp-server@localhost";

/** Author of commits that are nobody's work: those that keep something, and those that only help to compute. */
export const OUR_IDENTITY: GitEnvironment = {
  GIT_AUTHOR_NAME: NAME,
  GIT_AUTHOR_EMAIL: EMAIL,
  GIT_COMMITTER_NAME: NAME,
  GIT_COMMITTER_EMAIL: EMAIL,
};

/** Whether a commit is of that kind. @throws AppError `git_failed` */
export async function isOurCommit(folder: string, commit: string): Promise<boolean> {
  return parseAuthor((await readCommit(folder, commit)).author)?.mail === EMAIL;
}

import { parseAuthor, readCommit } from "./commit-object.ts";
import { type GitEnvironment } from "#git/run-git.ts";

const NAME = "codex-mcp-server";
const EMAIL = "codex-mcp-server@localhost";

/** Author of this program's own commits, which preserve something or only help to compute a merge. */
export const OUR_IDENTITY: GitEnvironment = {
  GIT_AUTHOR_NAME: NAME,
  GIT_AUTHOR_EMAIL: EMAIL,
  GIT_COMMITTER_NAME: NAME,
  GIT_COMMITTER_EMAIL: EMAIL,
};

/** Returns whether a commit has {@link OUR_IDENTITY} as its author. @throws AppError `git_failed` */
export async function isOurCommit(folder: string, commit: string): Promise<boolean> {
  return parseAuthor((await readCommit(folder, commit)).author)?.mail === EMAIL;
}

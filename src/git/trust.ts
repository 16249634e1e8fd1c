import { dirname } from "node:path";
import { AppError } from "#base/errors.ts";
import { isWithin } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { findGitFolders } from "./git-folders.ts";
import { tryGit } from "./git.ts";

/**
 * Refuses a bare repository within another repository's working tree: the author of the outer one's commits also wrote the inner
 * one's configuration, which can make git run any program.
 * @param folder a real path
 * @throws AppError `repository_untrusted` unless the user's own configuration trusts it; `repository_unusable`
 */
export async function checkTrusted(folder: string): Promise<void> {
  const found = findGitFolders(folder);
  if (found === undefined || found.top !== undefined) return;
  const { commonDir: bare } = found;
  const around = findGitFolders(dirname(bare));
  // A bare repository that the `.git` beside it refers to, or a folder within git's own, is not foreign.
  if (around?.top === undefined || isWithin(bare, around.commonDir) || (await isTrustedByUser(bare))) return;
  throw new AppError(
    "repository_untrusted",
    `The bare repository ${bare} is inside the working tree ${around.top} and may have come with its files.`,
    `If you trust it, mark it as safe (git config --global --add safe.directory ${quoteForShell(bare)}).`,
  );
}

/** Variables that restrict git to the user's and the system's configuration. */
const NO_REPOSITORY = { GIT_DIR: "/dev/null" };

/**
 * Returns whether the user's settings trust a repository, by the settings that git checks itself; a repository's own
 * configuration is ignored.
 */
async function isTrustedByUser(bare: string): Promise<boolean> {
  const setting = async (name: string) =>
    (await tryGit("/", ["config", "--get-all", name], NO_REPOSITORY)).stdout.trim().split("\n");
  const [directories, bareRepositories] = await Promise.all([
    setting("safe.directory"),
    setting("safe.bareRepository"),
  ]);
  return directories.includes(bare) || bareRepositories.at(-1) === "all";
}

import { basename, dirname, relative } from "node:path";
import { AppError } from "#base/errors.ts";
import { isWithin, realPath } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { tryGit, withoutLastNewline } from "#git/git.ts";
import { gitFailure } from "#git/git-failure.ts";
import { listGitWorktrees, type ListedWorktree } from "#git/worktree/worktree-list.ts";

/** A repository that a worktree can be made from. */
export interface Repository {
  /** Folder in which git commands for it run. */
  folder: string;
  /** Common git folder. */
  commonDir: string;
  /** Prefix of its worktrees' folder names, and the folder that contains them by default. */
  name: string;
  parent: string;
  /** Top of its main working tree, or of `cwd`'s if that one cannot be determined; the folder itself of a bare repository. */
  mainTree: string;
  /** Branch that is checked out at `cwd`; undefined for a detached HEAD. */
  branch: string | undefined;
  /** Commit that is checked out at `cwd`. */
  commit: string;
  /** Path of `cwd` relative to the top of its working tree; empty at the top. */
  subfolder: string;
  /** Top of the working tree that contains `cwd`; undefined in a bare repository. */
  toplevel: string | undefined;
  worktrees: ListedWorktree[];
}

/** Options for a folder that the caller chose: git decides whether a repository there may be used. */
const FOREIGN = { isForeign: true };

/**
 * Finds the repository that contains a real path, without changing anything.
 * @returns undefined outside git
 * @throws AppError `repository_without_commit`, `repository_unusable`, `repository_untrusted`, `git_missing`
 */
export async function inspectRepository(cwd: string): Promise<Repository | undefined> {
  const flags = [
    "rev-parse",
    "--path-format=absolute",
    "--is-bare-repository",
    "--is-inside-git-dir",
    "--git-common-dir",
  ];
  const [facts, top, own, superproject, worktrees] = await Promise.all([
    tryGit(cwd, flags, {}, FOREIGN),
    tryGit(cwd, ["rev-parse", "--show-toplevel"], {}, FOREIGN),
    tryGit(cwd, ["rev-parse", "--path-format=absolute", "--git-dir"], {}, FOREIGN),
    findSuperproject(cwd),
    // The first command reports any error.
    listGitWorktrees(cwd, FOREIGN).catch(() => []),
  ]);
  if (facts.exitCode !== 0) {
    if (/not a git repository/i.test(facts.stderr)) return undefined;
    throw gitFailure(cwd, flags, facts.stderr);
  }
  // The path comes last because it may contain line ends.
  const [bare, insideGit, ...path] = withoutLastNewline(facts.stdout).split("\n");
  const isBare = bare === "true";
  if (insideGit === "true" && !isBare) throw insideGitFolder(cwd);
  const commonDir = realPath(path.join("\n"));
  const toplevel = isBare ? undefined : withoutLastNewline(top.stdout);
  if (toplevel !== undefined && !isWithin(cwd, toplevel)) throw outsideWorkingTree(cwd, toplevel);
  const isMain = realPath(withoutLastNewline(own.stdout)) === commonDir;
  const mainTree =
    toplevel === undefined ? commonDir : isMain ? toplevel : chooseMainTree(worktrees, commonDir, toplevel);
  // A worktree of a submodule is in no superproject, but the submodule is.
  const around = superproject ?? (isMain || toplevel === undefined ? undefined : await findSuperproject(mainTree));
  const head = isBare ? await readHead(cwd) : await findHead(cwd, toplevel, worktrees);
  if (head.commit === undefined) throw withoutCommit(cwd, head.branch);
  return {
    folder: toplevel ?? commonDir,
    commonDir,
    ...(around === undefined ? placeBeside(mainTree) : await placeBesideSuperproject(around, mainTree)),
    mainTree,
    branch: head.branch,
    commit: head.commit,
    subfolder: toplevel === undefined ? "" : relative(toplevel, cwd),
    toplevel,
    worktrees,
  };
}

interface Head {
  branch: string | undefined;
  commit: string | undefined;
}

async function findHead(cwd: string, toplevel: string | undefined, worktrees: ListedWorktree[]): Promise<Head> {
  const here = worktrees.find((worktree) => worktree.path === toplevel);
  // git lists a submodule's main worktree by its git folder: ask git itself then.
  return here === undefined ? readHead(cwd) : { branch: here.branch, commit: here.commit };
}

async function readHead(cwd: string): Promise<Head> {
  const [symbolic, commit] = await Promise.all([
    tryGit(cwd, ["symbolic-ref", "--quiet", "--short", "HEAD"], {}, FOREIGN),
    tryGit(cwd, ["rev-parse", "--quiet", "--verify", "HEAD^{commit}"], {}, FOREIGN),
  ]);
  return { branch: symbolic.stdout.trim() || undefined, commit: commit.stdout.trim() || undefined };
}

/**
 * Returns the main working tree, as seen from another one. If the git folder is outside of it (`--separate-git-dir`, a `.git`
 * that is a link, a submodule), git lists that folder instead.
 */
function chooseMainTree([main]: readonly ListedWorktree[], commonDir: string, toplevel: string): string {
  if (main === undefined) return toplevel;
  const isBare = main.commit === undefined && main.branch === undefined;
  return main.path === commonDir && !isBare ? toplevel : main.path;
}

interface Place {
  name: string;
  parent: string;
}

/** Returns a place beside a repository's main working tree, whichever of its worktrees contains `cwd`. */
function placeBeside(main: string): Place {
  const parent = dirname(main);
  const name = basename(main).replace(/(?<=.)\.git$/, "");
  // For `project/.bare` with worktrees around it, the project's name is more informative.
  return { name: name.startsWith(".") ? basename(parent) : name, parent };
}

/** Returns a place for a submodule's worktrees outside of all superprojects, whose `git status` would list them. */
async function placeBesideSuperproject(superproject: string, toplevel: string): Promise<Place> {
  const above = await findSuperproject(superproject);
  const { name, parent } =
    above === undefined ? placeBeside(superproject) : await placeBesideSuperproject(above, superproject);
  return { name: `${name}-${basename(toplevel)}`, parent };
}

async function findSuperproject(folder: string): Promise<string | undefined> {
  const { stdout } = await tryGit(folder, ["rev-parse", "--show-superproject-working-tree"], {}, FOREIGN);
  return withoutLastNewline(stdout) || undefined;
}

function insideGitFolder(cwd: string): AppError {
  return new AppError("repository_unusable", `cwd is inside a git folder: ${cwd}.`, "Use the working tree as cwd.");
}

/** Returns the error for a cwd outside of its working tree: the setting core.worktree can name any folder. */
function outsideWorkingTree(cwd: string, toplevel: string): AppError {
  return new AppError(
    "repository_unusable",
    `cwd is outside ${toplevel}, the working tree that core.worktree sets.`,
    `Use ${toplevel} as cwd, or remove the setting (git -C ${quoteForShell(cwd)} config --unset core.worktree).`,
  );
}

function withoutCommit(cwd: string, branch: string | undefined): AppError {
  return new AppError(
    "repository_without_commit",
    `The repository at ${cwd} has no commits on ${branch ?? "HEAD"} yet, so no worktree can be created from it.`,
    `Create a first commit (git -C ${quoteForShell(cwd)} commit --allow-empty -m "Start"), then start the task again.`,
  );
}

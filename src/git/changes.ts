import { constants, rmSync } from "node:fs";
import { copyFile, stat, utimes } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { errnoOf } from "#lib/errors.ts";
import { lstatIfAny, temporaryFolder } from "#lib/paths.ts";
import { MAX_LISTED_PATHS, type WorktreeChanges } from "#task/record.ts";
import { git, gitUpTo, withoutLastNewline, answersAnything } from "./git.ts";
import { LOOK_ONLY_FLAGS, withoutLocalPrograms } from "./local-programs.ts";
import type { GitEnvironment, GitLimits } from "./run-git.ts";

/** How the files of a worktree are compared. */
interface Look extends GitLimits {
  environment?: GitEnvironment;
}

/**
 * Returns what a worktree holds against a base commit: commits, and every difference of the files, whether
 * committed or not, new files included. Neither index nor files are touched, and nothing is run that the repository names.
 * @throws AppError `cancelled`, and as git's commands do
 */
export async function readChanges(
  worktree: string,
  baseCommit: string,
  limits: GitLimits = {},
): Promise<WorktreeChanges> {
  const look = { ...limits, environment: await withoutLocalPrograms(worktree, limits) };
  const [ahead, status] = await Promise.all([
    git(worktree, ["rev-list", "--count", `${baseCommit}..HEAD`], look.environment, limits),
    git(
      worktree,
      ["status", ...LOOK_ONLY_FLAGS, "--porcelain", "-z", "--untracked-files=all"],
      look.environment,
      limits,
    ),
  ]);
  const uncommitted = parseStatus(status);
  const hasNewFiles = uncommitted.some((line) => line.startsWith("??"));
  const { paths, shortstat } = await (hasNewFiles
    ? withNewFilesListed(worktree, look, (listed) => readDiff(worktree, baseCommit, listed))
    : readDiff(worktree, baseCommit, look));
  return {
    commits_ahead: Number(ahead),
    diff_stat: shortstat,
    files_changed: paths.slice(0, MAX_LISTED_PATHS),
    uncommitted_changes: uncommitted.slice(0, MAX_LISTED_PATHS),
  };
}

/** Whether a worktree has anything that is not committed, new files included. */
export async function hasUncommittedWork(
  worktree: string,
  { environment = {}, ...limits }: Look = {},
): Promise<boolean> {
  const args = ["status", "--porcelain", "-z", "--untracked-files=normal"];
  return answersAnything(worktree, args, { ...limits, environment });
}

/** Whether a worktree has anything that is not committed, for those who only look: nothing is run that the repository names. */
export async function seesUncommittedWork(worktree: string): Promise<boolean> {
  return hasUncommittedWork(worktree, { environment: await withoutLocalPrograms(worktree) });
}

/** Returns what differs between two commits, as `git diff --shortstat` words it; empty where nothing does. */
export async function readShortstat(folder: string, from: string, to: string): Promise<string> {
  return (await git(folder, ["diff", ...SAFE_DIFF, "--shortstat", from, to, "--"])).trim();
}

/** What every `git diff` of ours is given: no program of anybody's, and a form that `git apply` takes. */
export const SAFE_DIFF = ["--no-ext-diff", "--no-textconv", "--submodule=short", ...LOOK_ONLY_FLAGS];

/**
 * Returns the same differences as {@link readChanges} as a patch, of which at most the first `maxBytes` are read.
 * @throws AppError `git_failed`
 */
export async function readPatch(worktree: string, baseCommit: string, maxBytes: number): Promise<string> {
  const args = ["diff", ...SAFE_DIFF, "--no-color", baseCommit, "--"];
  const environment = await withoutLocalPrograms(worktree);
  return withNewFilesListed(worktree, { environment }, (look) => gitUpTo(maxBytes, worktree, args, look));
}

async function readDiff(
  worktree: string,
  baseCommit: string,
  { environment = {}, ...limits }: Look,
): Promise<{ paths: string[]; shortstat: string }> {
  const args = ["diff", ...SAFE_DIFF, "--no-renames", "-z", "--numstat", "--shortstat", baseCommit, "--"];
  const fields = (await git(worktree, args, environment, limits)).split("\0");
  // `added TAB deleted TAB path` for each file, then the sum.
  const shortstat = fields.pop()?.trim() ?? "";
  return {
    paths: fields.filter((field) => field !== "").map((field) => field.split("\t").slice(2).join("\t")),
    shortstat,
  };
}

/** Larger files are no source: they are neither committed nor compared by us. */
const MAX_NEW_FILE_BYTES = 1024 * 1024 * 1024;

/** Files whose size is looked up before the event loop gets its turn. */
const SIZES_AT_ONCE = 500;

/**
 * Returns pathspecs for all of a worktree but the repositories within it (added to an index, these would be links that lead
 * nowhere, and git refuses those without a commit), and but new files beyond all size.
 */
export async function allButUnsuitable(
  worktree: string,
  limits: GitLimits = {},
): Promise<{ pathspecs: string[]; tooLarge: string[] }> {
  const listed = await git(worktree, ["ls-files", "--others", "--exclude-standard", "-z"], {}, limits);
  const others = listed.split("\0").filter(Boolean);
  const repositories = others.filter((path) => path.endsWith("/")).map((path) => path.slice(0, -1));
  const tooLarge: string[] = [];
  for (const [index, path] of others.entries()) {
    if (index % SIZES_AT_ONCE === 0) await Bun.sleep(0);
    if (!path.endsWith("/") && (lstatIfAny(join(worktree, path))?.size ?? 0) > MAX_NEW_FILE_BYTES) tooLarge.push(path);
  }
  const excluded = [...repositories, ...tooLarge].map((path) => `:(exclude,top,literal)${path}`);
  return { pathspecs: ["--", ".", ...excluded], tooLarge };
}

/** Lets git count untracked files as new ones: in a copy of the index, the worktree's own stays as it is. */
export async function withNewFilesListed<T>(
  worktree: string,
  { environment = {}, ...limits }: Look,
  read: (look: Look & { environment: GitEnvironment }) => Promise<T>,
): Promise<T> {
  const { pathspecs } = await allButUnsuitable(worktree, limits);
  return withIndexCopy(worktree, async (copy) => {
    const look = { ...limits, environment: { ...environment, ...copy } };
    await git(worktree, ["add", "--intent-to-add", "--all", ...pathspecs], look.environment, limits);
    return read(look);
  });
}

/** Does something with an index that is a copy of the worktree's own. */
export async function withIndexCopy<T>(
  worktree: string,
  work: (environment: { GIT_INDEX_FILE: string }) => Promise<T>,
): Promise<T> {
  const own = withoutLastNewline(await git(worktree, ["rev-parse", "--git-path", "index"]));
  const copy = join(
    temporaryFolder(dirname(resolve(worktree, own))),
    `codexmcp-index-${process.pid}-${crypto.randomUUID()}`,
  );
  try {
    await copyIfThere(resolve(worktree, own), copy);
    return await work({ GIT_INDEX_FILE: copy });
  } finally {
    rmSync(copy, { force: true });
  }
}

/** With its time, as git reads it: files that changed in the moment that the index was written are looked at closer. */
async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    const { atime, mtimeMs } = await stat(from);
    await utimes(to, atime, Math.floor(mtimeMs / 1000));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

/** The lines of `git status --short`, from its `-z` form; a rename is `R  new ← old`. */
function parseStatus(status: string): string[] {
  const lines: string[] = [];
  const fields = status.split("\0");
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    if (field === undefined || field === "") continue;
    const isRename = field.startsWith("R") || field.startsWith("C");
    lines.push(isRename ? `${field} ← ${fields[++index] ?? ""}` : field);
  }
  return lines;
}

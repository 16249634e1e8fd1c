import { copyFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { errnoOf } from "#lib/errors.ts";
import { MAX_LISTED_PATHS, type WorktreeChanges } from "#task/record.ts";
import { gitUpTo } from "./git-streams.ts";
import { git, type GitEnvironment, withoutLastNewline } from "./git.ts";

/**
 * What a worktree holds against a base commit: commits, and every difference of the files, whether
 * committed or not, new files included. Neither index nor files are touched.
 */
export async function readChanges(
  worktree: string,
  baseCommit: string,
  signal?: AbortSignal,
): Promise<WorktreeChanges> {
  signal?.throwIfAborted();
  const [ahead, status] = await Promise.all([
    git(worktree, ["rev-list", "--count", `${baseCommit}..HEAD`]),
    git(worktree, ["status", "--porcelain", "-z", "--untracked-files=all"]),
  ]);
  const uncommitted = parseStatus(status);
  const hasNewFiles = uncommitted.some((line) => line.startsWith("??"));
  const { paths, shortstat } = await (hasNewFiles
    ? withNewFilesListed(worktree, (environment) => readDiff(worktree, baseCommit, environment))
    : readDiff(worktree, baseCommit));
  return {
    commits_ahead: Number(ahead),
    diff_stat: shortstat,
    files_changed: paths.slice(0, MAX_LISTED_PATHS),
    uncommitted_changes: uncommitted.slice(0, MAX_LISTED_PATHS),
  };
}

/** Whether a worktree has anything that is not committed, new files included. */
export async function hasUncommittedWork(worktree: string): Promise<boolean> {
  return (await git(worktree, ["status", "--porcelain", "-z", "--untracked-files=normal"])) !== "";
}

/** What differs between two commits, as `git diff --shortstat` words it; empty where nothing does. */
export async function readShortstat(folder: string, from: string, to: string): Promise<string> {
  return (await git(folder, ["diff", "--no-ext-diff", "--shortstat", from, to, "--"])).trim();
}

/**
 * The same differences as a patch, of which at most the first `maxBytes` are read.
 * @throws AppError `git_failed`
 */
export async function readPatch(worktree: string, baseCommit: string, maxBytes: number): Promise<string> {
  const args = ["diff", "--no-ext-diff", "--no-color", baseCommit, "--"];
  return withNewFilesListed(worktree, (environment) => gitUpTo(maxBytes, worktree, args, environment));
}

async function readDiff(
  worktree: string,
  baseCommit: string,
  environment: GitEnvironment = {},
): Promise<{ paths: string[]; shortstat: string }> {
  const args = ["diff", "--no-ext-diff", "--no-renames", "-z", "--numstat", "--shortstat", baseCommit, "--"];
  const fields = (await git(worktree, args, environment)).split("\0");
  // `added TAB deleted TAB path` for each file, then the sum.
  const shortstat = fields.pop()?.trim() ?? "";
  return {
    paths: fields.filter((field) => field !== "").map((field) => field.split("\t").slice(2).join("\t")),
    shortstat,
  };
}

/**
 * Pathspecs for all of a worktree but the repositories within it: added to an index, these would be links that lead
 * nowhere, and git refuses those without a commit.
 */
export async function allButRepositories(worktree: string): Promise<string[]> {
  const others = await git(worktree, ["ls-files", "--others", "--exclude-standard", "-z"]);
  const folders = others.split("\0").filter((path) => path.endsWith("/"));
  return ["--", ".", ...folders.map((path) => `:(exclude,top,literal)${path.slice(0, -1)}`)];
}

/** Lets git count untracked files as new ones: in a copy of the index, the worktree's own stays as it is. */
export async function withNewFilesListed<T>(
  worktree: string,
  read: (environment: GitEnvironment) => Promise<T>,
): Promise<T> {
  return withIndexCopy(worktree, async (environment) => {
    await git(worktree, ["add", "--intent-to-add", "--all", ...(await allButRepositories(worktree))], environment);
    return read(environment);
  });
}

/** Does something with an index that is a copy of the worktree's own. */
export async function withIndexCopy<T>(
  worktree: string,
  work: (environment: { GIT_INDEX_FILE: string }) => Promise<T>,
): Promise<T> {
  const own = withoutLastNewline(await git(worktree, ["rev-parse", "--git-path", "index"]));
  const copy = join(tmpdir(), `codexmcp-index-${process.pid}-${crypto.randomUUID()}`);
  try {
    copyIfThere(resolve(worktree, own), copy);
    return await work({ GIT_INDEX_FILE: copy });
  } finally {
    rmSync(copy, { force: true });
  }
}

/** With its time, as git reads it: files that changed in the moment that the index was written are looked at closer. */
function copyIfThere(from: string, to: string): void {
  try {
    copyFileSync(from, to);
    const { atime, mtimeMs } = statSync(from);
    utimesSync(to, atime, Math.floor(mtimeMs / 1000));
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

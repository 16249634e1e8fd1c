import { join } from "node:path";
import { READ_ONLY_FLAGS, withoutLocalPrograms } from "#git/local-programs.ts";
import { gitFailure } from "#git/git-failure.ts";
import { type GitEnvironment, type GitLimits, runGit, WITHOUT_NETWORK } from "#git/run-git.ts";
import { type ByteName, splitNul, toText } from "#git/byte-names.ts";
import { listNames, pathExists } from "#base/paths.ts";
import { gitBytes, hasOutput, tryGit } from "#git/git.ts";
import { AppError } from "#base/errors.ts";

/** Options for reading the files of a worktree. */
export interface StatusOptions extends GitLimits {
  environment?: GitEnvironment;
}

/** Uncommitted changes of a working tree. Names are relative to its top. */
export interface WorktreeStatus {
  /** The commit that is checked out; undefined on a branch without one. */
  head: string | undefined;
  /** Branch without `refs/heads/`; undefined if HEAD is detached. */
  branch: string | undefined;
  /** Lines in the format of `git status --short`, one for each change; a rename is `R  new ← old`. */
  lines: string[];
  /** Names of everything that {@link lines} mention. */
  changed: ByteName[];
  /** Names of new files; nested repositories end with a slash. */
  untracked: ByteName[];
  /** Names with unresolved conflicts. */
  unmerged: ByteName[];
  /** Names that the index only marks to be added (`git add --intent-to-add`). */
  intended: ByteName[];
  /** Names of files that differ from what is staged. */
  modified: ByteName[];
  /** Names that git could not read; folders end with a slash. */
  unreadable: string[];
}

/** Arguments that make the output independent of the user's settings. */
const STATUS = ["status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--find-renames"];
const OF_ALL_FILES = "--untracked-files=all";

/** Returns the uncommitted changes of a working tree; of submodules, only a changed commit. @throws AppError as `git` does */
export async function readStatus(worktree: string, options: StatusOptions = {}): Promise<WorktreeStatus> {
  const args = [...STATUS, ...READ_ONLY_FLAGS, OF_ALL_FILES];
  const { exitCode, overflowed, stdout, stderr } = await runGit(worktree, args, options);
  const said = stderr.toString();
  if (exitCode !== 0) {
    throw gitFailure(worktree, args, overflowed ? "there are too many new files" : said.trim());
  }
  return parseStatus(stdout, namesUnreadable(said));
}

/** Status of a worktree, and the options for reading its files further. */
export interface InspectedWorktree {
  status: WorktreeStatus;
  options: StatusOptions;
}

/**
 * Reads the status of a worktree, and prepares further reading of its files. Neither runs a program that the repository names.
 * @param seen a status that was just read, to avoid reading it again
 * @throws AppError as `git` does
 */
export async function inspectWorktree(
  worktree: string,
  limits: GitLimits = {},
  seen?: WorktreeStatus,
): Promise<InspectedWorktree> {
  // No file is read then, so no program is run either.
  if (seen !== undefined && isClean(seen)) {
    return { status: seen, options: { ...limits, environment: WITHOUT_NETWORK } };
  }
  const options = { ...limits, environment: await withoutLocalPrograms(worktree, limits) };
  return { status: seen ?? (await readStatus(worktree, options)), options };
}

/** Returns whether nothing at all is uncommitted. */
export function isClean({ lines }: WorktreeStatus): boolean {
  return lines.length === 0;
}

/** Returns the names that git reported as unreadable; it reports all others normally. */
export function namesUnreadable(stderr: string): string[] {
  const patterns = [
    /^warning: could not open directory '(.*)': /s,
    /^error: unable to index file '(.*)'$/s,
    /^(?!(?:error|warning|fatal): )(.*): Permission denied$/s,
  ];
  const names = stderr
    .split("\n")
    .flatMap((line) => patterns.map((pattern) => pattern.exec(line)?.[1]).filter((name) => name !== undefined));
  return [...new Set(names)];
}

/** Number of words before the name, by the first letter of a line. */
const WORDS_BEFORE_NAME: Record<string, number> = { "1": 8, "2": 9, u: 10, "?": 1 };

/** Parses the output of `git status --porcelain=v2 --branch -z`. @param unreadable names that git reported as unreadable */
export function parseStatus(answer: Buffer, unreadable: string[]): WorktreeStatus {
  const status: WorktreeStatus = {
    head: undefined,
    branch: undefined,
    lines: [],
    changed: [],
    untracked: [],
    unmerged: [],
    intended: [],
    modified: [],
    unreadable,
  };
  const fields = splitNul(answer).values();
  for (const field of fields) {
    const kind = field.charAt(0);
    if (kind === "#") readHeader(toText(field), status);
    const words = WORDS_BEFORE_NAME[kind];
    if (words === undefined) continue;
    const [, letters = ""] = field.split(" ", 2);
    const name = field.split(" ").slice(words).join(" ");
    const state = kind === "?" ? "??" : letters.replaceAll(".", " ");
    const before = kind === "2" ? (fields.next().value ?? "") : undefined;
    const origin = before === undefined ? "" : ` ← ${toText(before)}`;
    status.lines.push(`${state} ${toText(name)}${origin}`);
    status.changed.push(name, ...(before === undefined ? [] : [before]));
    if (kind === "?") status.untracked.push(name);
    else if (kind === "u") status.unmerged.push(name);
    else if (/[ARC]/.test(state.charAt(1))) status.intended.push(name);
    else if (/[MT]/.test(state.charAt(1))) status.modified.push(name);
  }
  // Git leaves them out of its output.
  for (const name of unreadable) if (name.endsWith("/")) status.lines.push(`?? ${name}`);
  return status;
}

function readHeader(header: string, status: WorktreeStatus): void {
  const [, name, ...rest] = header.split(" ");
  const value = rest.join(" ");
  if (name === "branch.oid" && value !== "(initial)") status.head = value;
  if (name === "branch.head" && value !== "(detached)") status.branch = value;
}

/** Mode of a submodule, in an index or a tree. */
export const GITLINK = "160000";

/**
 * Returns lines in the format of `git status --short` for changes within a worktree's submodules that no commit of the worktree
 * can contain: `_m` for changed files, `_?` for new ones (`_` is a space), and `??` for files in the folder of a submodule that
 * is not checked out.
 * @throws AppError as `git` does
 */
export async function readSubmoduleLines(worktree: string, limits: GitLimits): Promise<string[]> {
  if (!pathExists(join(worktree, ".gitmodules"))) return [];
  const listed = splitNul(await gitBytes(worktree, ["ls-files", "--stage", "-z"], limits));
  const links = listed.filter((line) => line.startsWith(`${GITLINK} `));
  const paths = links.map((line) => toText(line.slice(line.indexOf("\t") + 1)));
  return (await Promise.all(paths.map((path) => describe(worktree, path, limits)))).flat();
}

async function describe(worktree: string, path: string, limits: GitLimits): Promise<string[]> {
  const folder = join(worktree, path);
  if (!pathExists(join(folder, ".git"))) return listNames(folder).length === 0 ? [] : [`?? ${path}/`];
  // A submodule is a repository of its own: the programs that it names are not run either.
  const { status } = await inspectWorktree(folder, limits);
  if (isClean(status)) return [];
  return [` ${status.lines.length > status.untracked.length ? "m" : "?"} ${path}`];
}

/** Result of a check for uncommitted work; `unknown` if not all files could be read. */
export type UncommittedWork = "none" | "some" | "unknown";

const SHORT_STATUS = ["status", "--porcelain", "-z", "--untracked-files=normal"];

/** Pattern of git's messages about a file or folder that it could not read, and left out. */
const UNREADABLE_FILE = /^(?:warning: (?:could not|unable to|failed to)|error:|fatal:)/m;

/**
 * Checks a worktree for uncommitted work, new files included. Nothing is changed, and no program that the repository names is
 * run.
 * @param limits limits of the check; if they stop it, the result is `unknown`
 */
export async function findUncommittedWork(worktree: string, limits: GitLimits): Promise<UncommittedWork> {
  try {
    const environment = await withoutLocalPrograms(worktree, limits);
    const args = [...SHORT_STATUS, ...READ_ONLY_FLAGS, "--no-renames"];
    const { exitCode, stdout, stderr } = await tryGit(worktree, args, environment, limits);
    if (stdout !== "") return "some";
    return exitCode !== 0 || UNREADABLE_FILE.test(stderr) ? "unknown" : "none";
  } catch (error) {
    if (error instanceof AppError) return "unknown";
    throw error;
  }
}

/** Returns whether a worktree has any uncommitted work, new files and changes within submodules included. @throws AppError as `git` does */
export async function hasUncommittedWork(worktree: string): Promise<boolean> {
  return hasOutput(worktree, [...SHORT_STATUS, "--ignore-submodules=none"]);
}

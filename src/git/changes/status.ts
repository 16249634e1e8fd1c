import { LOOK_ONLY_FLAGS, withoutLocalPrograms } from "#git/local-programs.ts";
import { gitFailure } from "#git/git-failure.ts";
import { type GitEnvironment, type GitLimits, runGit, WITHOUT_NETWORK } from "#git/run-git.ts";
import { type ByteName, splitNul, toText } from "#git/byte-names.ts";

/** Options of a look at the files of a worktree. */
export interface Look extends GitLimits {
  environment?: GitEnvironment;
}

/** Uncommitted changes of a working tree. Names are relative to its top. */
export interface WorktreeStatus {
  /** The commit that is checked out; undefined on a branch without one. */
  head: string | undefined;
  /** Without `refs/heads/`; undefined where HEAD is detached. */
  branch: string | undefined;
  /** As `git status --short` words it, one line for each change; a rename is `R  new ← old`. */
  lines: string[];
  /** Names of new files; repositories within the worktree end in a slash. */
  untracked: ByteName[];
  /** Names with conflicts that nobody has resolved. */
  unmerged: ByteName[];
  /** Names of which the index says only that they will be added (`git add --intent-to-add`). */
  intended: ByteName[];
  /** Names of files that differ from what is staged. */
  modified: ByteName[];
  /** Names that git could not read; folders end in a slash. */
  unreadable: string[];
}

/** Flags that leave nothing to the user's settings. */
const STATUS = ["status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--find-renames"];
const OF_ALL_FILES = "--untracked-files=all";

/** Returns what is uncommitted in a working tree; of submodules, only which commit they are at. @throws AppError as `git` does */
export async function readStatus(worktree: string, look: Look = {}): Promise<WorktreeStatus> {
  const args = [...STATUS, ...LOOK_ONLY_FLAGS, OF_ALL_FILES];
  const { exitCode, overflowed, stdout, stderr } = await runGit(worktree, args, look);
  const said = stderr.toString();
  if (exitCode !== 0) {
    throw gitFailure(worktree, args, overflowed ? "there are far too many new files" : said.trim());
  }
  return parseStatus(stdout, namesUnreadable(said));
}

/** The status of a worktree, and how its files are to be looked at further. */
export interface SeenWorktree {
  status: WorktreeStatus;
  look: Look;
}

/**
 * Reads the status of a worktree, and prepares a further look at its files: neither runs a program that the repository names.
 * @param seen what was seen of it a moment ago, so that it need not be read again
 * @throws AppError as `git` does
 */
export async function lookAtWorktree(
  worktree: string,
  limits: GitLimits = {},
  seen?: WorktreeStatus,
): Promise<SeenWorktree> {
  // No file is read then, so no program is run either.
  if (seen !== undefined && isClean(seen)) return { status: seen, look: { ...limits, environment: WITHOUT_NETWORK } };
  const look = { ...limits, environment: await withoutLocalPrograms(worktree, limits) };
  return { status: seen ?? (await readStatus(worktree, look)), look };
}

/** Whether nothing at all is uncommitted. */
export function isClean({ lines }: WorktreeStatus): boolean {
  return lines.length === 0;
}

/** Returns the names of what git said that it cannot read; it reports all else. */
export function namesUnreadable(stderr: string): string[] {
  const patterns = [
    /^warning: could not open directory '(.*)': /,
    /^error: unable to index file '(.*)'$/,
    /^(?!(?:error|warning|fatal): )(.*): Permission denied$/,
  ];
  const names = stderr
    .split("\n")
    .flatMap((line) => patterns.map((pattern) => pattern.exec(line)?.[1]).filter((name) => name !== undefined));
  return [...new Set(names)];
}

/** Number of words before the name, by a line's first letter. */
const WORDS_BEFORE_NAME: Record<string, number> = { "1": 8, "2": 9, u: 10, "?": 1 };

function parseStatus(answer: Buffer, unreadable: string[]): WorktreeStatus {
  const status: WorktreeStatus = {
    head: undefined,
    branch: undefined,
    lines: [],
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
    const origin = kind === "2" ? ` ← ${toText(fields.next().value ?? "")}` : "";
    status.lines.push(`${state} ${toText(name)}${origin}`);
    if (kind === "?") status.untracked.push(name);
    else if (kind === "u") status.unmerged.push(name);
    else if (/[ARC]/.test(state.charAt(1))) status.intended.push(name);
    else if (/[MT]/.test(state.charAt(1))) status.modified.push(name);
  }
  // Git leaves them out of its answer.
  for (const name of unreadable) if (name.endsWith("/")) status.lines.push(`?? ${name}`);
  return status;
}

function readHeader(header: string, status: WorktreeStatus): void {
  const [, name, ...rest] = header.split(" ");
  const value = rest.join(" ");
  if (name === "branch.oid" && value !== "(initial)") status.head = value;
  if (name === "branch.head" && value !== "(detached)") status.branch = value;
}

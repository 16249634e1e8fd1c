import { lstatSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base/errors.ts";
import { Turns } from "#base/concurrency.ts";
import { listSome } from "#base/text.ts";
import { statIfAny } from "#base/paths.ts";
import { type ByteName, splitNul, toByteName, toBytes, toText } from "#git/byte-names.ts";
import { gitFailure } from "#git/git-failure.ts";
import { git, gitBytes, tryGit } from "#git/git.ts";
import { READ_ONLY_FLAGS, withoutLocalPrograms } from "#git/local-programs.ts";
import { OUR_IDENTITY, writeCommit } from "#git/repository/objects.ts";
import { type GitEnvironment, type GitLimits, runGit } from "#git/run-git.ts";
import { listTracesSoFar } from "#git/changes/check-traces.ts";
import { withIndexCopy } from "#git/changes/index-copy.ts";
import { namesUnreadable } from "#git/changes/status.ts";

/** Uncommitted work of a worktree: what its files and its index have beyond the commit that is checked out, except what checks have left. */
export interface UncommittedState {
  /** Digest that changes when the work does; undefined if there is none. */
  signature: string | undefined;
  /** Whether the last change is so old that every later one changes the signature. */
  isSettled: boolean;
  /** Names to remove from the index, and to add to it. */
  removed: ByteName[];
  added: ByteName[];
  environment: GitEnvironment;
}

/** Limits of what is compared: more, or more bytes, is hardly source code. */
const MAX_FILES = 5000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Largest step of a file system's times, in milliseconds. */
const TIME_STEP_MS = 2000;

const STATUS = ["status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--no-renames"];

/**
 * Reads what is uncommitted in a worktree, new files included. Nothing is changed, and no program that the repository names is run.
 * @param head the commit that is expected to be checked out
 * @throws AppError `git_failed` if that cannot be said exactly: unreadable, very many or unmerged files; as `git` does
 */
export async function readUncommitted(
  { path, gitDir, head }: { path: string; gitDir: string; head: string },
  limits: GitLimits = {},
): Promise<UncommittedState> {
  const environment = await withoutLocalPrograms(path, limits);
  const index = describeFile(join(gitDir, "index"));
  const args = [...STATUS, ...READ_ONLY_FLAGS, "--untracked-files=all"];
  const { exitCode, stdout, stderr } = await runGit(path, args, { ...limits, environment });
  const said = stderr.toString();
  if (exitCode !== 0) throw gitFailure(path, args, said.trim());
  const unreadable = namesUnreadable(said);
  if (unreadable.length > 0) throw notExact(path, `${listSome(unreadable)} cannot be read`);
  const { lines, removed, added, commit } = await withoutTraces(path, parseChanges(path, stdout));
  if (commit !== head) throw notExact(path, "another commit was checked out meanwhile");
  if (lines.length === 0) return { signature: undefined, isSettled: true, removed, added, environment };
  if (lines.length > MAX_FILES) throw notExact(path, `${lines.length} files are not committed`);
  const { digest, newestMs } = await describeFiles(path, added, [head, index.text, ...lines]);
  const isSettled = Math.max(newestMs, index.newestMs) < Date.now() - TIME_STEP_MS;
  return { signature: digest, isSettled, removed, added, environment };
}

interface Changes {
  /** Raw lines of the status, one for each change. */
  lines: string[];
  removed: ByteName[];
  added: ByteName[];
  commit: string | undefined;
}

/** Number of words before the name, by the first letter of a line. */
const WORDS_BEFORE_NAME: Record<string, number> = { "1": 8, "?": 1 };

function parseChanges(path: string, answer: Buffer): Changes {
  const changes: Changes = { lines: [], removed: [], added: [], commit: undefined };
  for (const field of splitNul(answer)) {
    const kind = field.charAt(0);
    if (kind === "u") throw notExact(path, "it has unresolved conflicts");
    if (kind === "#") changes.commit ??= /^# branch\.oid ([0-9a-f]+)$/.exec(field)?.[1];
    if (WORDS_BEFORE_NAME[kind] === undefined) continue;
    changes.lines.push(field);
    const name = nameOf(field);
    const inFolder = kind === "?" ? "?" : field.charAt(3);
    if (inFolder === "D") changes.removed.push(name);
    // Nested repositories, whose names end with a slash, are never committed.
    else if (inFolder !== "." && !name.endsWith("/")) changes.added.push(name);
  }
  return changes;
}

/** Leaves out what checks have left: neither our commits nor our merges contain it. */
async function withoutTraces(path: string, changes: Changes): Promise<Changes> {
  const { lines, removed, added } = changes;
  const traces = new Set(await listTracesSoFar(path, { changed: [...removed, ...added] }));
  if (traces.size === 0) return changes;
  const isWork = (name: ByteName) => !traces.has(name);
  return {
    ...changes,
    lines: lines.filter((line) => isWork(nameOf(line))),
    removed: removed.filter(isWork),
    added: added.filter(isWork),
  };
}

/** Returns the name in a line of the status. */
function nameOf(line: string): ByteName {
  return line
    .split(" ")
    .slice(WORDS_BEFORE_NAME[line.charAt(0)] ?? 0)
    .join(" ");
}

async function describeFiles(
  path: string,
  names: readonly ByteName[],
  facts: readonly string[],
): Promise<{ digest: string; newestMs: number }> {
  const hash = new Bun.CryptoHasher("sha256").update(facts.join("\0"));
  const turns = new Turns();
  let newestMs = 0;
  let bytes = 0;
  for (const name of names) {
    const file = describeFile(toBytes(`${toByteName(join(path, "/"))}${name}`));
    hash.update(`\0${name}\0${file.text}`);
    newestMs = Math.max(newestMs, file.newestMs);
    bytes += file.bytes;
    if (bytes > MAX_BYTES) throw notExact(path, `its uncommitted files have more than ${MAX_BYTES} bytes`);
    await turns.pause();
  }
  return { digest: hash.digest("hex"), newestMs };
}

function describeFile(path: string | Buffer): { text: string; newestMs: number; bytes: number } {
  const stat = typeof path === "string" ? statIfAny(path) : lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { text: "missing", newestMs: 0, bytes: 0 };
  const { mode, size, mtimeMs, ctimeMs, ino } = stat;
  return { text: [mode, size, mtimeMs, ctimeMs, ino].join(" "), newestMs: Math.max(mtimeMs, ctimeMs), bytes: size };
}

/** Fixed dates, so that the same work gives the same commit. */
const FIXED_DATES = { GIT_AUTHOR_DATE: "@1 +0000", GIT_COMMITTER_DATE: "@1 +0000" };

/**
 * Writes a commit of uncommitted work on top of the commit that is checked out. Neither index nor files nor branch are touched.
 * @throws AppError `git_failed`, also if a file needs a filter: filters are programs, and some store what they are given
 */
export async function writeUncommitted(
  { path, head }: { path: string; head: string },
  { removed, added, environment }: UncommittedState,
): Promise<string> {
  await checkFilters(path, added);
  return withIndexCopy(path, environment, async (ofCopy) => {
    const update = async (flags: readonly string[], names: readonly ByteName[]) => {
      const input = toBytes(names.map((name) => `${name}\0`).join(""));
      if (names.length === 0) return;
      await gitBytes(path, ["update-index", "-z", ...flags, "--stdin"], { environment: ofCopy, input });
    };
    await update(["--force-remove"], removed);
    await update(["--add", "--remove", "--replace"], added);
    const tree = (await git(path, ["write-tree"], ofCopy)).trim();
    const dated = { ...OUR_IDENTITY, ...FIXED_DATES };
    return writeCommit(path, { tree, parents: [head], message: "Uncommitted work", environment: dated });
  });
}

async function checkFilters(path: string, names: readonly ByteName[]): Promise<void> {
  const { stdout } = await tryGit(path, ["config", "--null", "--name-only", "--get-regexp", String.raw`^filter\.`]);
  const filters = new Set(stdout.split("\0").map((key) => key.slice("filter.".length, key.lastIndexOf("."))));
  if (stdout === "" || names.length === 0) return;
  const input = toBytes(names.map((name) => `${name}\0`).join(""));
  const fields = splitNul(await gitBytes(path, ["check-attr", "--stdin", "-z", "filter"], { input }));
  const found = fields.findIndex((value, index) => index % 3 === 2 && filters.has(toText(value)));
  if (found >= 0) throw notExact(path, `${toText(fields[found - 2] ?? "")} needs the filter ${fields[found]}`);
}

function notExact(path: string, reason: string): AppError {
  return new AppError(
    "git_failed",
    `The work in ${path} cannot be compared: ${reason}.`,
    "Commit the work there, or see what git status lists.",
  );
}

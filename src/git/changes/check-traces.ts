import { existsSync, lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import { AppError } from "#base/errors.ts";
import { type ByteName, toBytes } from "#git/byte-names.ts";
import { getGitDir } from "#git/worktree/worktree-link.ts";
import { prepareFile } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { hasUncommittedWork, inspectWorktree, readSubmoduleLines, type WorktreeStatus } from "./status.ts";

// What a check leaves in a worktree (coverage, caches, snapshots) is not the work that it has checked, so no commit of ours contains it. The
// worktree's own git folder has a list, which stays as long as the worktree, through all runs in it. While a check runs, it has another
// one, of the files that were uncommitted before: a check that is killed is found by it.

const TRACES_FILE = "codexmcp-check-traces";
const BEFORE_FILE = "codexmcp-check-before";
const MAX_LIST_BYTES = 64 * 1024 * 1024;
/** Maximum number of files in a list. */
const MAX_FILES = 100_000;

const MarksSchema = v.array(v.tuple([v.string(), v.string()]));

/** Uncommitted files by name, each with a mark that changes whenever it is changed. */
export type FileMarks = ReadonlyMap<ByteName, string>;

/** Returns the marks of a worktree's uncommitted files. */
export function markFiles(worktree: string, { changed }: Pick<WorktreeStatus, "changed">): FileMarks {
  return new Map(changed.map((name) => [name, markFile(worktree, name)]));
}

/** Returns the names of the uncommitted files that checks have left and no one has changed since. */
export async function listCheckTraces(worktree: string, marks: FileMarks): Promise<ByteName[]> {
  const traces = readMarks(await fileOf(worktree, TRACES_FILE));
  return [...marks].flatMap(([name, mark]) => (traces.get(name) === mark ? [name] : []));
}

/** Returns the names of the uncommitted files that checks have left, and of those that a check which is running has changed so far. */
export async function listTracesSoFar(worktree: string, status: Pick<WorktreeStatus, "changed">): Promise<ByteName[]> {
  const marks = markFiles(worktree, status);
  const traces = await listCheckTraces(worktree, marks);
  const file = await fileOf(worktree, BEFORE_FILE);
  if (!existsSync(file)) return traces;
  const before = readMarks(file);
  const isTrace = new Set(traces);
  return [...marks].flatMap(([name, mark]) => (isTrace.has(name) || before.get(name) !== mark ? [name] : []));
}

/** Returns whether a worktree has uncommitted work other than what checks have left. @throws AppError as `git` does */
export async function hasUncommittedBesideTraces(worktree: string): Promise<boolean> {
  return (await hasUncommittedWork(worktree)) && !(await hasOnlyCheckTraces(worktree));
}

/** Returns whether everything that is uncommitted in a worktree was left by checks. */
async function hasOnlyCheckTraces(worktree: string): Promise<boolean> {
  if (readMarks(await fileOf(worktree, TRACES_FILE)).size === 0) return false;
  const { status } = await inspectWorktree(worktree);
  const traces = await listCheckTraces(worktree, markFiles(worktree, status));
  const isInside = status.unreadable.length > 0 || (await readSubmoduleLines(worktree, {})).length > 0;
  return !isInside && traces.length === status.changed.length;
}

/** Records that a check begins in a worktree. @param before marks of its uncommitted files */
export async function beginCheck(worktree: string, before: FileMarks): Promise<void> {
  writeMarks(await fileOf(worktree, BEFORE_FILE), [...before]);
}

/**
 * Records what the last check has left in a worktree: the files that appeared or changed since it began. Does nothing if that is recorded.
 * @param readStatus returns the uncommitted changes
 * @throws AppError `git_failed` if there are too many files
 */
export async function endCheck(worktree: string, readStatus: () => Promise<WorktreeStatus>): Promise<void> {
  const file = await fileOf(worktree, BEFORE_FILE);
  if (!existsSync(file)) return;
  const before = readMarks(file);
  const after = markFiles(worktree, await readStatus());
  const earlier = new Set(await listCheckTraces(worktree, after));
  const left = [...after].filter(([name, mark]) => earlier.has(name) || before.get(name) !== mark);
  writeMarks(await fileOf(worktree, TRACES_FILE), left);
  rmSync(file, { force: true });
}

function readMarks(file: string): FileMarks {
  const text = tryReadText(file, { maxBytes: MAX_LIST_BYTES });
  return new Map(parseJsonAs(MarksSchema, text));
}

function writeMarks(file: string, marks: readonly [ByteName, string][]): void {
  if (marks.length > MAX_FILES) {
    const message = `There are ${marks.length} uncommitted files that git does not ignore; the limit of a check is ${MAX_FILES}.`;
    throw new AppError("git_failed", message, "Let git ignore what the check writes.");
  }
  prepareFile(file, JSON.stringify(marks)).publish();
}

async function fileOf(worktree: string, name: string): Promise<string> {
  return join(await getGitDir(worktree), name);
}

function markFile(worktree: string, name: ByteName): string {
  try {
    const path = Buffer.concat([Buffer.from(`${worktree}/`), toBytes(name)]);
    const { mode, size, ino, ctimeNs } = lstatSync(path, { bigint: true });
    return [mode, size, ino, ctimeNs].join(":");
  } catch {
    return "gone";
  }
}

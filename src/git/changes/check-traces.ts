import { lstatSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import { type ByteName, toBytes } from "#git/byte-names.ts";
import { getGitDir } from "#git/worktree/worktree-link.ts";
import { prepareFile } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import type { WorktreeStatus } from "./status.ts";

// What a check leaves in a worktree (coverage, caches, snapshots) is not the work that it has checked, so no commit of ours contains it. The
// worktree's own git folder has a list: it stays as long as the worktree, through all runs in it.

const TRACES_FILE = "codexmcp-check-traces";
const MAX_LIST_BYTES = 64 * 1024 * 1024;
/** Maximum number of files in the list. */
const MAX_FILES = 100_000;

const TracesSchema = v.array(v.tuple([v.string(), v.string()]));

/** Uncommitted files by name, each with a mark that changes whenever it is changed. */
export type FileMarks = ReadonlyMap<ByteName, string>;

/** Returns the marks of a worktree's uncommitted files. */
export function markFiles(worktree: string, { changed }: WorktreeStatus): FileMarks {
  return new Map(changed.map((name) => [name, markFile(worktree, name)]));
}

/** Returns the names of the uncommitted files that checks have left and no one has changed since. */
export async function listCheckTraces(worktree: string, marks: FileMarks): Promise<ByteName[]> {
  const traces = await readTraces(worktree);
  return [...marks].flatMap(([name, mark]) => (traces.get(name) === mark ? [name] : []));
}

/**
 * Records what a check has left in a worktree: the files that appeared or changed while it ran.
 * @throws AppError `git_failed` if there are too many files
 */
export async function recordCheckTraces(worktree: string, before: FileMarks, after: FileMarks): Promise<void> {
  const earlier = new Set(await listCheckTraces(worktree, after));
  const left = [...after].filter(([name, mark]) => earlier.has(name) || before.get(name) !== mark);
  if (left.length > MAX_FILES) {
    const message = `The check has left ${left.length} files in ${worktree} that git does not ignore; the limit is ${MAX_FILES}.`;
    throw new AppError("git_failed", message, "Let git ignore what the check writes.");
  }
  prepareFile(await tracesFile(worktree), JSON.stringify(left)).publish();
}

async function readTraces(worktree: string): Promise<FileMarks> {
  const text = tryReadText(await tracesFile(worktree), { maxBytes: MAX_LIST_BYTES });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), TracesSchema), text);
  return new Map(parsed.success ? parsed.output : []);
}

async function tracesFile(worktree: string): Promise<string> {
  return join(await getGitDir(worktree), TRACES_FILE);
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

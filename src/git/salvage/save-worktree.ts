import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathExists } from "#base/paths.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import { findBranchCommit, getBranchFiles } from "#git/repository/branches.ts";
import { withIndexCopy } from "#git/changes/index-copy.ts";
import { usesReftable } from "#git/git-folders.ts";
import { git, gitBytes, tryGit } from "#git/git.ts";
import { CommitWriter } from "./fast-import.ts";
import { type Manifest, SALVAGE_PATHS, SALVAGE_REFS } from "./manifest.ts";
import { type ByteName, toText } from "#git/byte-names.ts";
import { walkFiles } from "./walk.ts";
import type { WorktreeState } from "./worktree-state.ts";

/** Request to save a worktree. */
export interface SaveOptions {
  /** Folder in which git commands for the repository run; not the worktree itself. */
  repository: string;
  worktree: string;
  /** Branch that is saved with it, without `refs/heads/`: not always the one that is checked out. */
  branch: string | undefined;
  state: WorktreeState;
  /** Ignored paths that are not saved. */
  leftOut: readonly ByteName[];
}

/**
 * Saves everything in a worktree as one commit under a ref of this server: commits (also those that only its reflogs name),
 * index, changed, untracked and ignored files, empty folders, and git's own records of unfinished operations. Neither worktree
 * nor index nor branch is touched.
 * @returns the ref, and the commit of the branch that it contains
 * @throws AppError `git_failed`
 */
export async function saveWorktree({
  repository,
  worktree,
  branch,
  state,
  leftOut,
}: SaveOptions): Promise<{ ref: string; tip: string | undefined }> {
  const { gitFolder } = state;
  const tip = branch === undefined ? undefined : await findBranchCommit(repository, branch);
  const reflog = branch === undefined ? undefined : await readReflog(repository, branch);
  const notes = await readStateFiles(gitFolder);
  const tables = usesReftable(repository) ? await readReflogs(worktree, branch) : Buffer.of();
  const named = await findNamedObjects(repository, [...notes.values(), reflog ?? tables]);
  const parents = [tip, state.head, ...named.commits].filter((commit) => commit !== undefined);
  const ref = `${SALVAGE_REFS}/${branch ?? "detached"}/${uniqueTime()}`;
  const writer = new CommitWriter(repository, ref, `Salvage of ${worktree}\n`, [...new Set(parents)]);
  try {
    const manifest = buildManifest(worktree, { branch, tip }, state, leftOut);
    await writer.add(SALVAGE_PATHS.manifest, Buffer.from(JSON.stringify(manifest)));
    const index = await readWholeIndex(worktree, gitFolder);
    if (index !== undefined) await writer.add(SALVAGE_PATHS.index, index);
    if (reflog !== undefined) await writer.add(SALVAGE_PATHS.reflog, reflog);
    for (const [name, content] of notes) await writer.add(`${SALVAGE_PATHS.gitFolder}/${name}`, content);
    for (const object of state.indexed) writer.addObject(`${SALVAGE_PATHS.objects}/${object}`, object, "blob");
    for (const [object, type] of named.others) writer.addObject(`${SALVAGE_PATHS.objects}/${object}`, object, type);
    for (const [path, file] of state.files) {
      await writer.addFound(`${SALVAGE_PATHS.files}/${path}`, worktree, path, file);
    }
    await writer.commit();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return { ref, tip };
}

function buildManifest(
  worktree: string,
  { branch, tip }: { branch: string | undefined; tip: string | undefined },
  { head, absent, emptyFolders, modes }: WorktreeState,
  leftOut: readonly ByteName[],
): Manifest {
  return {
    version: 1,
    worktree,
    ...(branch !== undefined && { branch }),
    ...(tip !== undefined && { tip }),
    ...(head !== undefined && { head }),
    absent,
    empty_folders: emptyFolders,
    modes: Object.fromEntries(modes),
    left_out: [...leftOut],
  };
}

async function readReflog(repository: string, branch: string): Promise<Buffer | undefined> {
  const { reflog } = await getBranchFiles(repository, branch);
  const outcome = readFileBounded(reflog, { maxBytes: MAX_STATE_FILE_BYTES });
  return "bytes" in outcome ? outcome.bytes : undefined;
}

/** Returns the commits named by reflogs that are not files: those of HEAD and of the branch. */
async function readReflogs(worktree: string, branch: string | undefined): Promise<Buffer> {
  const refs = ["HEAD", ...(branch === undefined ? [] : [`refs/heads/${branch}`])];
  const logs = await Promise.all(
    refs.map(async (ref) => (await tryGit(worktree, ["rev-list", "--walk-reflogs", ref])).stdout),
  );
  return Buffer.from(logs.join(""));
}

/** Maximum size of git's own records of a worktree in bytes; they are short: a reflog of ten thousand entries has 2 MB. */
const MAX_STATE_FILE_BYTES = 64 * 1024 * 1024;

/** Pattern of the worktree's private files that are created again with it, or have a separate place in the salvage. */
const NOT_STATE_FILES = /^(?:index|codexmcp-.*|gitdir|commondir|locked|sharedindex\..*|modules\/.*|.*\.lock)$/s;

/** Reads git's own records of a worktree: its HEAD and reflog, and an unfinished merge or rebase. */
async function readStateFiles(gitFolder: string): Promise<Map<ByteName, Buffer>> {
  const notes = new Map<ByteName, Buffer>();
  for (const [name, { kind }] of (await walkFiles(gitFolder)).files) {
    if (kind !== "file" || NOT_STATE_FILES.test(name)) continue;
    const outcome = readFileBounded(join(gitFolder, toText(name)), { maxBytes: MAX_STATE_FILE_BYTES });
    if ("bytes" in outcome) notes.set(name, outcome.bytes);
  }
  return notes;
}

interface NamedObjects {
  commits: string[];
  others: [object: string, type: string][];
}

/** Finds the objects that the given files name and the repository has. */
async function findNamedObjects(repository: string, files: readonly Buffer[]): Promise<NamedObjects> {
  const text = files.map((file) => file.toString("latin1")).join("\n");
  const names = [...new Set(text.match(/\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/g))];
  if (names.length === 0) return { commits: [], others: [] };
  const answer = await gitBytes(repository, ["cat-file", "--batch-check"], {
    input: Buffer.from(`${names.join("\n")}\n`),
  });
  const known = answer
    .toString()
    .split("\n")
    .map((line) => line.split(" "));
  const commits = known.flatMap(([object = "", type]) => (type === "commit" ? [object] : []));
  const others = known.flatMap(([object = "", type = ""]): [string, string][] =>
    type === "tree" || type === "blob" ? [[object, type]] : [],
  );
  return { commits, others };
}

/** Returns the index in a form that needs no other file: the other half of a split index is removed with the worktree. */
async function readWholeIndex(worktree: string, gitFolder: string): Promise<Buffer | undefined> {
  if (!pathExists(join(gitFolder, "index"))) return undefined;
  return withIndexCopy(worktree, {}, async (environment) => {
    const args = ["update-index", "--no-split-index", "--no-untracked-cache", "--no-fsmonitor"];
    await git(worktree, args, environment);
    return readFileSync(environment.GIT_INDEX_FILE);
  });
}

/** Returns the current time in milliseconds, with a suffix that makes it unique. */
function uniqueTime(): string {
  const time = new Date().toISOString().replaceAll(/[-:]/g, "").replace(".", "");
  return `${time}-${crypto.randomUUID().slice(0, 4)}`;
}

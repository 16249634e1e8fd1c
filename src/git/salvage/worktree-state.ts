import { join } from "node:path";
import { gitBytes, tryGit } from "#git/git.ts";
import { listNames } from "#base/paths.ts";
import { GITLINK } from "#git/changes/status.ts";
import { getGitDir } from "#git/worktree/worktree-link.ts";
import { type ByteName, toByteName, splitNul, toBytes } from "#git/byte-names.ts";
import { type FoundFile, type FoundFiles, walkFiles } from "./walk.ts";
import { measureFolder } from "#platform/files/folder-size.ts";

/** Contents of a worktree that its branch's commits do not have. */
export interface WorktreeState {
  /** Commit that is checked out; undefined on a branch without one. */
  head: string | undefined;
  /** The worktree's own git folder. */
  gitFolder: string;
  /** Files to save unchanged: changed, untracked and ignored ones. */
  files: Map<ByteName, FoundFile>;
  /** Permissions of files and folders that differ from git's default. */
  modes: Map<ByteName, number>;
  /** Paths that are in the index but not in the folder. */
  absent: ByteName[];
  emptyFolders: ByteName[];
  /** Nested git repositories. */
  repositories: ByteName[];
  /** Objects that only the index refers to. */
  indexed: ByteName[];
  /** Digest that differs between two reads if something was written meanwhile. */
  signature: string;
}

/**
 * Reads the state of a worktree; nothing is changed.
 * @param isLeftOut whether to skip a path
 */
export async function readWorktreeState(
  worktree: string,
  isLeftOut: (path: ByteName) => boolean,
): Promise<WorktreeState> {
  const [head, symbolic, gitFolder, entries, differing] = await Promise.all([
    tryGit(worktree, ["rev-parse", "--quiet", "--verify", "HEAD^{commit}"]),
    tryGit(worktree, ["symbolic-ref", "--quiet", "--short", "HEAD"]),
    getGitDir(worktree),
    gitBytes(worktree, ["ls-files", "--stage", "-v", "-z"]).then(splitNul),
    gitBytes(worktree, ["diff-files", "--name-only", "-z", "--ignore-submodules"]).then(splitNul),
  ]);
  const commit = head.stdout.trim() || undefined;
  const found = await walkFiles(worktree, isLeftOut);
  const index = entries.map(parseEntry);
  const tracked = new Set(index.map(({ path }) => path));
  // git does not check whether these differ.
  const unlooked = index.filter(({ tag, stage }) => tag !== "H" || stage !== "0").map(({ path }) => path);
  const doubtful = new Set([...differing, ...unlooked]);
  return {
    head: commit,
    gitFolder,
    files: new Map([...found.files].filter(([path]) => !tracked.has(path) || doubtful.has(path))),
    modes: collectModes(found),
    absent: [...tracked].filter((path) => !found.files.has(path) && !isLeftOut(path)),
    emptyFolders: found.emptyFolders,
    repositories: [...found.repositories, ...listModules(gitFolder, found.repositories)],
    indexed: await listIndexed(worktree, commit, index),
    signature: computeSignature(found, entries, commit, symbolic.stdout),
  };
}

/** Returns the permissions of files and folders that differ from git's default. */
function collectModes({ files, folderModes }: FoundFiles): Map<ByteName, number> {
  const ofFiles = [...files].filter(([, { kind, mode }]) => kind === "file" && !isDefaultMode(mode));
  const ofFolders = [...folderModes].filter(([, mode]) => mode !== defaultMode(true));
  return new Map([...ofFiles.map(([path, { mode }]): [ByteName, number] => [path, mode]), ...ofFolders]);
}

/** Returns the repositories of submodules that are no longer checked out in the worktree: git keeps them, with their commits. */
function listModules(gitFolder: string, checkedOut: readonly ByteName[]): ByteName[] {
  const modules = join(gitFolder, "modules");
  return checkedOut.length > 0 ? [] : listNames(modules).map((name) => toByteName(join(modules, name)));
}

/** Returns whether git would give a file these permissions. */
function isDefaultMode(mode: number): boolean {
  return mode === defaultMode(false) || mode === defaultMode(true);
}

/** Returns the permissions that git gives a file here. */
export function defaultMode(isExecutable: boolean): number {
  return (isExecutable ? 0o777 : 0o666) & ~process.umask();
}

interface IndexEntry {
  /** Tag of the entry: `H` for an ordinary one; others are not compared with the file. */
  tag: string;
  mode: string;
  object: string;
  stage: string;
  path: ByteName;
}

function parseEntry(line: ByteName): IndexEntry {
  const tab = line.indexOf("\t");
  const [tag = "", mode = "", object = "", stage = ""] = line.slice(0, tab).split(" ");
  return { tag, mode, object, stage, path: line.slice(tab + 1) };
}

/** Returns the objects that are staged, or part of a conflict: the commit that is checked out does not preserve them. */
async function listIndexed(worktree: string, commit: string | undefined, index: IndexEntry[]): Promise<string[]> {
  const files = index.filter(({ mode }) => mode !== GITLINK);
  if (commit === undefined) return [...new Set(files.map(({ object }) => object))];
  const answer = await gitBytes(worktree, ["ls-tree", "-r", "-z", "--format=%(objectname)", commit]);
  const committed = new Set(splitNul(answer));
  return [...new Set(files.map(({ object }) => object).filter((object) => !committed.has(object)))];
}

function computeSignature({ files }: FoundFiles, ...more: unknown[]): string {
  const hash = new Bun.CryptoHasher("sha256");
  for (const [path, { signature }] of files) hash.update(`${path}\0${signature}\0`);
  return hash.update(JSON.stringify(more)).digest("hex");
}

/** An ignored file, or a folder that contains only ignored files. */
export interface IgnoredPath {
  path: ByteName;
  bytes: number;
  /** First path in it that cannot be read. */
  unreadable?: string;
}

/** Minimum size of a large ignored path in bytes; smaller ones (e.g. `.env`) are always saved. */
const LARGE_BYTES = 1024 * 1024;

/** Returns the ignored paths of a worktree; a folder that is ignored as a whole is one entry. */
export async function listIgnored(worktree: string): Promise<IgnoredPath[]> {
  const args = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"];
  const paths = splitNul(await gitBytes(worktree, args)).map((path) => path.replace(/\/$/, ""));
  const ignored: IgnoredPath[] = [];
  for (const path of paths) ignored.push(await measure(worktree, path));
  return ignored;
}

/** Returns the large ignored paths, which are not saved if the caller does not need what can be generated again. */
export function pickLargeIgnored(ignored: readonly IgnoredPath[]): ByteName[] {
  return ignored.filter(({ bytes }) => bytes > LARGE_BYTES).map(({ path }) => path);
}

/** Measures an ignored path, never as less than its size: what is too large to count is too large to save. */
async function measure(worktree: string, path: ByteName): Promise<IgnoredPath> {
  const size = await measureFolder(Buffer.concat([Buffer.from(`${worktree}/`), toBytes(path)]));
  return {
    path,
    bytes: size.isMore ? Number.MAX_SAFE_INTEGER : size.bytes,
    ...(size.unreadable !== undefined && { unreadable: size.unreadable.toString() }),
  };
}

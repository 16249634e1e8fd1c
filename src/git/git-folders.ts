import { delimiter, dirname, join, resolve } from "node:path";
import { realpathSync } from "node:fs";
import { AppError } from "#base/errors.ts";
import { lstatIfAny, realPath, statIfAny } from "#base/paths.ts";
import { kindOf, tryReadText } from "#platform/files/read-file.ts";
import { quoteForShell } from "#base/text.ts";
import { IS_WINDOWS } from "#base/system.ts";

/** Folders of a repository. */
export interface GitFolders {
  /** Top of the working tree; undefined if the git folder itself was found. */
  top: string | undefined;
  /** The working tree's own git folder. */
  gitDir: string;
  /** The repository's common git folder, which all its working trees share. */
  commonDir: string;
}

/** Maximum size of a file that holds one path, in bytes. */
const MAX_LINK_BYTES = 64 * 1024;

/**
 * Finds the repository that git would find from a folder, by reading files only, without starting git.
 * @returns undefined if there is none, or if git will report what is wrong with it
 * @throws AppError `repository_unusable` if `.git` is neither a file nor a folder
 */
export function findGitFolders(folder: string): GitFolders | undefined {
  for (const at of ancestorsOf(folder)) {
    const entry = join(at, ".git");
    const kind = statIfAny(entry);
    if (kind !== undefined && !kind.isFile() && !kind.isDirectory()) throw notAFileError(entry, kindOf(kind));
    if (kind?.isFile() === true) return followLink(at);
    if (kind?.isDirectory() === true && isGitFolder(entry)) return { top: at, ...withCommon(entry) };
    if (isGitFolder(at)) return { top: undefined, ...withCommon(at) };
  }
  return undefined;
}

/**
 * Returns the working tree around a folder, if it is the main one of the repository: git itself cannot find it if the git
 * folder is elsewhere.
 */
export function findMainTree(folder: string, commonDir: string): string | undefined {
  try {
    const found = findGitFolders(realPath(folder));
    return found !== undefined && realPath(found.gitDir) === commonDir ? found.top : undefined;
  } catch {
    return undefined; // `.git` is not a repository
  }
}

/** Yields a folder and its ancestors, up to the ceilings that the user has set for git. */
function* ancestorsOf(folder: string): Generator<string> {
  const ceilings = new Set((process.env["GIT_CEILING_DIRECTORIES"] ?? "").split(delimiter).filter(Boolean));
  yield folder;
  for (let at = folder; at !== dirname(at) && !ceilings.has(dirname(at)); at = dirname(at)) yield dirname(at);
}

/** Returns the git folder that a working tree's file `.git` refers to; undefined if there is no such file. */
export function readGitLink(top: string): string | undefined {
  const target = readLine(join(top, ".git"), /^gitdir: (.+?)[\r\n]*$/s);
  return target === undefined ? undefined : resolve(top, target);
}

function followLink(top: string): GitFolders | undefined {
  const gitDir = readGitLink(top);
  return gitDir === undefined ? undefined : { top, ...withCommon(gitDir) };
}

function withCommon(gitDir: string): { gitDir: string; commonDir: string } {
  const common = readLine(join(gitDir, "commondir"), /^(.*?)[\r\n]*$/s);
  // One name for each repository, even if `.git` is a link.
  return { gitDir, commonDir: realPath(common === undefined ? gitDir : resolve(gitDir, common)) };
}

function readLine(file: string, pattern: RegExp): string | undefined {
  const text = tryReadText(file, { maxBytes: MAX_LINK_BYTES });
  return text === undefined ? undefined : pattern.exec(text)?.[1];
}

/** Returns whether a repository keeps its refs and reflogs in tables (`extensions.refStorage=reftable`) instead of files. */
export function usesReftable(commonDir: string): boolean {
  return statIfAny(join(commonDir, "reftable", "tables.list")) !== undefined;
}

/** Returns whether git would accept a folder as a git folder. */
function isGitFolder(path: string): boolean {
  if (lstatIfAny(join(path, "HEAD")) === undefined) return false;
  if (statIfAny(join(path, "commondir")) !== undefined) return true;
  return ["objects", "refs"].every((name) => statIfAny(join(path, name))?.isDirectory() === true);
}

/** Git folders that git finds by itself only if `safe.bareRepository` allows it. */
const namedGitFolders = new Set<string>();

/** Returns whether a git folder may be passed to git by name, and has not been before: it has to belong to this user. */
export function mayNameGitFolder(folder: string): boolean {
  if (IS_WINDOWS || namedGitFolders.has(folder) || !isGitFolder(folder)) return false;
  const isOwn = statIfAny(folder)?.uid === process.geteuid?.();
  if (isOwn) namedGitFolders.add(folder);
  return isOwn;
}

/** Returns the arguments that name a git folder recorded by {@link mayNameGitFolder}; empty for other folders. */
export function gitFolderArgs(folder: string): string[] {
  return namedGitFolders.has(folder) ? [`--git-dir=${folder}`] : [];
}

/** Returns the error for a path that git would read endlessly. */
export function notAFileError(path: string, kind: string): AppError {
  return new AppError(
    "repository_unusable",
    `${path} is ${kind}, but git needs a file or folder there.`,
    `Check what created it, then remove it (rm ${quoteForShell(path)}).`,
  );
}

/**
 * Returns the workspace that the topics of a folder's tasks belong to: the common git folder of its repository (shared by all
 * its worktrees), or the folder's real path outside git. Only reads files, without starting git.
 */
export function workspaceOf(cwd: string): string {
  let real: string;
  try {
    real = realpathSync(cwd);
  } catch {
    return cwd; // deleted meanwhile
  }
  try {
    return findGitFolders(real)?.commonDir ?? real;
  } catch {
    return real; // `.git` is not a repository
  }
}

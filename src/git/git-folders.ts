import { delimiter, dirname, join, resolve } from "node:path";
import { AppError } from "#base/errors.ts";
import { lstatIfAny, realPath, statIfAny } from "#base/paths.ts";
import { kindOf, tryReadText } from "#platform/files/read-file.ts";
import { quoteForShell } from "#base/text.ts";

/** Folders of a repository. */
export interface GitFolders {
  /** The top of the working tree; undefined where the git folder itself was found. */
  top: string | undefined;
  /** The working tree's own git folder. */
  gitDir: string;
  /** The repository's, which all its working trees share. */
  commonDir: string;
}

/** Files that hold one path. */
const MAX_LINK_BYTES = 64 * 1024;

/**
 * Finds the repository that git would find from a folder, by looking at files only: no git is started.
 * @returns undefined where there is none, or git will say what is wrong with it
 * @throws AppError `repository_unusable` where something that is neither file nor folder is called `.git`
 */
export function findGitFolders(folder: string): GitFolders | undefined {
  for (const at of foldersAbove(folder)) {
    const entry = join(at, ".git");
    const kind = statIfAny(entry);
    if (kind !== undefined && !kind.isFile() && !kind.isDirectory()) throw notAFile(entry, kindOf(kind));
    if (kind?.isFile() === true) return followLink(at);
    if (kind?.isDirectory() === true && isGitFolder(entry)) return { top: at, ...withCommon(entry) };
    if (isGitFolder(at)) return { top: undefined, ...withCommon(at) };
  }
  return undefined;
}

/**
 * Returns the working tree around a folder, where it is the main one of a repository: git itself cannot find it where the git
 * folder is elsewhere.
 */
export function findMainTree(folder: string, commonDir: string): string | undefined {
  try {
    const found = findGitFolders(realPath(folder));
    return found !== undefined && realPath(found.gitDir) === commonDir ? found.top : undefined;
  } catch {
    return undefined; // something that is no repository is called `.git`
  }
}

/** Yields a folder and those that it lies in, up to where the user lets git look. */
function* foldersAbove(folder: string): Generator<string> {
  const ceilings = new Set((process.env["GIT_CEILING_DIRECTORIES"] ?? "").split(delimiter).filter(Boolean));
  yield folder;
  for (let at = folder; at !== dirname(at) && !ceilings.has(dirname(at)); at = dirname(at)) yield dirname(at);
}

/** Returns the git folder that the file `.git` of a working tree leads to; undefined where that is no such file. */
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
  // One name for each repository, also where `.git` is a link.
  return { gitDir, commonDir: realPath(common === undefined ? gitDir : resolve(gitDir, common)) };
}

function readLine(file: string, pattern: RegExp): string | undefined {
  const text = tryReadText(file, { maxBytes: MAX_LINK_BYTES });
  return text === undefined ? undefined : pattern.exec(text)?.[1];
}

/** Whether a repository keeps its refs and reflogs in tables (`extensions.refStorage=reftable`), and not in files. */
export function usesReftable(commonDir: string): boolean {
  return statIfAny(join(commonDir, "reftable", "tables.list")) !== undefined;
}

/** Whether git would take a folder for one of its own. */
function isGitFolder(path: string): boolean {
  if (lstatIfAny(join(path, "HEAD")) === undefined) return false;
  if (statIfAny(join(path, "commondir")) !== undefined) return true;
  return ["objects", "refs"].every((name) => statIfAny(join(path, name))?.isDirectory() === true);
}

/** Git folders that git finds by itself only where `safe.bareRepository` allows it. */
const named = new Set<string>();

/** Whether git is to be given a git folder by name, and has not been before: it belongs to this user. */
export function mayNameGitFolder(folder: string): boolean {
  if (process.platform === "win32" || named.has(folder) || !isGitFolder(folder)) return false;
  const isOwn = statIfAny(folder)?.uid === process.geteuid?.();
  if (isOwn) named.add(folder);
  return isOwn;
}

/** Returns the arguments that name such a folder. */
export function nameGitFolder(folder: string): string[] {
  return named.has(folder) ? [`--git-dir=${folder}`] : [];
}

/** Returns the refusal of something that git would read without end. */
export function notAFile(path: string, kind: string): AppError {
  return new AppError(
    "repository_unusable",
    `${path} is ${kind}, and git expects a file or folder there.`,
    `Look who made it, and remove it (rm ${quoteForShell(path)}).`,
  );
}

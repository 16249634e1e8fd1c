import { findBranchUse } from "#git/repository/branch-in-use.ts";
import { deleteBranchArgs, getBranchFiles } from "#git/repository/branches.ts";
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { AppError, errnoOf } from "#base/errors.ts";
import { lstatIfAny } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { GIT_FILES_DEADLINE_MS } from "#git/run-git.ts";
import { usesReftable } from "#git/git-folders.ts";
import { describeSystemCall } from "#git/system-failure.ts";
import { git, gitBytes, tryGit } from "#git/git.ts";
import { withRefLock } from "#git/repository/ref-lock.ts";
import { addWorktree } from "#git/worktree/worktree.ts";
import { getGitDir } from "#git/worktree/worktree-link.ts";
import { RESTORE_LOCK, unlockWorktree } from "#git/worktree/worktree-lock.ts";
import { type Manifest, SALVAGE_PATHS, readManifest } from "./manifest.ts";
import { type ByteName, toByteName, splitNul, toBytes, toText } from "#git/byte-names.ts";
import { listSaved, readSaved, type SavedFile } from "./read-salvage.ts";
import { defaultMode } from "./worktree-state.ts";

const MAX_BLOB_BYTES = 1024 * 1024 * 1024;

/** A restored worktree. */
export interface RestoredWorktree {
  worktree: string;
  branch: string | undefined;
  /** Ignored files that had not been saved. */
  leftOut: readonly ByteName[];
  /** Branch that was checked out, if it is not the worktree's own and its commit is checked out instead. */
  detachedFrom?: string;
}

/**
 * Restores a saved worktree: branch, index, files, and git's unfinished operations. The salvage stays.
 * @throws AppError `worktree_path_taken`, `branch_exists` if something else is in its place, `nothing_salvaged`,
 *   `worktree_unusable`; nothing is changed then
 */
export async function restoreFromSalvage(repository: string, salvage: string): Promise<RestoredWorktree> {
  const manifest = await readManifest(repository, salvage);
  const { worktree, branch, tip, head } = manifest;
  if (lstatIfAny(worktree) !== undefined) throw pathTaken(worktree);
  const isBranchNew = await makeBranch(repository, branch, tip);
  let detachedFrom: string | undefined;
  try {
    const place = ["--no-checkout", "--lock", "--reason", RESTORE_LOCK, "--detach", "--", worktree, head ?? salvage];
    await addWorktree(repository, ["worktree", "add", "--quiet", "--force", ...place]);
    detachedFrom = await restoreContents(repository, salvage, manifest);
    unlockWorktree(worktree);
  } catch (error) {
    await tryGit(repository, ["worktree", "remove", "--force", "--force", "--", worktree]);
    if (isBranchNew) await tryGit(repository, deleteBranchArgs(branch ?? "", tip ?? ""));
    throw error instanceof AppError || errnoOf(error) === undefined ? error : notWritten(worktree, error);
  }
  return { worktree, branch, leftOut: manifest.left_out, ...(detachedFrom !== undefined && { detachedFrom }) };
}

/** Makes the branch, unless it already exists at that commit. @returns whether it was made */
async function makeBranch(repository: string, branch: string | undefined, tip: string | undefined): Promise<boolean> {
  if (branch === undefined || tip === undefined) return false;
  const ref = `refs/heads/${branch}`;
  const { stdout } = await tryGit(repository, ["rev-parse", "--quiet", "--verify", ref]);
  const current = stdout.trim();
  if (current === tip) return false;
  if (current !== "") throw branchExists(branch, current);
  // The empty old value preserves a branch that another process makes at the same time.
  await git(repository, ["update-ref", "--no-deref", ref, tip, ""]);
  return true;
}

/** Restores the contents of a salvage into a worktree without files. @returns the branch that could not be checked out again */
async function restoreContents(repository: string, salvage: string, manifest: Manifest): Promise<string | undefined> {
  const { worktree } = manifest;
  const gitFolder = await getGitDir(worktree);
  const notes = await listSaved(repository, salvage, SALVAGE_PATHS.gitFolder);
  const writeNote = ({ path }: SavedFile, content: Buffer) => writeInto(gitFolder, path, content);
  await withRefLock(join(gitFolder, "HEAD"), () => readSaved(repository, notes, writeNote, async () => {}));
  await restoreReflog(repository, salvage, manifest);
  const detachedFrom = await detachIfBranchIsTaken(repository, manifest);
  const [index] = await listSaved(repository, salvage, SALVAGE_PATHS.index);
  if (index === undefined) rmSync(join(gitFolder, "index"), { force: true });
  else writeFileSync(join(gitFolder, "index"), await readBlob(repository, index.object));
  const files = await listSaved(repository, salvage, SALVAGE_PATHS.files);
  await checkOutUnchanged(worktree, new Set([...manifest.absent, ...files.map(({ path }) => path)]));
  await readSaved(
    repository,
    files,
    (file, content) => writeSavedFile(worktree, file, content),
    (file) => writeLarge(repository, worktree, file),
  );
  for (const path of manifest.empty_folders) mkdirSync(toBytes(makeParents(worktree, path)), { recursive: true });
  // The permissions of a read-only folder are set after those of its contents.
  const modes = Object.entries(manifest.modes).toSorted(([a], [b]) => b.length - a.length);
  for (const [path, mode] of modes) setMode(toBytes(makeParents(worktree, path)), mode);
  await tryGit(worktree, ["update-index", "-q", "--refresh"]);
  return detachedFrom;
}

/**
 * Checks out the commit instead of a branch that is not the worktree's own and has since been deleted, moved or checked out
 * elsewhere.
 * @returns that branch
 */
async function detachIfBranchIsTaken(
  repository: string,
  { worktree, branch, head }: Manifest,
): Promise<string | undefined> {
  if (head === undefined) return undefined;
  const symbolic = await tryGit(worktree, ["symbolic-ref", "--quiet", "HEAD"]);
  const current = /^refs\/heads\/(.+)$/.exec(symbolic.stdout.trim())?.[1];
  if (symbolic.exitCode === 0 && current === branch) return undefined;
  const { stdout } = await tryGit(worktree, ["rev-parse", "--quiet", "--verify", "HEAD"]);
  const isUsed = current !== undefined && (await findBranchUse(repository, current, worktree)) !== undefined;
  if (stdout.trim() === head && !isUsed) return undefined;
  await git(worktree, ["update-ref", "--no-deref", "HEAD", head]);
  return current;
}

/** Checks out the files that were identical to the index. */
async function checkOutUnchanged(worktree: string, others: ReadonlySet<ByteName>): Promise<void> {
  const indexed = splitNul(await gitBytes(worktree, ["ls-files", "--cached", "-z"]));
  const paths = [...new Set(indexed)].filter((path) => !others.has(path));
  const list = Buffer.concat(paths.map((path) => toBytes(`${path}\0`)));
  await gitBytes(worktree, ["checkout-index", "--force", "--quiet", "-z", "--stdin"], {
    input: list,
    deadlineMs: GIT_FILES_DEADLINE_MS,
  });
}

async function restoreReflog(repository: string, salvage: string, { branch }: Manifest): Promise<void> {
  const [reflog] = await listSaved(repository, salvage, SALVAGE_PATHS.reflog);
  if (reflog === undefined || branch === undefined || usesReftable(repository)) return;
  const files = await getBranchFiles(repository, branch);
  const content = await readBlob(repository, reflog.object);
  await withRefLock(files.ref, () => writeInto(dirname(files.reflog), toByteName(basename(files.reflog)), content));
}

/** Reads a whole index or reflog. */
async function readBlob(repository: string, object: string): Promise<Buffer> {
  return gitBytes(repository, ["cat-file", "blob", object], { maxOutputBytes: MAX_BLOB_BYTES });
}

/**
 * Returns the full path of a relative path. @throws AppError `nothing_salvaged` if it leads out of the folder: the
 * repository's refs may have been written by another program
 */
function resolveUnder(top: string, path: ByteName): ByteName {
  const isWithin = path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  if (isWithin) return `${toByteName(top)}/${path}`;
  throw leadsOut(path);
}

/** Makes the parent folders of a path, none of which may be a link. @returns the path @throws AppError `nothing_salvaged` */
function makeParents(top: string, path: ByteName): ByteName {
  const file = resolveUnder(top, path);
  for (let end = path.indexOf("/"); end > 0; end = path.indexOf("/", end + 1)) {
    const folder = toBytes(resolveUnder(top, path.slice(0, end)));
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (stat === undefined) mkdirSync(folder);
    else if (!stat.isDirectory()) throw leadsOut(path);
  }
  return file;
}

function leadsOut(path: ByteName): AppError {
  return new AppError(
    "nothing_salvaged",
    `The saved worktree contains a path outside of it: ${toText(path)}.`,
    "Check who else writes to this repository: this program did not save that path.",
  );
}

/** Writes a file in one step, since others may read git's files at any moment. */
function writeInto(top: string, path: ByteName, content: Uint8Array): void {
  mkdirSync(top, { recursive: true });
  const file = makeParents(top, path);
  const temporary = toBytes(`${file}.codexmcp`);
  writeFileSync(temporary, content);
  renameSync(temporary, toBytes(file));
}

function writeSavedFile(top: string, { path, mode }: SavedFile, content: Buffer): void {
  const file = toBytes(makeParents(top, path));
  rmSync(file, { force: true });
  if (mode === "120000") return symlinkSync(content, file);
  writeFileSync(file, content);
  chmodSync(file, defaultMode(mode === "100755"));
}

function setMode(file: Buffer, mode: number): void {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() === true || stat?.isDirectory() === true) chmodSync(file, mode);
}

async function writeLarge(repository: string, top: string, file: SavedFile): Promise<void> {
  writeSavedFile(top, file, Buffer.of());
  const open = openSync(toBytes(resolveUnder(top, file.path)), "w");
  try {
    await gitBytes(repository, ["cat-file", "blob", file.object], {
      outputFile: open,
      deadlineMs: GIT_FILES_DEADLINE_MS,
    });
  } finally {
    closeSync(open);
  }
}

function notWritten(path: string, error: unknown): AppError {
  const { hint = "Check that this user can write there." } = describeSystemCall(error);
  return new AppError(
    "worktree_unusable",
    `${path} cannot be restored: ${error instanceof Error ? error.message : String(error)}.`,
    `${hint} Then restore again: the discarded worktree is kept.`,
    error,
  );
}

function pathTaken(path: string): AppError {
  const hint = "Move it away, then restore again: the discarded worktree is kept.";
  return new AppError("worktree_path_taken", `The worktree cannot be restored to ${path}, which exists again.`, hint);
}

function branchExists(branch: string, commit: string): AppError {
  return new AppError(
    "branch_exists",
    `Branch ${branch} exists again, at another commit (${commit.slice(0, 12)}).`,
    `Rename it (git branch -m ${quoteForShell(branch)} <new-name>), then restore again: the discarded worktree is kept.`,
  );
}

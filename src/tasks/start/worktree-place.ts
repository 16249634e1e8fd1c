import { isAbsolute, basename, dirname, join, resolve } from "node:path";
import { findWorktreeLink } from "#git/worktree/check-place.ts";
import type { Repository } from "#git/repository/repository.ts";
import type { ListedWorktree } from "#git/worktree/worktree-list.ts";
import type { Config } from "#base/config.ts";
import { hashContent } from "#base/digest.ts";
import { AppError } from "#base/errors.ts";
import { canWriteInto, isWithin, listNames, pathExists, realPath, realPathOfMissing } from "#base/paths.ts";
import { takeStart } from "#base/text.ts";
import { findUnfinishedIn } from "#store/tasks/claim-task.ts";
import { storePaths } from "#store/store-paths.ts";
import { listStoredWorktrees } from "#store/worktree-base.ts";
import { agentBranchOf, branchFolderOf, joinName, worktreeNameOf } from "#domain/names.ts";
import type { Topic } from "#domain/topic.ts";
import type { AppContext } from "#tasks/context.ts";
import { IS_LINUX } from "#base/system.ts";

/** Facts of a repository that determine where its worktrees are created. */
export type RepositoryLocation = Pick<Repository, "name" | "parent" | "mainTree" | "commonDir">;

/**
 * Chooses the path of a topic's worktree. An existing worktree keeps its path, whatever is configured now. A new one is
 * created in CODEXMCP_WORKTREES if that is set, else beside the repository, else, if that folder is not writable, below
 * the state folder.
 * @throws AppError `worktree_folder_unusable` if the configured folder is not writable
 */
export function chooseWorktreePath(context: AppContext, repository: Repository, topic: Topic): string {
  const path = plannedPath(context.config, repository, topic);
  const kept = findExisting(context, repository, topic, path);
  if (kept !== undefined) return kept;
  const chosen = isOfOtherRepository(context, repository, path) ? tellApart(path, repository) : path;
  checkFolder(context.config, chosen);
  return chosen;
}

/** Returns the path of a topic's new worktree, whether or not anything exists there. */
export function plannedPath(config: Config, repository: RepositoryLocation, topic: Topic): string {
  const name = worktreeNameOf(repository.name, topic);
  const { worktrees } = config;
  if (worktrees !== undefined) return realPathOfMissing(fillIn(worktrees, repository, topic));
  const { parent } = repository;
  return canWriteInto(parent) ? join(parent, name) : join(ownFolderOf(config, repository), name);
}

/** Checks whether a path is in the state folder's `worktrees`, for worktrees that cannot be created beside their repository. */
export function isBelowState({ home }: Config, path: string): boolean {
  return isWithin(path, realPathOfMissing(storePaths(home).worktrees));
}

/** Returns the folders below the state folder that contain or contained worktrees, whether or not the index knows them. */
export function listOwnFolders({ home }: Config): string[] {
  const { worktrees } = storePaths(home);
  return listNames(worktrees).map((name) => join(realPathOfMissing(worktrees), name));
}

function ownFolderOf({ home }: Config, { name, commonDir }: RepositoryLocation): string {
  return join(realPathOfMissing(storePaths(home).worktrees), joinName(name, `-${shortDigest(commonDir)}`));
}

function fillIn(template: string, repository: RepositoryLocation, topic: Topic): string {
  const branch = branchFolderOf(topic);
  const whole = template.includes("{branch}") ? template : join(template, worktreeNameOf(repository.name, topic));
  const filled = whole.replaceAll("{branch}", () => branch).replaceAll("{repo}", () => joinName(repository.name, ""));
  return isAbsolute(filled) ? resolve(filled) : resolve(repository.mainTree, filled);
}

/** Finds the worktree of a topic in git's list if this server created it, or it is at a path that this server would choose. */
function findExisting(context: AppContext, repository: Repository, topic: Topic, planned: string): string | undefined {
  const { config, store } = context;
  const branch = agentBranchOf(topic);
  const name = worktreeNameOf(repository.name, topic);
  const stored = listStoredWorktrees(store).filter(({ agent_branch }) => agent_branch === branch);
  const noted = new Set(stored.map(({ worktree_dir }) => worktree_dir));
  const usual = [planned, join(repository.parent, name), join(ownFolderOf(config, repository), name)];
  const places = new Set([...usual, ...usual.map((path) => tellApart(path, repository))]);
  const isOurs = (worktree: ListedWorktree) =>
    noted.has(worktree.path) || (places.has(worktree.path) && worktree.branch === branch);
  const ours = repository.worktrees.filter(isOurs);
  const kept = ours.find(({ path }) => pathExists(path)) ?? ours.find(({ path }) => canBeMadeAgain(path, planned));
  return kept?.path;
}

/** Checks whether a missing worktree was deleted, so that it can be created again at its path, rather than moved with its parent folder. */
function canBeMadeAgain(path: string, planned: string): boolean {
  return path === planned || (pathExists(dirname(path)) && !pathExists(planned));
}

/** Checks whether another repository's worktree exists at a path or is about to be created there. */
function isOfOtherRepository({ store }: AppContext, { commonDir }: Repository, path: string): boolean {
  const task = findUnfinishedIn(store, path)?.record;
  if (task !== undefined && task.workspace !== commonDir && !pathExists(path)) return true;
  const link = findWorktreeLink(path);
  if (link === undefined) return false;
  // Not from the files there: git may be just writing them.
  const other = dirname(dirname(link));
  return pathExists(other) && realPath(other) !== realPath(commonDir);
}

function tellApart(path: string, { commonDir }: RepositoryLocation): string {
  return join(dirname(path), joinName(basename(path), `-${shortDigest(commonDir)}`));
}

function shortDigest(text: string): string {
  return hashContent(text).slice(0, 6);
}

/** Longest path of a worktree in bytes: the system's limit for a path, less what the files in the worktree need. */
const MAX_PATH_BYTES = IS_LINUX ? 3500 : 900;

function checkFolder({ worktrees }: Config, path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) {
    throw new AppError(
      "name_too_long",
      `The worktree's path would be ${bytes} bytes long: ${takeStart(path, 100)}…`,
      "Set CODEXMCP_WORKTREES to a folder with a shorter path.",
    );
  }
  const folder = nearestFolder(dirname(path));
  if (worktrees === undefined || canWriteInto(folder)) return;
  throw new AppError(
    "worktree_folder_unusable",
    `The folder ${folder}, where CODEXMCP_WORKTREES puts the worktree ${path}, is not writable.`,
    "Make it writable for the user that runs this server, or correct CODEXMCP_WORKTREES.",
  );
}

/** Returns the nearest existing ancestor of a path, or the path itself if it exists. */
export function nearestFolder(path: string): string {
  return pathExists(path) || path === dirname(path) ? path : nearestFolder(dirname(path));
}

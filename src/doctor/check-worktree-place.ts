import { mkdtempSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkGitFolderWritable } from "#git/worktree/check-place.ts";
import { explainSystemCall } from "#git/system-failure.ts";
import { inspectRepository, type Repository } from "#git/repository/repository.ts";
import { hasGit } from "#git/run-git.ts";
import type { Config } from "#base/config.ts";
import { AppError } from "#base/errors.ts";
import { realPath } from "#base/paths.ts";
import { storePaths } from "#store/store-paths.ts";
import { parseTopic } from "#domain/topic.ts";
import { isBelowState, nearestFolder, plannedPath } from "#tasks/start/worktree-place.ts";
import { type Finding, ok, problemOf, warning } from "./finding.ts";

const CHECK = "worktree_place";
const EXAMPLE = parseTopic("implement-example-v1");

/** Reports the folder in which worktrees are created and, in a repository, whether they can be created there. */
export async function checkWorktreePlace(config: Config): Promise<Finding[]> {
  if (!hasGit()) return [];
  try {
    const repository = await inspectRepository(realPath(process.cwd()));
    return [repository === undefined ? describeRule(config) : tryFolder(config, repository)];
  } catch (error) {
    return [problemOf(CHECK, error)];
  }
}

function describeRule({ worktrees, home }: Config): Finding {
  if (worktrees !== undefined) return ok(CHECK, `${worktrees} (CODEXMCP_WORKTREES)`);
  return ok(CHECK, `beside each repository, or, if that is not writable, in ${storePaths(home).worktrees}`);
}

function tryFolder(config: Config, repository: Repository): Finding {
  checkGitFolderWritable(repository);
  const path = plannedPath(config, repository, EXAMPLE);
  const folder = dirname(path);
  makeAndRemove(nearestFolder(folder));
  if (config.worktrees !== undefined || !isBelowState(config, path)) return ok(CHECK, folder);
  return warning(
    CHECK,
    `The folder beside the repository, ${repository.parent}, is not writable, so worktrees are created in ${folder}.`,
    "Set CODEXMCP_WORKTREES to use another folder.",
  );
}

/** Creates and removes a folder: only a real attempt detects a full disk, or a folder that root may not write to. */
function makeAndRemove(folder: string): void {
  try {
    rmdirSync(mkdtempSync(join(folder, ".codexmcp-doctor-")));
  } catch (error) {
    throw (
      explainSystemCall(folder, error) ??
      new AppError(
        "worktree_folder_unusable",
        `Cannot create a folder in ${folder}: ${String(error)}.`,
        "Set CODEXMCP_WORKTREES to a writable folder.",
        error,
      )
    );
  }
}

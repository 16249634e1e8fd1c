import { mkdtempSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkGitFolderWritable } from "#git/check-place.ts";
import { explainSystemCall } from "#git/explain-failure.ts";
import { inspectRepository, type Repository } from "#git/repository.ts";
import { hasGit } from "#git/run-git.ts";
import type { Config } from "#lib/config.ts";
import { AppError } from "#lib/errors.ts";
import { realPath } from "#lib/paths.ts";
import { storePaths } from "#store/store-paths.ts";
import { parseTopic } from "#task/topic.ts";
import { isBelowState, nearestFolder, plannedPath } from "../worktree-place.ts";
import { type Finding, ok, problemOf, warning } from "./finding.ts";

const CHECK = "worktree_place";
const EXAMPLE = parseTopic("implement-example-v1");

/** Where full-access tasks get their worktrees; for the repository that this is run in, whether they can be made. */
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
  return ok(CHECK, `beside each repository; where nothing can be written there, ${storePaths(home).worktrees}`);
}

function tryFolder(config: Config, repository: Repository): Finding {
  checkGitFolderWritable(repository);
  const path = plannedPath(config, repository, EXAMPLE);
  const folder = dirname(path);
  makeAndRemove(nearestFolder(folder));
  if (config.worktrees !== undefined || !isBelowState(config, path)) return ok(CHECK, folder);
  return warning(
    CHECK,
    `Nothing can be written to ${repository.parent}, beside the repository: worktrees go to ${folder}.`,
    "That works; CODEXMCP_WORKTREES names another folder, should you want one.",
  );
}

/** Only a try tells: of a full disk, and for root, who may write anywhere else. */
function makeAndRemove(folder: string): void {
  try {
    rmdirSync(mkdtempSync(join(folder, ".codexmcp-doctor-")));
  } catch (error) {
    throw (
      explainSystemCall(folder, error) ??
      new AppError(
        "worktree_folder_unusable",
        `No folder can be made in ${folder}: ${String(error)}.`,
        "Set CODEXMCP_WORKTREES to a folder on another disk.",
        error,
      )
    );
  }
}

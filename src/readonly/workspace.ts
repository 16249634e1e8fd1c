import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Config } from "#base/config.ts";
import { logger } from "#base/log.ts";
import { realPath } from "#base/paths.ts";
import type { AuditEvidence } from "#domain/readonly-audit.ts";
import type { RunningTask } from "#domain/record.ts";
import {
  compareRepositoryStates,
  findWorkingTree,
  readRepositoryState,
  type RepositoryState,
} from "#git/repository/repository-state.ts";
import { makePrivateFolder, writePrivateFile } from "#platform/files/files.ts";
import { compareSnapshots, type Difference } from "#readonly/snapshot/compare.ts";
import { formatSnapshot, parseSnapshot } from "#readonly/snapshot/snapshot.ts";
import { type SnapshotLimits, takeSnapshot } from "#readonly/snapshot/take-snapshot.ts";
import { taskPaths } from "#store/store-paths.ts";
import { LINK_FOLDER } from "#store/workspace-link.ts";

/** Comparison of a workspace before and after a run. */
export interface WorkspaceDiff {
  evidence: NonNullable<AuditEvidence["workspace"]>;
  differences: (Difference | { path: string; change: "repository" })[];
}

/** Limits of the snapshot before the run, which delays the run. */
const BEFORE = { totalMs: 3000, contentMs: 500 };
/**
 * Limits of the snapshot after the run, which lists the folders that the first one listed; content is read only if a file seems to
 * differ.
 */
const AFTER = { totalMs: 10_000, contentMs: 0 };

/** Takes a snapshot of a task's workspace before its run. A failure loses the comparison, but does not stop the run. */
export async function recordWorkspace({ config }: { config: Config }, task: RunningTask): Promise<void> {
  const { workspaceSnapshot } = taskPaths(config.home, task.task_id);
  try {
    makePrivateFolder(workspaceSnapshot);
    const started = performance.now();
    const { repository, snapshot, top } = await examine(config, task.run_dir, { ...BEFORE, isEntered: () => true });
    writePrivateFile(join(workspaceSnapshot, "files.jsonl"), [...formatSnapshot(snapshot)].join(""));
    const milliseconds = performance.now() - started;
    writePrivateFile(join(workspaceSnapshot, "workspace.json"), JSON.stringify({ top, repository, milliseconds }));
  } catch (error) {
    logger("readonly").warn`the workspace ${task.run_dir} could not be examined: ${String(error)}`;
  }
}

/** Compares a task's workspace after its run with the snapshot before. @returns undefined if there is nothing to compare with */
export async function diffWorkspace(
  { config }: { config: Config },
  task: RunningTask,
): Promise<WorkspaceDiff | undefined> {
  const { workspaceSnapshot } = taskPaths(config.home, task.task_id);
  try {
    const started = performance.now();
    const before = readRecord(join(workspaceSnapshot, "workspace.json"));
    const files = parseSnapshot(readFileSync(join(workspaceSnapshot, "files.jsonl"), "utf8"));
    const isEntered = (folder: string) => files.folders.has(folder);
    const after = await examine(config, before.top, { ...AFTER, isEntered });
    const differences: WorkspaceDiff["differences"] = compareSnapshots(before.top, files, after.snapshot);
    for (const path of compareRepositories(before.repository, after.repository)) {
      differences.push({ path, change: "repository" });
    }
    const evidence = {
      path: before.top,
      entries: files.entries,
      milliseconds: Math.round(before.milliseconds + performance.now() - started),
      not_covered: [...new Set([...files.notCovered, ...after.snapshot.notCovered])],
    };
    return { evidence, differences };
  } catch (error) {
    logger("readonly").warn`the workspace of ${task.task_id} could not be compared: ${String(error)}`;
    return undefined;
  }
}

interface WorkspaceRecord {
  top: string;
  repository?: RepositoryState;
  milliseconds: number;
}

function readRecord(path: string): WorkspaceRecord {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion --
  return JSON.parse(readFileSync(path, "utf8")) as WorkspaceRecord;
}

/** Examines the repository around a folder, or the folder itself outside git. */
async function examine(config: Config, folder: string, limits: Omit<SnapshotLimits, "isLeftOut">) {
  const tree = await findWorkingTree(folder);
  const top = tree?.toplevel ?? folder;
  // The state of git's own folder is read with git; Codex's folder and ours change during the run.
  const own = new Set([config.codexHome, config.home].map(realPath));
  const isLeftOut = (path: string) =>
    path === tree?.gitDir || own.has(path) || basename(path) === LINK_FOLDER || isNoise(path);
  const [repository, snapshot] = await Promise.all([
    tree === undefined ? undefined : readRepositoryState(tree),
    takeSnapshot(top, { ...limits, isLeftOut }),
  ]);
  for (const path of own) if (path.startsWith(`${top}/`)) snapshot.notCovered.push(path);
  return { repository, top, snapshot };
}

/** Returns whether a path is in a nested repository's git folder and rewritten by git without a meaningful change. */
function isNoise(path: string): boolean {
  return /\/\.git\/(?:objects|logs|index|gc\.\w+|[\w.-]+\.lock)$/.test(path);
}

function compareRepositories(before: RepositoryState | undefined, after: RepositoryState | undefined): string[] {
  if (before !== undefined && after !== undefined) return compareRepositoryStates(before, after);
  return before === after ? [] : [before === undefined ? "a new git repository" : "the git repository is gone"];
}

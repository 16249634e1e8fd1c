import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isCgroupOf, makeCgroup, makeSubgroup, removeCgroup } from "#platform/process/cgroup.ts";
import type { Config } from "#base/config.ts";
import { writePrivateFile } from "#platform/files/files.ts";
import { logger } from "#base/log.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { codexLockPath, taskPaths } from "#store/store-paths.ts";
import { cgroupNameOf, HELPER_MARKER, type RunNames } from "#domain/names.ts";

/** Control group and lock by which the processes of a run are found again. */
export interface Containment {
  /** Control group, if one is available. */
  cgroup: string | undefined;
  /** File that is locked as long as Codex, or another program of the run, is alive. */
  lockFile: string;
}

/** Name of the part of a run's control group that its check is in. */
const CHECK_GROUP = "check";

/** Control groups that this process has created, by name. An earlier run's note is moved away when the task runs again. */
const made = new Map<string, string>();

/** Prepares the control group and lock of a run, and records them for whichever process finishes the run. */
export function containRun({ home }: Config, task: RunNames): Containment {
  const name = cgroupNameOf(home, task);
  const cgroup = makeCgroup(name);
  if (cgroup !== undefined) {
    made.set(name, cgroup);
    writeNote(taskPaths(home, task.task_id).cgroup, cgroup);
  }
  return { cgroup, lockFile: codexLockPath(home, task) };
}

/** Prepares the control group of a run's check, which is a part of the run's: Codex may be in that. */
export function containCheck(config: Config, task: RunNames): Containment {
  const { cgroup, lockFile } = containRun(config, task);
  return { cgroup: cgroup === undefined ? undefined : makeSubgroup(cgroup, CHECK_GROUP), lockFile };
}

/** Returns the control group of a run's check; undefined if there is none. */
export function findCheckCgroup(config: Config, task: RunNames): string | undefined {
  const ofRun = findRunCgroup(config, task);
  const ofCheck = ofRun === undefined ? undefined : join(ofRun, CHECK_GROUP);
  return ofCheck !== undefined && existsSync(ofCheck) ? ofCheck : undefined;
}

/** Returns the control group of a run; undefined if it has none, or has none any more. */
export function findRunCgroup({ home }: Config, task: RunNames): string | undefined {
  const name = cgroupNameOf(home, task);
  const noted = made.get(name) ?? tryReadText(taskPaths(home, task.task_id).cgroup);
  // The agent can write to this file, so only a group with this run's name is accepted.
  return noted !== undefined && isCgroupOf(noted, name) ? noted : undefined;
}

/** Removes a run's control group, once it is empty, and the note of it. */
export async function removeRunCgroup({ home }: Config, task: RunNames, cgroup: string): Promise<void> {
  await removeCgroup(cgroup);
  made.delete(cgroupNameOf(home, task));
  const file = taskPaths(home, task.task_id).cgroup;
  // The note may already be that of a later run.
  if (tryReadText(file) === cgroup) rmSync(file, { force: true });
}

/** Marks all processes that this process starts from now on as its own and not a run's. */
export function markOwnChildren(): void {
  process.env[HELPER_MARKER] = "own";
}

function writeNote(file: string, cgroup: string): void {
  try {
    writePrivateFile(file, cgroup);
  } catch (error) {
    // The disk is full. This process knows the group nevertheless.
    logger("app").warn`the control group ${cgroup} could not be recorded: ${String(error)}`;
  }
}

import { rmSync } from "node:fs";
import { isCgroupOf, makeCgroup, removeCgroup } from "#platform/process/cgroup.ts";
import type { Config } from "#base/config.ts";
import { writePrivateFile } from "#platform/files/files.ts";
import { logger } from "#base/log.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { codexLockOf, taskPaths } from "#store/store-paths.ts";
import { cgroupNameOf, HELPER_MARKER } from "#domain/names.ts";

/** What a process of a run is started in, by which the run's processes are found again. */
export interface Containment {
  /** A control group, where one can be had. */
  cgroup: string | undefined;
  /** Locked for as long as Codex, or another program of the run, lives. */
  lockFile: string;
}

/** Groups that this process has made, by name: the note of an earlier run is moved away when the task runs again. */
const made = new Map<string, string>();

/** Makes ready what a run's processes are started in, and notes it for whoever finishes the run. */
export function containRun({ home }: Config, task: { task_id: string; run: number }): Containment {
  const name = cgroupNameOf(home, task);
  const cgroup = makeCgroup(name);
  if (cgroup !== undefined) {
    made.set(name, cgroup);
    writeNote(taskPaths(home, task.task_id).cgroup, cgroup);
  }
  return { cgroup, lockFile: codexLockOf(home, task) };
}

/** Returns the control group that a run was put into; undefined where there is none, or no more. */
export function findRunCgroup({ home }: Config, task: { task_id: string; run: number }): string | undefined {
  const name = cgroupNameOf(home, task);
  const noted = made.get(name) ?? tryReadText(taskPaths(home, task.task_id).cgroup);
  // The agent can write there: only a group of this run's name is taken.
  return noted !== undefined && isCgroupOf(noted, name) ? noted : undefined;
}

/** Removes a run's control group, once nothing is in it, and the note of it. */
export async function removeRunCgroup(
  { home }: Config,
  task: { task_id: string; run: number },
  cgroup: string,
): Promise<void> {
  await removeCgroup(cgroup);
  made.delete(cgroupNameOf(home, task));
  const file = taskPaths(home, task.task_id).cgroup;
  // By now it may be that of a later run.
  if (tryReadText(file) === cgroup) rmSync(file, { force: true });
}

/** Marks all that this process starts from now on as its own and not a run's. */
export function markOwnChildren(): void {
  process.env[HELPER_MARKER] = "own";
}

function writeNote(file: string, cgroup: string): void {
  try {
    writePrivateFile(file, cgroup);
  } catch (error) {
    // The disk is full. This process knows the group all the same.
    logger("app").warn`the control group ${cgroup} could not be noted: ${String(error)}`;
  }
}

import { digestOf } from "#base/digest.ts";
import type { Topic } from "./topic.ts";

/** The longest task id: file names end at 255 bytes, and a temporary name beside it needs room too. */
const TASK_ID = /^codex-[A-Za-z0-9][A-Za-z0-9_-]{0,200}$/;

/** Returns a task's id, which is also its tmux session's name. `suffix` tells apart two workspaces with one topic. */
export function taskIdOf(topic: Topic, suffix?: string): string {
  return suffix === undefined ? `codex-${topic.text}` : `codex-${topic.text}-${suffix}`;
}

/** Whether a text can be a task's id (and so a folder's name): no path, no option. */
export function isTaskId(text: string): boolean {
  return TASK_ID.test(text);
}

/** Names one run of a task: a topic may be run again. */
export function runIdOf({ task_id, run }: { task_id: string; run: number }): string {
  return `${task_id}.${run}`;
}

/** Returns the run that such an id names; undefined where it is none. */
export function parseRunId(text: string): { taskId: string; run: number } | undefined {
  const [, taskId = "", run] = /^(.+)\.([1-9]\d{0,8})$/.exec(text) ?? [];
  return isTaskId(taskId) ? { taskId, run: Number(run) } : undefined;
}

/** Returns the branch that all versions of a topic work on. */
export function agentBranchOf(topic: Topic): string {
  return `agent/${topic.key}`;
}

/** Returns the name of the worktree's folder beside the repository `repositoryName`, which is shortened where it is too long. */
export function worktreeNameOf(repositoryName: string, topic: Topic): string {
  return joinName(repositoryName, `-agent-${topic.key}`);
}

/** Returns how a folder is called by the branch of a topic: a branch's own name holds a slash. */
export function branchFolderOf(topic: Topic): string {
  return agentBranchOf(topic).replace("/", "-");
}

/** File names end at 255 bytes, and a worktree on its way out gets a longer name. */
const MAX_FOLDER_BYTES = 200;

/** Returns a folder's name of two parts; of a name that is too long, the first part is cut, and a digest tells it from others. */
export function joinName(head: string, tail: string): string {
  if (Buffer.byteLength(head + tail) <= MAX_FOLDER_BYTES) return head + tail;
  const digest = `~${digestOf(head).slice(0, 8)}`;
  const room = MAX_FOLDER_BYTES - Buffer.byteLength(digest + tail);
  // A character that is cut in two becomes a replacement character, which goes too.
  const cut = Buffer.from(head)
    .subarray(0, room)
    .toString()
    .replace(/\uFFFD+$/, "");
  return `${cut}${digest}${tail}`;
}

/** Returns the same name with its letters' case exchanged: where it leads to the same file, the file system does not tell them apart. */
export function withOtherCase(name: string): string {
  return name.replace(/[a-zA-Z]/g, (letter) => (letter < "a" ? letter.toLowerCase() : letter.toUpperCase()));
}

/** Returns the first of some names that differs from a name in nothing but the case of its letters. */
export function findOtherCase(name: string, names: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  return names.find((other) => other !== name && other.toLowerCase() === lower);
}

/** An entry of a process's environment. */
export interface ProcessMarker {
  name: string;
  value: string;
}

/**
 * Returns the environment entry that every process of one run inherits, by which they are found again.
 * The state folder is part of it: another store may hold a task of the same id.
 */
export function processMarkerOf(stateFolder: string, taskId: string, run: number): ProcessMarker {
  return { name: RUN_MARKER, value: `${tagOf(stateFolder)}:${taskId}:${run}` };
}

/** The name of {@link processMarkerOf}. */
export const RUN_MARKER = "CODEXMCP_RUN";

/** Returns the run that such an entry's value names; undefined where it is another state folder's. */
export function parseRunMarker(stateFolder: string, value: string): { taskId: string; run: number } | undefined {
  const [folder, taskId, run] = value.split(":");
  if (folder !== tagOf(stateFolder) || taskId === undefined) return undefined;
  return { taskId, run: Number(run) };
}

/** Returns the environment entry of what a supervisor needs beside a run: it must not be taken for a process of the run. */
export function helperMarkerOf(stateFolder: string, taskId: string): ProcessMarker {
  return { name: HELPER_MARKER, value: `${tagOf(stateFolder)}:${taskId}` };
}

/** The name of {@link helperMarkerOf}. */
export const HELPER_MARKER = "CODEXMCP_HELPER";

/** Names the control group of a run, in whichever group its supervisor was. */
export function cgroupNameOf(stateFolder: string, { task_id, run }: { task_id: string; run: number }): string {
  return `${tagOf(stateFolder)}-${task_id}-${run}`;
}

/** Returns the run that such a name is of; undefined where it is another state folder's. */
export function parseCgroupName(stateFolder: string, name: string): { taskId: string; run: number } | undefined {
  const [, folder, taskId = "", run] = /^([0-9a-z]+)-(.+)-([1-9]\d{0,8})$/.exec(name) ?? [];
  if (folder !== tagOf(stateFolder)) return undefined;
  return isTaskId(taskId) ? { taskId, run: Number(run) } : undefined;
}

/** Tells state folders apart, in names and environments that others see. */
function tagOf(stateFolder: string): string {
  return Bun.hash(stateFolder).toString(36);
}

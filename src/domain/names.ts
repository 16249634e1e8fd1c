import { hashContent } from "#base/digest.ts";
import type { Topic } from "./topic.ts";

/** Pattern of a task id. Its length is limited because file names have at most 255 bytes, and temporary names beside it are longer. */
const TASK_ID = /^codex-[A-Za-z0-9][A-Za-z0-9_-]{0,200}$/;

/** Returns a task's id, which is also the name of its tmux session. `suffix` distinguishes two workspaces with the same topic. */
export function taskIdOf(topic: Topic, suffix?: string): string {
  return suffix === undefined ? `codex-${topic.text}` : `codex-${topic.text}-${suffix}`;
}

/** Returns whether a text can be a task id (and so a folder name): no path, no option. */
export function isTaskId(text: string): boolean {
  return TASK_ID.test(text);
}

/** Returns the id of one run of a task: a topic may be run again. */
export function runIdOf({ task_id, run }: { task_id: string; run: number }): string {
  return `${task_id}.${run}`;
}

/** Returns the run named by such an id; undefined if the text is not one. */
export function parseRunId(text: string): { taskId: string; run: number } | undefined {
  const [, taskId = "", run] = /^(.+)\.([1-9]\d{0,8})$/.exec(text) ?? [];
  return isTaskId(taskId) ? { taskId, run: Number(run) } : undefined;
}

/** Returns the branch that all versions of a topic use. */
export function agentBranchOf(topic: Topic): string {
  return `agent/${topic.key}`;
}

/** Returns the name of the worktree's folder beside the repository `repositoryName`, shortening the latter if it is too long. */
export function worktreeNameOf(repositoryName: string, topic: Topic): string {
  return joinName(repositoryName, `-agent-${topic.key}`);
}

/** Returns the folder name for the branch of a topic: the branch's own name contains a slash. */
export function branchFolderOf(topic: Topic): string {
  return agentBranchOf(topic).replace("/", "-");
}

/** Maximum length of a folder name, in bytes: file names have at most 255 bytes, and a worktree that is being removed gets a longer name. */
const MAX_FOLDER_BYTES = 200;

/** Joins two parts to a folder name; if it is too long, cuts the first part and adds a digest to keep it unique. */
export function joinName(head: string, tail: string): string {
  if (Buffer.byteLength(head + tail) <= MAX_FOLDER_BYTES) return head + tail;
  const digest = `~${hashContent(head).slice(0, 8)}`;
  const room = MAX_FOLDER_BYTES - Buffer.byteLength(digest + tail);
  // A character cut in two becomes a replacement character, which is removed as well.
  const cut = Buffer.from(head)
    .subarray(0, room)
    .toString()
    .replace(/\uFFFD+$/, "");
  return `${cut}${digest}${tail}`;
}

/** Returns a name with the case of its letters swapped: if both lead to the same file, the file system ignores case. */
export function withOtherCase(name: string): string {
  return name.replace(/[a-zA-Z]/g, (letter) => (letter < "a" ? letter.toLowerCase() : letter.toUpperCase()));
}

/** Returns the first of some names that differs from a name only in the case of its letters. */
export function findOtherCase(name: string, names: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  return names.find((other) => other !== name && other.toLowerCase() === lower);
}

/** Entry of a process's environment. */
export interface ProcessMarker {
  name: string;
  value: string;
}

/**
 * Returns the environment entry that every process of one run inherits and by which it is found again. It includes the state folder:
 * another store may hold a task with the same id.
 */
export function processMarkerOf(stateFolder: string, taskId: string, run: number): ProcessMarker {
  return { name: RUN_MARKER, value: `${tagOf(stateFolder)}:${taskId}:${run}` };
}

/** Run whose processes are to be found: they carry its names or, if it took over a spare process, that process's. */
export interface RunNames {
  task_id: string;
  run: number;
  spare?: { id: string };
}

/** Returns the environment entry that every process of a run has, as {@link processMarkerOf}. */
export function runMarkerOf(stateFolder: string, { task_id, run, spare }: RunNames): ProcessMarker {
  return spare === undefined ? processMarkerOf(stateFolder, task_id, run) : processMarkerOf(stateFolder, spare.id, 1);
}

/** Returns a new id of a spare process of a host. */
export function makeSpareId(host: string): string {
  return `${sparePrefixOf(host)}${crypto.randomUUID()}`;
}

/** Returns the beginning of the ids of a host's spare processes: on a shared file system, there are those of other hosts, too. */
export function sparePrefixOf(host: string): string {
  return `spare-${hashContent(host)}-`;
}

/** Variable name of {@link processMarkerOf}. */
export const RUN_MARKER = "CODEXMCP_RUN";

/** Returns the run named by the value of such an entry; undefined if it belongs to another state folder. */
export function parseRunMarker(stateFolder: string, value: string): { taskId: string; run: number } | undefined {
  const [folder, taskId, run] = value.split(":");
  if (folder !== tagOf(stateFolder) || taskId === undefined) return undefined;
  return { taskId, run: Number(run) };
}

/** Returns the environment entry for a supervisor's helper processes, which must not be mistaken for processes of the run. */
export function helperMarkerOf(stateFolder: string, taskId: string): ProcessMarker {
  return { name: HELPER_MARKER, value: `${tagOf(stateFolder)}:${taskId}` };
}

/** Variable name of {@link helperMarkerOf}. */
export const HELPER_MARKER = "CODEXMCP_HELPER";

/** Returns the name of a run's control group; it does not depend on the supervisor's own group. */
export function cgroupNameOf(stateFolder: string, { task_id, run, spare }: RunNames): string {
  return `${tagOf(stateFolder)}-${spare?.id ?? `${task_id}-${run}`}`;
}

/** Returns the run that such a name belongs to; undefined if it belongs to another state folder. */
export function parseCgroupName(stateFolder: string, name: string): { taskId: string; run: number } | undefined {
  const [, folder, taskId = "", run] = /^([0-9a-z]+)-(.+)-([1-9]\d{0,8})$/.exec(name) ?? [];
  if (folder !== tagOf(stateFolder)) return undefined;
  return isTaskId(taskId) ? { taskId, run: Number(run) } : undefined;
}

/** Returns a tag that distinguishes state folders in names and environments visible to others. */
function tagOf(stateFolder: string): string {
  return Bun.hash(stateFolder).toString(36);
}

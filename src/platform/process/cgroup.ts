import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import { isWithin } from "#base/paths.ts";
import { IS_LINUX } from "#base/system.ts";
import { isRunning, listChildren, readProcess } from "./linux.ts";

/** Prefix of the names of our groups. */
const PREFIX = "codexmcp-";
/** Age from which an empty group is unused, in milliseconds: a run's group is filled immediately after its creation. */
const STALE_MS = 60_000;
/** Number of searches for processes that a process started before it was moved. */
const MAX_MOVE_ATTEMPTS = 5;
const MAX_REMOVE_ATTEMPTS = 50;

/**
 * Creates a control group (cgroup v2) below that of this process.
 * @param name unique for its purpose
 * @returns its folder; undefined if not possible: no cgroup v2, read-only, no permission
 */
export function makeCgroup(name: string): string | undefined {
  const own = ownCgroup();
  if (own === undefined) return undefined;
  const folder = join(own, `${PREFIX}${name}`);
  try {
    // Moving a process requires write access here, in the common ancestor of both groups.
    accessSync(join(own, "cgroup.procs"), constants.W_OK);
    removeStale();
    mkdirSync(folder, { recursive: true });
    if (readFileSync(join(folder, "cgroup.type"), "latin1").trim() === "domain") return folder;
    rmdirSync(folder);
  } catch {
    // No permission: another program manages the groups here.
  }
  return undefined;
}

/** Creates a group within one of ours. @returns its folder; undefined if that is not possible */
export function makeSubgroup(folder: string, name: string): string | undefined {
  const inner = join(folder, name);
  try {
    mkdirSync(inner, { recursive: true });
    return readFileSync(join(inner, "cgroup.type"), "latin1").trim() === "domain" ? inner : undefined;
  } catch {
    return undefined;
  }
}

/** Returns whether a folder is a group that {@link makeCgroup} has created under this name; used for recorded paths. */
export function isCgroupOf(folder: string, name: string): boolean {
  const isOurs = basename(folder) === `${PREFIX}${name}` && posix.normalize(folder) === folder;
  return isOurs && cgroupMounts().some(({ at }) => isWithin(folder, at)) && groupExists(folder);
}

/** Moves a process into a group, with the processes it has started meanwhile. It stays where it is if that is refused. */
export async function joinCgroup(folder: string, pid: number): Promise<void> {
  const file = join(folder, "cgroup.procs");
  const moved = new Set<number>();
  for (let round = 0; round < MAX_MOVE_ATTEMPTS; round++) {
    const waiting = withDescendants(pid).filter((each) => !moved.has(each));
    if (waiting.length === 0) return;
    for (const each of waiting) {
      moved.add(each);
      // Asynchronous, so that it does not block the event loop: the first move after some time takes the kernel 50 ms.
      await writeFile(file, String(each)).catch(() => undefined);
    }
  }
}

/** Lists the processes in a group and in its subgroups. */
export function listCgroup(folder: string): number[] {
  return withSubgroups(folder).flatMap((each) => {
    const pids = readText(join(each, "cgroup.procs")).split("\n").filter(Boolean).map(Number);
    return pids.filter((pid) => pid > 0);
  });
}

/** Freezes or thaws all processes of a group; new ones are frozen from their start. */
export function freezeCgroup(folder: string, isFrozen: boolean): void {
  write(join(folder, "cgroup.freeze"), isFrozen ? "1" : "0");
}

/** Returns whether all processes of a group are frozen. */
export function isCgroupFrozen(folder: string): boolean {
  return /^frozen 1$/m.test(readText(join(folder, "cgroup.events")));
}

/** Sends SIGKILL to all processes of a group at once, including those being created (Linux 5.14). */
export function killCgroup(folder: string): void {
  write(join(folder, "cgroup.kill"), "1");
}

/** Removes a group and its subgroups once they are empty. */
export async function removeCgroup(folder: string): Promise<void> {
  for (let attempt = 0; attempt < MAX_REMOVE_ATTEMPTS && groupExists(folder); attempt++) {
    for (const each of withSubgroups(folder).toReversed()) removeFolder(each);
    if (groupExists(folder)) await Bun.sleep(10);
  }
}

/** Lists the groups beside which {@link makeCgroup} would create a new one: their names and folders. */
export function listCgroups(): { name: string; folder: string }[] {
  const own = ownCgroup();
  const folders = own === undefined ? [] : subfolders(own);
  return folders
    .filter((folder) => basename(folder).startsWith(PREFIX))
    .map((folder) => ({ name: basename(folder).slice(PREFIX.length), folder }));
}

function removeStale(): void {
  for (const { folder } of listCgroups()) {
    const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    const isEmpty = /^populated 0$/m.test(readText(join(folder, "cgroup.events")));
    if (isEmpty && Date.now() - made > STALE_MS) removeFolder(folder);
  }
}

/** Returns the folder of this process's own group, in the first mount that contains it. */
function ownCgroup(): string | undefined {
  if (!IS_LINUX) return undefined;
  const [, path] = /^0::(\/.*)$/m.exec(readText("/proc/self/cgroup")) ?? [];
  if (path === undefined || path.startsWith("/..")) return undefined;
  for (const { root, at } of cgroupMounts()) {
    if (isWithin(path, root)) return join(at, posix.relative(root, path));
  }
  return undefined;
}

/** Lists the mounts of cgroup v2 (proc_pid_mountinfo(5)): the part of the tree they show, and the mount point. */
function cgroupMounts(): { root: string; at: string }[] {
  return readText("/proc/self/mountinfo")
    .split("\n")
    .filter((line) => line.includes(" - cgroup2 "))
    .map((line) => line.split(" ").map(unescape))
    .map(([, , , root = "/", at = "/"]) => ({ root, at }));
}

/** Decodes octal escapes: the kernel uses them for blanks and backslashes. */
function unescape(field: string): string {
  return field.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function withDescendants(pid: number): number[] {
  return isRunning(readProcess(pid)) ? [pid, ...listChildren(pid).flatMap(withDescendants)] : [];
}

/** Lists a group and all its subgroups, parents first. */
function withSubgroups(folder: string): string[] {
  return [folder, ...subfolders(folder).flatMap(withSubgroups)];
}

function subfolders(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  } catch {
    return []; // removed meanwhile
  }
}

function groupExists(folder: string): boolean {
  return statSync(join(folder, "cgroup.events"), { throwIfNoEntry: false }) !== undefined;
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is not empty, or already removed.
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "r+" });
  } catch {
    // An older kernel has no such file, or the group is gone.
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

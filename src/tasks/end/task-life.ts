import { isFlocked } from "#platform/flock.ts";
import {
  isProcessAlive,
  isProcessStopped,
  type ProcessAddress,
  type ProcessIdentity,
  visibleIdentity,
} from "#platform/process/identity.ts";
import { bootId, ownSpace } from "#platform/host.ts";
import { sharedFileSystem } from "#platform/files/file-system.ts";
import { HEARTBEAT_MS, readHeartbeat, secondsSinceHeartbeat } from "#store/locks/heartbeat.ts";
import { readLockState } from "#store/locks/held-lock.ts";
import { codexLockPath, type TaskPaths, taskPaths } from "#store/store-paths.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { listProcesses } from "./end-processes.ts";

/**
 * State of an unfinished task's processes:
 * - `owned`: its supervisor, its starter, or a process that finishes it holds a lock;
 * - `orphaned`: no process holds a lock, but its Codex is running and visible from here;
 * - `abandoned`: no process holds a lock, and no Codex is running;
 * - `unknown`: the state cannot be determined from here.
 */
export type TaskLife =
  | { state: "owned" }
  | { state: "orphaned"; codex: ProcessIdentity }
  | { state: "abandoned" }
  | { state: "unknown" };

/** Determines the state of an unfinished task's processes from locks, not from pids, which are meaningless on other hosts. */
export function readTaskLife(context: AppContext, stored: StoredTask): TaskLife {
  const { record } = stored;
  const { home } = context.config;
  if (isOwned(taskPaths(home, record.task_id), stored)) return { state: "owned" };
  const codex = stored.codex === undefined ? findCodex(context, record) : visibleIdentity(stored.codex);
  if (codex !== undefined && isProcessAlive(codex)) return { state: "orphaned", codex };
  const isLocked = isFlocked(codexLockPath(home, record));
  const noted = stored.codex ?? stored.supervisor;
  if (noted !== undefined && visibleIdentity(noted) !== undefined) return { state: "abandoned" };
  // What a queued task has is a spare process, which waits for its supervisor.
  if (isLocked === true && record.status !== "queued") return { state: "unknown" };
  if (noted === undefined || isBeforeRestart(noted)) return { state: "abandoned" };
  // A run elsewhere is over if no process holds its lock. A missing file, or a file system without shared locks, proves nothing.
  const isOver = isLocked === false && areLocksPassedOn(home, noted.boot);
  return { state: isOver ? "abandoned" : "unknown" };
}

/** Checks whether an address is from before this machine's last restart, which ended all its processes. */
function isBeforeRestart({ host, boot }: ProcessAddress): boolean {
  return host === ownSpace().host && boot !== bootId();
}

/** Finds a Codex that is not recorded (the index was lost or its supervisor died too early) by its marker. */
function findCodex(context: AppContext, record: TaskRecord): ProcessIdentity | undefined {
  if (record.status !== "running") return undefined;
  return listProcesses(context, record).toSorted((a, b) => a.pid - b.pid)[0];
}

function isOwned(paths: TaskPaths, stored: StoredTask): boolean {
  if (readLockState(paths.ownerLock) === "held") return true;
  if (stored.record.status === "queued" && readLockState(paths.starterLock) === "held") return true;
  // The lock file may have been deleted or replaced (a restored backup), or the task predates locks: check the pid if it is from here.
  const supervisor = visibleIdentity(stored.supervisor);
  return supervisor !== undefined && isProcessAlive(supervisor);
}

/** Checks whether a free lock says anything about processes of that boot: on a network file system, it may not. */
function areLocksPassedOn(home: string, boot: string): boolean {
  return boot === bootId() || sharedFileSystem(home) === undefined;
}

/** Place of a task's processes when they are not here. */
export interface Elsewhere {
  host: string;
  /** One sentence for people and agents. */
  note: string;
}

/** Describes the other container or host on which a task is running; undefined if it is here or has ended. */
export function describeElsewhere({ config }: AppContext, stored: StoredTask): Elsewhere | undefined {
  const { record, supervisor } = stored;
  if (isEnded(record) || supervisor === undefined || visibleIdentity(supervisor) !== undefined) return undefined;
  const sign = readHeartbeat(taskPaths(config.home, record.task_id));
  const seen = sign === undefined ? "" : `, last seen ${sign.at}`;
  const { host } = supervisor;
  return { host, note: `Running on ${host}${seen}, another container or host, which controls it.` };
}

/** Number of missed heartbeats after which a supervisor counts as not responding. */
const MAX_MISSED_HEARTBEATS = 4;

/** Describes why a running task's supervisor does not respond; undefined if it does. */
export function describeUnresponsive({ config }: AppContext, stored: StoredTask): string | undefined {
  const { record, supervisor } = stored;
  if (record.status !== "running" || supervisor === undefined) return undefined;
  const seen = visibleIdentity(supervisor);
  if (seen !== undefined && isProcessStopped(seen)) {
    return `supervisor does not respond: its process ${seen.pid} is stopped (\`kill -CONT ${seen.pid}\` continues it)`;
  }
  const sign = readHeartbeat(taskPaths(config.home, record.task_id));
  const silent = (sign === undefined ? undefined : secondsSinceHeartbeat(sign)) ?? 0;
  if (silent * 1000 < MAX_MISSED_HEARTBEATS * HEARTBEAT_MS) return undefined;
  return `supervisor does not respond: no heartbeat for ${Math.round(silent)} s`;
}

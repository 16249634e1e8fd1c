import { isFlocked } from "#platform/flock.ts";
import {
  isProcessAlive,
  isProcessStopped,
  type ProcessAddress,
  type ProcessIdentity,
  seenFromHere,
} from "#platform/process/identity.ts";
import { bootId, ownSpace } from "#platform/host.ts";
import { sharedFileSystem } from "#platform/files/file-system.ts";
import { HEARTBEAT_MS, readHeartbeat, secondsSinceSign } from "#store/locks/heartbeat.ts";
import { readLockState } from "#store/locks/held-lock.ts";
import { codexLockOf, type TaskPaths, taskPaths } from "#store/store-paths.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { listProcesses } from "./end-processes.ts";

/**
 * Who is about an unfinished task:
 * - `owned`: its supervisor, its starter, or somebody who finishes it, holds a lock;
 * - `orphaned`: nobody is, but its Codex runs, and can be seen from here;
 * - `abandoned`: nobody is, and no Codex runs;
 * - `unknown`: that cannot be told from here.
 */
export type TaskLife =
  | { state: "owned" }
  | { state: "orphaned"; codex: ProcessIdentity }
  | { state: "abandoned" }
  | { state: "unknown" };

/** Works out who is about an unfinished task: by the locks that are held, not by pids, which mean nothing elsewhere. */
export function readTaskLife(context: AppContext, stored: StoredTask): TaskLife {
  const { record } = stored;
  const { home } = context.config;
  if (isOwned(taskPaths(home, record.task_id), stored)) return { state: "owned" };
  const codex = stored.codex === undefined ? findCodex(context, record) : seenFromHere(stored.codex);
  if (codex !== undefined && isProcessAlive(codex)) return { state: "orphaned", codex };
  const isLocked = isFlocked(codexLockOf(home, record));
  const noted = stored.codex ?? stored.supervisor;
  if (noted !== undefined && seenFromHere(noted) !== undefined) return { state: "abandoned" };
  if (isLocked === true) return { state: "unknown" };
  if (noted === undefined || isBeforeRestart(noted)) return { state: "abandoned" };
  // What runs elsewhere is over where nobody holds the run's lock. A file that is gone, or not passed on, proves nothing.
  const isOver = isLocked === false && areLocksPassedOn(home, noted.boot);
  return { state: isOver ? "abandoned" : "unknown" };
}

/** Whether an address is of this machine before it was started anew: nothing of then is left. */
function isBeforeRestart({ host, boot }: ProcessAddress): boolean {
  return host === ownSpace().host && boot !== bootId();
}

/** Finds a Codex that is not noted, since the index was lost or its supervisor died too early, by the marker that it carries. */
function findCodex(context: AppContext, record: TaskRecord): ProcessIdentity | undefined {
  if (record.status !== "running") return undefined;
  return listProcesses(context, record).toSorted((a, b) => a.pid - b.pid)[0];
}

function isOwned(paths: TaskPaths, stored: StoredTask): boolean {
  if (readLockState(paths.ownerLock) === "held") return true;
  if (stored.record.status === "queued" && readLockState(paths.starterLock) === "held") return true;
  // Its lock file may have been deleted or replaced (a restored backup), or it knew no lock: the pid, where it means something.
  const supervisor = seenFromHere(stored.supervisor);
  return supervisor !== undefined && isProcessAlive(supervisor);
}

/** Whether a lock that nobody holds says something about processes of that boot: on a network file system it need not. */
function areLocksPassedOn(home: string, boot: string): boolean {
  return boot === bootId() || sharedFileSystem(home) === undefined;
}

/** Where a task's processes are, if not here. */
export interface Elsewhere {
  host: string;
  /** One sentence for people and agents. */
  note: string;
}

/** Says where a task runs, if that is in another container or on another host; undefined where it is here, or has ended. */
export function describeElsewhere({ config }: AppContext, stored: StoredTask): Elsewhere | undefined {
  const { record, supervisor } = stored;
  if (isEnded(record) || supervisor === undefined || seenFromHere(supervisor) !== undefined) return undefined;
  const sign = readHeartbeat(taskPaths(config.home, record.task_id));
  const seen = sign === undefined ? "" : `, last seen ${sign.at}`;
  const { host } = supervisor;
  return { host, note: `Running on ${host}${seen} (another container or host: it is controlled and ended there).` };
}

/** A supervisor that has given no sign of life for so many of its turns does not respond. */
const MISSED_SIGNS = 4;

/** Says that a running task's supervisor does not respond; undefined where it does. */
export function describeUnresponsive({ config }: AppContext, stored: StoredTask): string | undefined {
  const { record, supervisor } = stored;
  if (record.status !== "running" || supervisor === undefined) return undefined;
  const seen = seenFromHere(supervisor);
  if (seen !== undefined && isProcessStopped(seen)) {
    return `supervisor does not respond: its process ${seen.pid} is stopped (kill -CONT ${seen.pid} continues it)`;
  }
  const sign = readHeartbeat(taskPaths(config.home, record.task_id));
  const silent = (sign === undefined ? undefined : secondsSinceSign(sign)) ?? 0;
  if (silent * 1000 < MISSED_SIGNS * HEARTBEAT_MS) return undefined;
  return `supervisor does not respond: no sign of life for ${Math.round(silent)} s`;
}

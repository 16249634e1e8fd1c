import { IS_LINUX } from "#base/system.ts";
import { freezeCgroup, isCgroupFrozen, killCgroup, listCgroup } from "./cgroup.ts";
import { MemberFinder } from "./find-members.ts";
import { isProcessAlive, type ProcessIdentity, signalProcess } from "./identity.ts";
import { type LinuxProcess, signalExactly } from "./linux.ts";
import { listFamily, type ProcessFamily } from "./tree.ts";

/** Process that could not be ended. */
export interface Survivor {
  pid: number;
  reason: string;
}

const UNENDED = "it does not end, or belongs to another user";

/** Time between SIGINT and SIGKILL, in milliseconds. */
const GRACE_MS = 2000;
/** Time between the first and the second SIGINT to a server, in milliseconds. */
const SECOND_SIGNAL_MS = 50;
/** Time after which the processes that still run are reported as survivors, in milliseconds. */
const END_TIMEOUT_MS = 6000;
/** Number of consecutive searches that must find nothing: a process in the middle of an exec has no readable environment. */
const REQUIRED_EMPTY_SCANS = 3;
/** Maximum time for stopping members one by one before they are killed, in milliseconds. */
const STOP_TIMEOUT_MS = 1500;
/** Maximum time for stopping near descendants before all processes are searched again, in milliseconds. */
const STOP_NEAR_TIMEOUT_MS = 10;
/** Number of checks that a control group is frozen. */
const MAX_FREEZE_CHECKS = 20;

/**
 * Ends every process of a family: sends SIGINT to the root (Codex then cleans up), waits for a grace period, stops all remaining processes
 * so that none starts a new one, and kills them, until none is left.
 * @returns the processes that still exist
 */
export async function endFamily(family: ProcessFamily, graceMs = GRACE_MS): Promise<Survivor[]> {
  if (!IS_LINUX) return endByList(family, graceMs);
  const finder = new MemberFinder(family);
  const first = await finder.scanAll();
  // There is nothing to end, and no known process that could start one.
  if (first.length === 0 && finder.alive().length === 0) return [];
  if (family.root !== undefined && family.traces?.cgroup !== undefined) freezeCgroup(family.traces.cgroup, false);
  // Descendants that lose their parent now are remembered from this search.
  await interruptRoot(family, graceMs, () => void finder.scanNearby());
  const cgroup = ownedCgroup(family);
  const deadline = performance.now() + END_TIMEOUT_MS;
  for (let clean = 0; clean < REQUIRED_EMPTY_SCANS && performance.now() < deadline;) {
    if (cgroup !== undefined) await freeze(cgroup);
    await stopAll(finder);
    for (const member of finder.alive()) signalExactly(member, "SIGKILL");
    if (cgroup !== undefined) killCgroup(cgroup);
    await Bun.sleep(2);
    clean = finder.alive().length === 0 && (await finder.scanAll()).length === 0 ? clean + 1 : 0;
  }
  if (cgroup !== undefined) freezeCgroup(cgroup, false);
  finder.reap();
  return finder.alive().map(describeSurvivor);
}

/** Asks the root to end and waits for a while; a stopped process could not handle the signal. */
async function interruptRoot(
  { root, isServer }: ProcessFamily,
  graceMs: number,
  findMembers: () => void,
): Promise<void> {
  if (root === undefined) return;
  signalProcess(root, "SIGCONT");
  if (!signalProcess(root, "SIGINT")) return;
  const start = performance.now();
  let isAgain = isServer === true;
  while (isProcessAlive(root) && performance.now() < start + graceMs) {
    findMembers();
    await Bun.sleep(10);
    if (!isAgain || performance.now() < start + SECOND_SIGNAL_MS) continue;
    isAgain = false;
    signalProcess(root, "SIGINT");
  }
}

/** Returns the family's group, unless this process is in it: an agent may cancel its own task. */
function ownedCgroup({ traces }: ProcessFamily): string | undefined {
  const cgroup = traces?.cgroup;
  if (cgroup === undefined) return undefined;
  const members = listCgroup(cgroup);
  return members.includes(process.pid) || members.includes(traces?.adopter ?? 0) ? undefined : cgroup;
}

async function freeze(cgroup: string): Promise<void> {
  freezeCgroup(cgroup, true);
  for (let check = 0; check < MAX_FREEZE_CHECKS && !isCgroupFrozen(cgroup); check++) await Bun.sleep(2);
}

/** Stops members until no search finds a new one. */
async function stopAll(finder: MemberFinder): Promise<void> {
  for (const member of finder.alive()) signalExactly(member, "SIGSTOP");
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while (performance.now() < deadline) {
    stopNear(finder);
    const found = await finder.scanAll();
    for (const member of found) signalExactly(member, "SIGSTOP");
    if (found.length === 0) return;
  }
}

/** Stops the near descendants, faster than they can fork. */
function stopNear(finder: MemberFinder): void {
  const until = performance.now() + STOP_NEAR_TIMEOUT_MS;
  for (let found = finder.scanNearby(); found.length > 0 && performance.now() < until; found = finder.scanNearby()) {
    for (const member of found) signalExactly(member, "SIGSTOP");
  }
}

function describeSurvivor({ pid, state }: LinuxProcess): Survivor {
  return { pid, reason: state === "D" ? "it is in uninterruptible sleep (state D)" : UNENDED };
}

/** Ends a family without /proc: signals the listed processes until none is left. */
async function endByList(family: ProcessFamily, graceMs: number): Promise<Survivor[]> {
  // Parent links disappear with the parent, so record the descendants while it lives.
  const known = new Map<number, ProcessIdentity>();
  const findRunning = (): ProcessIdentity[] => {
    for (const member of listFamily(family)) known.set(member.pid, member);
    return [...known.values()].filter(isProcessAlive);
  };
  findRunning();
  await interruptRoot(family, graceMs, findRunning);
  const deadline = performance.now() + END_TIMEOUT_MS;
  for (let clean = 0; clean < REQUIRED_EMPTY_SCANS && performance.now() < deadline;) {
    const left = findRunning();
    clean = left.length === 0 ? clean + 1 : 0;
    for (const member of left) signalProcess(member, "SIGSTOP");
    for (const member of left) signalProcess(member, "SIGKILL");
    await Bun.sleep(5);
  }
  return findRunning().map(({ pid }) => ({ pid, reason: UNENDED }));
}

import { reapChild } from "#platform/libc.ts";
import { listCgroup } from "./cgroup.ts";
import { isProcessAlive } from "./identity.ts";
import { isRunning, type LinuxProcess, listChildren, listPids, readEnvironment, readProcess } from "./linux.ts";
import type { ProcessFamily } from "./tree.ts";

/** Maximum time for which the event loop is blocked at once, in milliseconds. */
const SLICE_MS = 8;

/**
 * Finder for the processes of a family on Linux. It remembers the members it has found: their descendants belong to the family, too. This
 * process is never one of them.
 */
export class MemberFinder {
  readonly #family: ProcessFamily;
  readonly #known = new Map<number, LinuxProcess>();
  /** Start times of processes, by pid, whose environment did not contain the marker. */
  readonly #unmarked = new Map<number, string>();

  constructor(family: ProcessFamily) {
    this.#family = family;
    const isAlive = family.root !== undefined && isProcessAlive(family.root);
    const root = isAlive ? readProcess(family.root?.pid ?? 0) : undefined;
    if (root !== undefined) this.#known.set(root.pid, root);
  }

  /** Returns the members found so far that are still running. */
  alive(): LinuxProcess[] {
    return [...this.#known.values()].flatMap((each) => {
      const now = readProcess(each.pid);
      if (now?.start !== each.start) this.#known.delete(each.pid);
      return isRunning(now) && now.start === each.start ? [now] : [];
    });
  }

  /** Collects the exit status of ended processes that this process has adopted: not every init does so after us. */
  reap(): void {
    for (const { pid, start } of this.#known.values()) {
      const now = readProcess(pid);
      const isOrphan = now?.parent === process.pid && pid !== this.#family.root?.pid;
      if (isOrphan && now.start === start && !isRunning(now)) reapChild(pid);
    }
  }

  /** Searches the descendants of known members, and the control group: fast enough to keep up with forking processes. */
  scanNearby(): LinuxProcess[] {
    const found: LinuxProcess[] = [];
    const visit = (pid: number) => {
      if (this.#add(pid, found)) listChildren(pid).forEach(visit);
    };
    for (const { pid } of this.alive()) listChildren(pid).forEach(visit);
    const { adopter, cgroup } = this.#family.traces ?? {};
    if (cgroup !== undefined) listCgroup(cgroup).forEach(visit);
    if (adopter !== undefined) {
      for (const pid of listChildren(adopter)) if (this.#isAdopted(readProcess(pid), adopter)) visit(pid);
    }
    return found;
  }

  /**
   * Searches all processes of the machine, in slices.
   * @returns the new members
   */
  async scanAll(): Promise<LinuxProcess[]> {
    const found = this.scanNearby();
    const all = new Map<number, LinuxProcess>();
    await inSlices(listPids(), (pid) => {
      const now = readProcess(pid);
      if (isRunning(now)) all.set(pid, now);
    });
    await inSlices([...all.values()], (each) => {
      if (this.#known.get(each.pid)?.start === each.start) return;
      if (this.#isMarked(each) || this.#hasMemberAbove(each, all)) {
        this.#add(each.pid, found);
      }
    });
    return found;
  }

  /**
   * Records a member.
   * @returns whether it is running, known or new
   */
  #add(pid: number, found: LinuxProcess[]): boolean {
    const now = readProcess(pid);
    if (!isRunning(now) || pid === process.pid || pid === this.#family.traces?.adopter) return false;
    if (this.#known.get(pid)?.start !== now.start) {
      this.#known.set(pid, now);
      found.push(now);
    }
    return true;
  }

  #isMarked({ pid, start }: LinuxProcess): boolean {
    const { marker } = this.#family;
    if (marker === undefined || this.#unmarked.get(pid) === start) return false;
    const environment = readEnvironment(pid);
    if (environment.includes(`\0${marker}\0`)) return true;
    if (environment.length > 1) this.#unmarked.set(pid, start);
    return false;
  }

  #hasMemberAbove(from: LinuxProcess, all: ReadonlyMap<number, LinuxProcess>): boolean {
    const adopter = this.#family.traces?.adopter;
    // The list is not atomic, so its links may form a cycle.
    for (let at: LinuxProcess | undefined = from, steps = 0; at !== undefined && steps < all.size; steps++) {
      // Processes started by this process belong to it, even if an agent has started this process.
      if (at.pid === process.pid) return false;
      if (this.#known.get(at.pid)?.start === at.start || this.#isAdopted(at, adopter)) return true;
      at = all.get(at.parent);
    }
    return false;
  }

  /** Returns whether a process is a child of the adopter that was not started for the adopter itself. */
  #isAdopted(each: LinuxProcess | undefined, adopter: number | undefined): boolean {
    if (adopter === undefined || each?.parent !== adopter) return false;
    const { foreign } = this.#family.traces ?? {};
    if (foreign === undefined) return true;
    return each.session !== readProcess(adopter)?.session && !readEnvironment(each.pid).includes(`\0${foreign}`);
  }
}

async function inSlices<T>(items: readonly T[], visit: (item: T) => void): Promise<void> {
  let since = performance.now();
  for (const item of items) {
    visit(item);
    if (performance.now() - since < SLICE_MS) continue;
    await Bun.sleep(0);
    since = performance.now();
  }
}

import { listCgroup } from "./cgroup.ts";
import { isRunning, type LinuxProcess, listChildren, listPids, readEnvironment, readProcess } from "./linux.ts";
import { reapChild } from "#platform/libc.ts";
import { isProcessAlive } from "./identity.ts";
import type { ProcessFamily } from "./tree.ts";

/** How long the event loop is kept from other work at a time. */
const SLICE_MS = 8;

/**
 * Finds the processes of a family on Linux, remembering those that it has found: their descendants belong to it, too.
 * This process is never among them.
 */
export class MemberFinder {
  readonly #family: ProcessFamily;
  readonly #known = new Map<number, LinuxProcess>();
  /** Start times of those whose environment has been seen without the marker. */
  readonly #unmarked = new Map<number, string>();

  constructor(family: ProcessFamily) {
    this.#family = family;
    const isThere = family.root !== undefined && isProcessAlive(family.root);
    const root = isThere ? readProcess(family.root?.pid ?? 0) : undefined;
    if (root !== undefined) this.#known.set(root.pid, root);
  }

  /** Returns those that run now, of all that were found. */
  alive(): LinuxProcess[] {
    return [...this.#known.values()].flatMap((each) => {
      const now = readProcess(each.pid);
      if (now?.start !== each.start) this.#known.delete(each.pid);
      return isRunning(now) && now.start === each.start ? [now] : [];
    });
  }

  /** Takes the status of those that have come to this process and have ended: not every init does it after us. */
  reap(): void {
    for (const { pid, start } of this.#known.values()) {
      const now = readProcess(pid);
      const isOrphan = now?.parent === process.pid && pid !== this.#family.root?.pid;
      if (isOrphan && now.start === start && !isRunning(now)) reapChild(pid);
    }
  }

  /** Looks at the descendants of what is known, and into the group: so fast that it keeps up with what forks. */
  lookNear(): LinuxProcess[] {
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

  /** Looks at all processes of the machine, in slices. @returns those that are new */
  async lookEverywhere(): Promise<LinuxProcess[]> {
    const found = this.lookNear();
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

  /** Notes a member. @returns whether it is a running one, known or new */
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
    // Of a list that is not of one instant, the links may lead in a circle.
    for (let at: LinuxProcess | undefined = from, steps = 0; at !== undefined && steps < all.size; steps++) {
      // What this process has started is its own, also where an agent has started this process.
      if (at.pid === process.pid) return false;
      if (this.#known.get(at.pid)?.start === at.start || this.#isAdopted(at, adopter)) return true;
      at = all.get(at.parent);
    }
    return false;
  }

  /** Whether a process is the adopter's child without having been started for the adopter itself. */
  #isAdopted(each: LinuxProcess | undefined, adopter: number | undefined): boolean {
    if (adopter === undefined || each?.parent !== adopter) return false;
    const { foreign } = this.#family.traces ?? {};
    if (foreign === undefined) return true;
    return each.session !== readProcess(adopter)?.session && !readEnvironment(each.pid).includes(`\0${foreign}`);
  }
}

async function inSlices<T>(items: readonly T[], look: (item: T) => void): Promise<void> {
  let since = performance.now();
  for (const item of items) {
    look(item);
    if (performance.now() - since < SLICE_MS) continue;
    await Bun.sleep(0);
    since = performance.now();
  }
}

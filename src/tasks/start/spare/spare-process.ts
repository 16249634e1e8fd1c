import { closeSync, linkSync, openSync, rmSync } from "node:fs";
import { listSocketFiles } from "#codex/engines/connection/channel-files.ts";
import { listenArguments } from "#codex/engines/connection/channel.ts";
import { taskEnvironment } from "#codex/process.ts";
import { locateCodex } from "#codex/locate.ts";
import { mcpServerArguments } from "#codex/mcp-servers.ts";
import { IS_LINUX } from "#base/system.ts";
import { AppError } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { cgroupNameOf, makeSpareId, processMarkerOf } from "#domain/names.ts";
import type { QueuedTask, TaskRecord } from "#domain/record.ts";
import { ownSpace } from "#platform/host.ts";
import { makePrivateFolder, writePrivateFile } from "#platform/files/files.ts";
import { makeCgroup } from "#platform/process/cgroup.ts";
import { identifyProcess, isProcessAlive, type ProcessIdentity } from "#platform/process/identity.ts";
import { endWithUs, type Watch } from "#platform/start/end-with-us.ts";
import { startContained } from "#platform/start/start-detached.ts";
import { type HeldLock, tryHold } from "#store/locks/held-lock.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import { codexLockPath, type SparePaths, sparePaths, taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";
import { endSpare } from "#tasks/end/end-spare.ts";

/** Working folder of a spare process: no project's configuration applies to it. */
const FOLDER = "/";

/**
 * App-server that was started before its task, or beside the preparation of its task. It ends with this process until a task has it. From
 * then on it belongs to the task, whose record names it.
 */
export class SpareProcess {
  readonly id: string;
  readonly identity: ProcessIdentity;
  /** Resolves when the process has ended. */
  readonly exited: Promise<unknown>;
  readonly #context: AppContext;
  readonly #cgroup: string | undefined;
  readonly #lock: HeldLock;
  readonly #watch: Watch;

  /**
   * Starts a process.
   * @returns undefined on Linux without control groups: there, what a run leaves behind is adopted by its supervisor, which is not an
   * ancestor of this process
   * @throws AppError, or the system's error, if it cannot be started
   */
  static start(context: AppContext): SpareProcess | undefined {
    const id = makeSpareId(ownSpace().host);
    const cgroup = makeCgroup(cgroupNameOf(context.config.home, { task_id: id, run: 1, spare: { id } }));
    return cgroup === undefined && IS_LINUX ? undefined : new SpareProcess(context, id, cgroup);
  }

  private constructor(context: AppContext, id: string, cgroup: string | undefined) {
    this.#context = context;
    this.id = id;
    this.#cgroup = cgroup;
    const paths = sparePaths(context.config.home, this.id);
    inStateFolder(() => makePrivateFolder(paths.folder));
    this.#lock = hold(paths.ownerLock);
    try {
      const child = this.#spawn(paths);
      child.unref();
      this.identity = identifyProcess(child.pid) ?? { pid: child.pid, start: "ended" };
      this.exited = child.exited;
      this.#watch = endWithUs(this.identity, context.config.environment, listSocketFiles(paths.socket));
    } catch (error) {
      this.#lock.release();
      this.removeFolder();
      throw error;
    }
  }

  #spawn(paths: SparePaths): Bun.Subprocess {
    const { config } = this.#context;
    const program = locateCodex(config);
    const marker = processMarkerOf(config.home, this.id, 1);
    const environment = { ...taskEnvironment(config.environment), ...program.environment };
    const settings = mcpServerArguments(config, { run_dir: FOLDER });
    const stderr = openSync(paths.stderr, "a", 0o600);
    try {
      return startContained({
        command: [program.path, ...settings, ...listenArguments({ socket: paths.socket })],
        folder: FOLDER,
        environment: { ...environment, [marker.name]: marker.value },
        stdio: ["ignore", stderr, stderr],
        cgroup: this.#cgroup,
        lockFile: paths.processLock,
      });
    } finally {
      closeSync(stderr);
    }
  }

  get isAlive(): boolean {
    return isProcessAlive(this.identity);
  }

  /**
   * Gives the process to a task that is prepared: the task's lock and log of errors become those of the process.
   * @returns the record that names the process; unchanged if the files cannot be linked
   */
  giveTo(task: QueuedTask): QueuedTask {
    const { home } = this.#context.config;
    const own = sparePaths(home, this.id);
    const paths = taskPaths(home, task.task_id);
    try {
      replaceByLink(own.processLock, codexLockPath(home, task));
      replaceByLink(own.stderr, paths.stderr);
      if (this.#cgroup !== undefined) writePrivateFile(paths.cgroup, this.#cgroup);
    } catch {
      return task; // a file system without links
    }
    this.#watch.release();
    return { ...task, spare: { id: this.id, ...this.identity } };
  }

  /** Leaves the process to the task that has it; ends it if the task does not run. */
  async settle(task: TaskRecord): Promise<void> {
    const isTaken = task.spare?.id === this.id && task.running_since !== undefined;
    if (isTaken) this.#lock.release();
    else await this.end();
  }

  /** Ends the process and removes its folder. */
  async end(): Promise<void> {
    this.#watch.end();
    try {
      await endSpare(this.#context.config, this.id, this.identity);
    } catch (error) {
      logger("app").warn`${this.id} could not be ended: ${String(error)}`;
    } finally {
      this.#lock.release();
    }
  }

  /** Removes the folder when this program exits: whatever watches the process then ends it. */
  removeFolder(): void {
    rmSync(sparePaths(this.#context.config.home, this.id).folder, { recursive: true, force: true });
  }
}

function hold(path: string): HeldLock {
  const lock = tryHold(path);
  if (lock !== undefined) return lock;
  throw new AppError("state_unusable", `The new lock file ${path} is held by another process.`, "Run the task again.");
}

function replaceByLink(from: string, to: string): void {
  rmSync(to, { force: true });
  linkSync(from, to);
}

import { existsSync, lstatSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import type { RunningTask } from "#domain/record.ts";
import { isProcessAlive } from "#platform/process/identity.ts";
import { sparePaths, taskPaths } from "#store/store-paths.ts";

/** Time in which a spare process must open its socket, in milliseconds: as long as a new one has. */
const SOCKET_TIMEOUT_MS = 20_000;
const POLL_INTERVAL_MS = 5;

/**
 * Makes the socket of a run lead to that of its spare process, as soon as that is open: everything that joins the run uses the run's. Does
 * nothing if the process does not open one: the engine then reports it.
 */
export async function linkSpareSocket(
  home: string,
  { task_id }: Pick<RunningTask, "task_id">,
  spare: NonNullable<RunningTask["spare"]>,
): Promise<void> {
  const { socket } = sparePaths(home, spare.id);
  const { appServer } = taskPaths(home, task_id);
  const deadline = performance.now() + SOCKET_TIMEOUT_MS;
  while (!existsSync(socket)) {
    if (!isProcessAlive(spare) || performance.now() > deadline) return;
    await Bun.sleep(POLL_INTERVAL_MS);
  }
  rmSync(appServer, { force: true });
  symlinkSync(placeOf(socket), appServer);
}

/** Returns where Codex's own link leads, because a path of any length cannot be connected to; before 0.156, it makes the socket itself. */
function placeOf(socket: string): string {
  return lstatSync(socket).isSymbolicLink() ? readlinkSync(socket) : socket;
}

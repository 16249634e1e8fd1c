/** Watch on the tmux server that this process's pane belongs to. */
export interface TmuxServerWatch {
  /** Checks after a SIGHUP whether the server itself has died, rather than the user ending the session. */
  hasCrashed: () => Promise<boolean>;
  close: () => void;
}

/** Time that an exiting server has to notify its clients, in milliseconds. */
const CLIENT_EXIT_TIMEOUT_MS = 1000;

/**
 * Watches the tmux server of this pane. A pane's process gets the same SIGHUP when its session is ended and when the server is killed. A
 * client that waits beside it distinguishes the cases: it exits with status 0 when the server ends properly, also with its last session; it
 * fails when the server is killed.
 * @param environment of the pane, with tmux's own TMUX
 * @param marker environment entry by which the client is found if this process dies
 * @returns undefined outside tmux
 */
export function watchTmuxServer(
  environment: Record<string, string | undefined>,
  marker: { name: string; value: string },
): TmuxServerWatch | undefined {
  // TMUX has the form `<socket>,<pid of the server>,<session>`.
  const socket = environment["TMUX"]?.split(",").slice(0, -2).join(",");
  if (socket === undefined || socket === "") return undefined;
  const client = startClient(socket, { ...environment, [marker.name]: marker.value });
  if (client === undefined) return undefined;
  client.unref();
  return {
    hasCrashed: async () => {
      const exitCode = await Promise.race([client.exited, Bun.sleep(CLIENT_EXIT_TIMEOUT_MS)]);
      return exitCode !== undefined && exitCode !== 0;
    },
    close: () => client.kill("SIGKILL"),
  };
}

function startClient(socket: string, env: Record<string, string | undefined>): Bun.Subprocess | undefined {
  try {
    return Bun.spawn(["tmux", "-S", socket, "wait-for", `codexmcp-${process.pid}`], {
      env,
      stdio: ["ignore", "ignore", "ignore"],
      // In its own session, so that the pane's SIGHUP does not reach it.
      detached: true,
    });
  } catch {
    return undefined; // no tmux in the pane's PATH
  }
}

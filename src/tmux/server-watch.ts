/** Follows the tmux server that this process's pane belongs to. */
export interface TmuxServerWatch {
  /** To be asked after a SIGHUP: whether the server itself has died, and not the user ended the session. */
  hasCrashed: () => Promise<boolean>;
  close: () => void;
}

/** How long a server that is leaving may take to say so. */
const FAREWELL_MS = 1000;

/**
 * A pane's process gets the same SIGHUP when its session is ended and when the server is killed. A
 * client that waits beside it tells them apart: the server lets it go with status 0 when it ends in
 * order, with its last session too; it fails when the server is killed.
 * @param environment of the pane, with tmux's own TMUX
 * @param marker the entry by which the client is found should this process die
 * @returns undefined outside tmux
 */
export function watchTmuxServer(
  environment: Record<string, string | undefined>,
  marker: { name: string; value: string },
): TmuxServerWatch | undefined {
  // TMUX is `<socket>,<pid of the server>,<session>`.
  const socket = environment["TMUX"]?.split(",").slice(0, -2).join(",");
  if (socket === undefined || socket === "") return undefined;
  const client = startClient(socket, { ...environment, [marker.name]: marker.value });
  if (client === undefined) return undefined;
  client.unref();
  return {
    hasCrashed: async () => {
      const exitCode = await Promise.race([client.exited, Bun.sleep(FAREWELL_MS)]);
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
      // In a session of its own, or the pane's SIGHUP would reach it too.
      detached: true,
    });
  } catch {
    return undefined; // no tmux in the pane's PATH
  }
}

import { makeTuiHome } from "./tui-home.ts";

/** Thread of a running app-server, and how Codex's own interface shows it. */
export interface TuiStart {
  /** Codex program. */
  program: string;
  /** Socket of the app-server. */
  socket: string;
  thread: string;
  folder: string;
  /** Folder for the interface's own CODEX_HOME, which is created. */
  home: string;
  /** User's CODEX_HOME, for the settings that concern how the interface looks. */
  userHome: string;
}

/** Running interface. */
export interface Tui {
  exited: Promise<number>;
  signal: (name: NodeJS.Signals) => void;
  /** Ends it. It leaves the terminal's modes as they are. */
  end: () => Promise<void>;
}

/** Time in which the interface must end after a signal, in milliseconds. */
const EXIT_TIMEOUT_MS = 2000;

/**
 * Starts Codex's own interface on this terminal, as a client of a running app-server. It needs no login and none of the task's environment,
 * which the app-server has.
 */
export function startTui({ program, socket, thread, folder, home, userHome }: TuiStart): Tui {
  makeTuiHome(userHome, home);
  const child = Bun.spawn([program, "resume", thread, "--remote", `unix://${socket}`], {
    cwd: folder,
    env: { ...process.env, CODEX_HOME: home },
    stdio: ["inherit", "inherit", "inherit"],
  });
  const end = async () => {
    child.kill("SIGTERM");
    const hasEnded = await Promise.race([child.exited.then(() => true), Bun.sleep(EXIT_TIMEOUT_MS)]);
    if (hasEnded === true) return;
    child.kill("SIGKILL");
    await child.exited;
  };
  return { exited: child.exited, signal: (name) => child.kill(name), end };
}

import { basename } from "node:path";
import type { Config } from "#base/config.ts";
import { AppError } from "#base/errors.ts";
import { runProgram } from "#platform/start/run-program.ts";
import { multiplexerEnvironment } from "./environment.ts";

/** How to reach a tmux server. */
export interface TmuxServer {
  /** A socket's name or, with a `/`, its path; undefined: tmux's own choice. */
  socket: string | undefined;
  environment: Record<string, string>;
}

/** Returns the tmux server that a configuration names. */
export function tmuxServerOf(config: Config): TmuxServer {
  return { socket: config.tmuxSocket, environment: config.environment };
}

/** How long a session of the same name, left by an earlier run that is just ending, is waited for. */
const LEAVING_MS = 3000;

/**
 * Starts a detached session that runs one command, and ends with it.
 * @param folder where the session's new windows open; handed over as tmux's own working directory,
 *   since tmux expands formats, and so runs `#(commands)`, in what `-c` gives it
 * @throws AppError `tmux_missing`, `tmux_session_exists`, `tmux_failed`
 */
export async function startSession(
  server: TmuxServer,
  name: string,
  folder: string,
  command: readonly string[],
): Promise<void> {
  const size = ["-x", "160", "-y", "50"];
  // Users' own settings may keep dead panes, or end sessions that nobody looks at.
  const set = (option: string) => [";", "set-option", "-t", `=${name}:`, option, "off"];
  const options = [...set("remain-on-exit"), ...set("destroy-unattached")];
  const args = ["new-session", "-d", "-s", name, ...size, "--", ...command.map(escapeSeparator), ...options];
  const deadline = performance.now() + LEAVING_MS;
  for (;;) {
    const { exitCode, stderr } = await runTmux(server, args, folder);
    // Where it cannot make its socket, tmux says so and ends with status 0.
    if (exitCode === 0 && !stderr.startsWith("error creating")) return;
    const isLeaving = stderr.includes("duplicate session");
    // A server whose last session has just ended is on its way out, and may take us with it.
    const isGoing = /server exited|lost server/.test(stderr);
    if (!isLeaving && !isGoing) throw tmuxFailed(stderr);
    if (performance.now() > deadline) throw isLeaving ? sessionExists(name) : tmuxFailed(stderr);
    await Bun.sleep(20);
  }
}

/**
 * Shows a session on this terminal until the user leaves it or it ends; within tmux, its client goes there.
 * @returns tmux's exit status
 */
export async function attachSession(server: TmuxServer, name: string): Promise<number> {
  const { TMUX, ...environment } = server.environment;
  const isThere = TMUX !== undefined && isServerOf(server, TMUX);
  const command = isThere ? "switch-client" : "attach-session";
  const child = Bun.spawn(["tmux", ...socketArguments(server), command, "-t", `=${name}`], {
    // tmux refuses to attach within another of its own.
    env: isThere ? server.environment : environment,
    stdio: ["inherit", "inherit", "inherit"],
  });
  return child.exited;
}

/** Whether a value of TMUX (`<socket>,<pid>,<session>`) leads to this server. */
function isServerOf({ socket }: TmuxServer, tmux: string): boolean {
  const path = tmux.split(",").slice(0, -2).join(",");
  if (socket === undefined) return basename(path) === "default";
  return socket.includes("/") ? path === socket : basename(path) === socket;
}

/** Whether a session of exactly this name exists. */
export async function hasSession(server: TmuxServer, name: string): Promise<boolean> {
  const { exitCode } = await runTmux(server, ["has-session", "-t", `=${name}`], "/");
  return exitCode === 0;
}

/** Returns the pid of what runs in a session's pane; undefined where there is no such session. */
export async function panePid(server: TmuxServer, name: string): Promise<number | undefined> {
  const { stdout } = await runTmux(server, ["display-message", "-p", "-t", `=${name}:`, "#{pane_pid}"], "/");
  return Number(stdout) || undefined;
}

/** Waits until a session is gone; tmux takes a moment to see that its command has ended. */
export async function waitUntilSessionEnds(server: TmuxServer, name: string, atMostMs: number): Promise<void> {
  const deadline = performance.now() + atMostMs;
  while ((await hasSession(server, name)) && performance.now() < deadline) await Bun.sleep(5);
}

/** Windows has none: full-access tasks run there as read-only ones do, without a pane. */
export const IS_TMUX_USED = process.platform !== "win32";

/**
 * Checks that tmux can be started.
 * @throws AppError `tmux_missing`
 */
export function checkTmux(server: TmuxServer): void {
  if (Bun.which("tmux", { PATH: server.environment["PATH"] ?? "" }) !== null) return;
  throw new AppError(
    "tmux_missing",
    "tmux is not in this server's PATH, and full-access tasks run in a tmux session.",
    "Install it (apt install tmux, brew install tmux).",
  );
}

/** Returns the installed tmux's version, e.g. `3.3a`. */
export async function tmuxVersion(server: TmuxServer): Promise<string> {
  const { stdout } = await runTmux(server, ["-V"], "/");
  return stdout.trim().replace(/^tmux /, "");
}

/** tmux answers at once, unless its server is stopped. */
const TMUX_DEADLINE_MS = 20_000;

/** A word that ends with `;` would end the command for tmux. */
function escapeSeparator(word: string): string {
  return word.replace(/;$/, "\\;");
}

async function runTmux(
  server: TmuxServer,
  args: readonly string[],
  folder: string,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const program = Bun.which("tmux", { PATH: server.environment["PATH"] ?? "" });
  if (program === null) return { exitCode: 127, stdout: "", stderr: "tmux is not in PATH" };
  const result = await runProgram({
    command: [program, ...socketArguments(server), ...args],
    folder,
    environment: multiplexerEnvironment(server.environment),
    deadlineMs: TMUX_DEADLINE_MS,
    // The server that a first session starts is to stay.
    outlivesUs: true,
  });
  const said = result.timedOut ? `it did not answer within ${TMUX_DEADLINE_MS / 1000} s` : result.stderr.toString();
  return { exitCode: result.exitCode ?? -1, stdout: result.stdout.toString(), stderr: said.trim() };
}

function socketArguments({ socket }: TmuxServer): string[] {
  return socket === undefined ? [] : [socket.includes("/") ? "-S" : "-L", socket];
}

function tmuxFailed(stderr: string): AppError {
  return new AppError(
    "tmux_failed",
    `tmux could not start the task's session: ${stderr || "it said nothing"}`,
    "Check that `tmux new-session -d` works for the user that runs this server; CODEXMCP_TMUX_SOCKET names another place for its socket.",
  );
}

function sessionExists(name: string): AppError {
  return new AppError(
    "tmux_session_exists",
    `A tmux session ${name} exists that does not belong to a task of this server.`,
    `Look at it with tmux attach -t '=${name}' and end it, or take another topic.`,
  );
}

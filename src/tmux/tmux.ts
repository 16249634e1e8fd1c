import { basename, join } from "node:path";
import type { Config } from "#base/config.ts";
import { AppError } from "#base/errors.ts";
import { runProgram } from "#platform/start/run-program.ts";
import { pathExists, realPath } from "#base/paths.ts";
import { IS_WINDOWS } from "#base/system.ts";

/** Parameters for reaching a tmux server. */
export interface TmuxServer {
  /** Name of a socket or, with a `/`, its path; undefined: tmux's default. */
  socket: string | undefined;
  environment: Record<string, string>;
}

/**
 * Returns the tmux server of a task's session.
 * @param task the task if it exists: its session stays on the server on which it was created
 */
export function tmuxServerOf(config: Config, task: { tmux_socket?: string } = {}): TmuxServer {
  return { socket: task.tmux_socket ?? config.tmuxSocket, environment: config.environment };
}

/** Returns the path of a server's socket, as tmux itself determines it. */
export function socketPathOf({ socket, environment }: TmuxServer): string {
  if (socket?.includes("/") === true) return socket;
  const inherited = socketIn(environment["TMUX"]);
  if (socket === undefined && inherited !== undefined) return inherited;
  const parent = [environment["TMUX_TMPDIR"] ?? "", "/tmp"].find((path) => path !== "" && pathExists(path)) ?? "/tmp";
  return join(realPath(parent), `tmux-${process.geteuid?.() ?? 0}`, socket ?? "default");
}

/** Returns the socket in a value of TMUX: `<socket>,<pid>,<session>`. */
function socketIn(tmux: string | undefined): string | undefined {
  return tmux?.split(",").slice(0, -2).join(",") || undefined;
}

/** Time to wait for an earlier run's session of the same name to end, in milliseconds. */
const TMUX_EXIT_TIMEOUT_MS = 3000;

/**
 * Starts a detached session that runs one command and ends with it.
 * @param folder working folder of the session's new windows; passed as tmux's own working directory, since tmux expands formats in the
 *   value of `-c`, and so runs `#(commands)`
 * @throws AppError `tmux_missing`, `tmux_session_exists`, `tmux_failed`
 */
export async function startSession(
  server: TmuxServer,
  name: string,
  folder: string,
  command: readonly string[],
): Promise<void> {
  const size = ["-x", "160", "-y", "50"];
  // Users' own settings may keep dead panes, or end sessions without clients.
  const set = (option: string) => [";", "set-option", "-t", `=${name}:`, option, "off"];
  const options = [...set("remain-on-exit"), ...set("destroy-unattached")];
  const args = ["new-session", "-d", "-s", name, ...size, "--", ...command.map(escapeSeparator), ...options];
  const deadline = performance.now() + TMUX_EXIT_TIMEOUT_MS;
  for (;;) {
    const { exitCode, stderr } = await runTmux(server, args, folder);
    // If tmux cannot create its socket, it prints an error and exits with status 0.
    if (exitCode === 0 && !stderr.startsWith("error creating")) return;
    const isDuplicate = stderr.includes("duplicate session");
    // A server whose last session has just ended is exiting, and the new session may end with it.
    const isServerExiting = /server exited|lost server/.test(stderr);
    if (!isDuplicate && !isServerExiting) throw tmuxFailed(stderr);
    if (performance.now() > deadline) throw isDuplicate ? sessionExists(name) : tmuxFailed(stderr);
    await Bun.sleep(20);
  }
}

/**
 * Attaches this terminal to a session until the user detaches or it ends.
 * @param canWrite whether typed keys reach the session; within the same tmux server, its client is then switched to the session
 * @returns exit status of tmux
 */
export async function attachSession(server: TmuxServer, name: string, canWrite: boolean): Promise<number> {
  const { TMUX, ...environment } = server.environment;
  // A client that is switched stays read-only when the user switches it back, so a reader gets a client of its own.
  const isSwitched = canWrite && TMUX !== undefined && isServerOf(server, TMUX);
  const command = isSwitched ? ["switch-client"] : ["attach-session", ...(canWrite ? [] : ["-r"])];
  const child = Bun.spawn(["tmux", ...socketArguments(server), ...command, "-t", `=${name}`], {
    // tmux refuses to attach inside another tmux session.
    env: isSwitched ? server.environment : environment,
    stdio: ["inherit", "inherit", "inherit"],
  });
  return child.exited;
}

/** Returns whether a value of TMUX belongs to this server. */
function isServerOf({ socket }: TmuxServer, tmux: string): boolean {
  const path = socketIn(tmux) ?? "";
  if (socket === undefined) return basename(path) === "default";
  return socket.includes("/") ? realPath(path) === realPath(socket) : basename(path) === socket;
}

/** Returns whether a session with exactly this name exists. */
export async function hasSession(server: TmuxServer, name: string): Promise<boolean> {
  const { exitCode } = await runTmux(server, ["has-session", "-t", `=${name}`], "/");
  return exitCode === 0;
}

/** Returns the pid of the process in a session's pane; undefined if there is no such session. */
export async function findPanePid(server: TmuxServer, name: string): Promise<number | undefined> {
  const { stdout } = await runTmux(server, ["display-message", "-p", "-t", `=${name}:`, "#{pane_pid}"], "/");
  return Number(stdout) || undefined;
}

/** Waits until a session is gone; tmux needs a moment to notice that its command has ended. */
export async function waitUntilSessionEnds(server: TmuxServer, name: string, atMostMs: number): Promise<void> {
  const deadline = performance.now() + atMostMs;
  while ((await hasSession(server, name)) && performance.now() < deadline) await Bun.sleep(5);
}

/** Whether tmux is used. Windows has none: all tasks run there without a pane. */
export const IS_TMUX_USED = !IS_WINDOWS;

/**
 * Checks that tmux can be started.
 * @throws AppError `tmux_missing`
 */
export function checkTmux(server: TmuxServer): void {
  if (Bun.which("tmux", { PATH: server.environment["PATH"] ?? "" }) !== null) return;
  throw new AppError(
    "tmux_missing",
    "tmux is not in this server's PATH, and tasks that change files run in a tmux session.",
    "Install tmux (apt install tmux, brew install tmux).",
  );
}

/** Returns the installed tmux's version, e.g. `3.3a`. */
export async function readTmuxVersion(server: TmuxServer): Promise<string> {
  const { stdout } = await runTmux(server, ["-V"], "/");
  return stdout.trim().replace(/^tmux /, "");
}

/** Timeout of tmux commands, in milliseconds; tmux answers at once, unless its server is stopped. */
const TMUX_DEADLINE_MS = 20_000;

/** Escapes a final `;` of a word, which would end the command for tmux. */
function escapeSeparator(word: string): string {
  return word.replace(/;$/, "\\;");
}

/** Runs a tmux command. @returns exit code and outputs; the code is 127 without tmux */
export async function runTmux(
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
    // The server started for the first session must keep running.
    outlivesUs: true,
  });
  const error = result.timedOut ? `no answer within ${TMUX_DEADLINE_MS / 1000} s` : result.stderr.toString();
  return { exitCode: result.exitCode ?? -1, stdout: result.stdout.toString(), stderr: error.trim() };
}

function socketArguments({ socket }: TmuxServer): string[] {
  return socket === undefined ? [] : [socket.includes("/") ? "-S" : "-L", socket];
}

function tmuxFailed(stderr: string): AppError {
  return new AppError(
    "tmux_failed",
    `tmux could not start the task's session: ${stderr || "it printed no error"}.`,
    "Check that `tmux new-session -d` works for the user that runs this server, or set CODEXMCP_TMUX_SOCKET to another socket.",
  );
}

function sessionExists(name: string): AppError {
  return new AppError(
    "tmux_session_exists",
    `The tmux session ${name} exists and does not belong to a task of this server.`,
    `Inspect it with \`tmux attach -t '=${name}'\` and end it, or choose another topic.`,
  );
}

/** Environment variables needed by a terminal multiplexer and the shells that users open in it. */
const KEPT_VARIABLES =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|PWD|LANG|LANGUAGE|LC_[A-Z]+|TERM|COLORTERM|TERMINFO|TERMINFO_DIRS|TZ|TMPDIR|TMUX|TMUX_TMPDIR|XDG_RUNTIME_DIR|LD_LIBRARY_PATH|XDG_CONFIG_HOME)$/;

/**
 * Returns the environment for tmux: its server keeps its initial environment and shows it to all clients (`show-environment`), so it must
 * contain no keys, no tokens and no variables of this server.
 */
function multiplexerEnvironment(environment: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(environment).filter(([name]) => KEPT_VARIABLES.test(name));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

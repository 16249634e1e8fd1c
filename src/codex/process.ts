import { closeSync, openSync } from "node:fs";
import type { Environment } from "#base/config.ts";
import type { TaskRequest } from "#domain/record.ts";
import { identifyProcess, isProcessAlive, type ProcessIdentity } from "#platform/process/identity.ts";
import { type ContainedStart, startContained } from "#platform/start/start-detached.ts";

/** Fields of a task that determine Codex's arguments. */
export type CodexRequest = Pick<
  TaskRequest,
  | "sandbox"
  | "readonly_fallback"
  | "run_dir"
  | "resumes"
  | "forks_session"
  | "model"
  | "reasoning_effort"
  | "profile"
  | "images"
  | "output_schema_file"
  | "network"
  | "settings"
  | "approvals"
>;

/**
 * Returns the arguments of `codex exec` for a task; the prompt is passed on stdin (`-`). All flags precede `resume` and `fork`,
 * where Codex also applies them to the resumed session, or to the copy.
 * @param settings further flags, e.g. those that disable MCP servers
 */
export function codexArguments(request: CodexRequest, settings: readonly string[] = []): string[] {
  const args = ["exec", "--json", "--skip-git-repo-check", ...settings];
  args.push("--sandbox", sandboxOf(request));
  if (request.network === true) args.push("--config=sandbox_workspace_write.network_access=true");
  args.push(`--cd=${request.run_dir}`);
  if (request.profile !== undefined) args.push(`--profile=${request.profile}`);
  if (request.model !== undefined) args.push(`--model=${request.model}`);
  if (request.reasoning_effort !== undefined) {
    args.push(`--config=model_reasoning_effort=${JSON.stringify(request.reasoning_effort)}`);
  }
  for (const setting of request.settings ?? []) args.push(`--config=${setting}`);
  if (request.output_schema_file !== undefined) args.push(`--output-schema=${request.output_schema_file}`);
  for (const image of request.images ?? []) args.push(`--image=${image}`);
  // A further process of a fork resumes the fork's own session.
  if (request.resumes !== undefined) args.push("resume", request.resumes);
  else if (request.forks_session !== undefined) args.push("fork", request.forks_session);
  args.push("-");
  return args;
}

/**
 * Returns the arguments of `codex` before `app-server` for a task: what holds for the whole process.
 * @param settings further flags, e.g. those that disable MCP servers
 */
export function appServerArguments(request: CodexRequest, settings: readonly string[] = []): string[] {
  // The app-server refuses --profile: the thread gets the profile's settings.
  const args = [...settings];
  if (request.model !== undefined) args.push(`--config=model=${JSON.stringify(request.model)}`);
  if (request.reasoning_effort !== undefined) {
    args.push(`--config=model_reasoning_effort=${JSON.stringify(request.reasoning_effort)}`);
  }
  // Lets the model ask questions, too. Codex would warn of a feature that the user has not chosen.
  if (request.approvals === "ask") {
    args.push("--config=features.default_mode_request_user_input=true");
    args.push("--config=suppress_unstable_features_warning=true");
  }
  for (const setting of request.settings ?? []) args.push(`--config=${setting}`);
  return args;
}

/** Returns Codex's name for a sandbox. The read-only fallback replaces Codex's sandbox, which must then not be set up. */
function sandboxOf({ sandbox, readonly_fallback }: CodexRequest): string {
  if (sandbox === "full-access" || readonly_fallback === true) return "danger-full-access";
  return sandbox;
}

/** Variables that configure the MCP client itself; Codex must not inherit them. */
const CLIENT_VARIABLES = /^(?:CLAUDECODE|CLAUDE_CODE_.*|CLAUDE_PROJECT_DIR|MCP_TOOL_TIMEOUT|MCP_TIMEOUT)$/;

/** Variables that make git use one repository (`git rev-parse --local-env-vars`), and so would lead outside a worktree. */
const REPOSITORY_VARIABLES =
  /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|GRAFT_FILE|IMPLICIT_WORK_TREE)$/;

/** Returns the environment for a task: the MCP server's own, without variables meant for other programs. */
export function taskEnvironment(environment: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    // BUN_BE_BUN would make our own binary, started as the supervisor, behave as bun.
    if (value === undefined || name === "BUN_BE_BUN") continue;
    if (!CLIENT_VARIABLES.test(name) && !REPOSITORY_VARIABLES.test(name)) kept[name] = value;
  }
  return kept;
}

/** End of a process; both fields are undefined if it was not observed. */
export interface ProcessEnd {
  exitCode: number | undefined;
  signal: string | undefined;
  /** Set if an app-server could not be used: it did nothing of the run, which another engine can do. */
  isUnusable?: true;
}

/** End of a process that had no parent to report it. */
export const UNKNOWN_END: ProcessEnd = { exitCode: undefined, signal: undefined };

/** Identity of no process: that of one that has ended. */
export const ENDED_PROCESS: ProcessIdentity = { pid: process.pid, start: "ended" };

/** Codex process, started by this or another supervisor. */
export interface CodexProcess {
  identity: ProcessIdentity;
  ended: Promise<ProcessEnd>;
  /** Set if another supervisor started it, which has died. */
  isAdopted?: true;
  /** Resolves when a process that has done its work, and so has ended for the run, is also gone; undefined if both are the same. */
  gone?: Promise<void>;
}

/** Parameters for starting a Codex process. */
export interface CodexStart {
  program: string;
  args: readonly string[];
  folder: string;
  environment: Record<string, string>;
  /** File given on standard input. */
  promptFile: string;
  /** File that standard output and error are appended to. */
  logFile: string;
  stderrFile: string;
  /** File that is locked while Codex lives: Codex inherits the open file, which the kernel closes when it ends. */
  lockFile: string;
  /** Control group for the process, if available. */
  cgroup: string | undefined;
}

/** Default interval for polling an adopted process, in milliseconds: it is not our child, so the system does not report its end. */
const ADOPTED_POLL_MS = 200;

/**
 * Starts Codex in its own session, with its output going directly to files: it outlives this process and the terminal, and output written
 * after that is not lost.
 */
export function startCodex(start: CodexStart): CodexProcess {
  const files = [
    openSync(start.promptFile, "r"),
    openSync(start.logFile, "a", 0o600),
    openSync(start.stderrFile, "a", 0o600),
  ] as const;
  try {
    return spawnCodex(start, files);
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** Starts Codex in its own session, with the given files as its standard input, output and error. */
export function spawnCodex(
  { program, args, folder, environment, cgroup, lockFile }: CodexStart,
  stdio: ContainedStart["stdio"],
): CodexProcess {
  const child = startContained({ command: [program, ...args], folder, environment, stdio, cgroup, lockFile });
  // A process that ended immediately can no longer be identified; its end is reported anyway.
  const identity = identifyProcess(child.pid) ?? { pid: child.pid, start: "ended" };
  const ended = child.exited.then(() => ({
    exitCode: child.signalCode === null ? (child.exitCode ?? undefined) : undefined,
    signal: child.signalCode === null ? undefined : String(child.signalCode),
  }));
  return { identity, ended };
}

/**
 * Watches a Codex process that another supervisor started. Its exit code cannot be determined.
 * @param pollMs interval at which the process is looked for, in milliseconds
 */
export function adoptCodex(identity: ProcessIdentity, pollMs = ADOPTED_POLL_MS): CodexProcess {
  const watch = async (): Promise<ProcessEnd> => {
    while (isProcessAlive(identity)) await Bun.sleep(pollMs);
    return UNKNOWN_END;
  };
  return { identity, ended: watch(), isAdopted: true };
}

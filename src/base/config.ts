import { homedir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { AppError } from "./errors.ts";
import { expandHome } from "./paths.ts";
import { SECRET_VARIABLES, VariablesSchema } from "./variables.ts";

/** Environment of a process, in the form of `process.env`. */
export type Environment = Record<string, string | undefined>;

/**
 * Mode of the read-only fallback, which runs read-only tasks without Codex's own sandbox: never, always, or only if that sandbox does not
 * work here.
 */
export type ReadonlyFallback = "off" | "on" | "auto";

const FALLBACKS: Record<"0" | "1" | "auto", ReadonlyFallback> = { "0": "off", "1": "on", auto: "auto" };

/** Configuration of this server, read from its environment and checked, with defaults filled in. */
export interface Config {
  /** State folder, default `~/.codexmcp`. */
  home: string;
  /** Codex's own folder, default `~/.codex`. */
  codexHome: string;
  /** Path of the Codex program, or a name to look up in PATH. */
  codexBinary: string;
  readonlyFallback: ReadonlyFallback;
  /** Engine that runs Codex's turns. */
  engine: "exec" | "app-server";
  /** Screen of a running task: Codex's own interface, or its events. */
  pane: "tui" | "log";
  /** Time after which a question of a task that no one has answered is declined, in seconds. */
  approvalTimeoutSeconds: number;
  /** Whether a Codex process is kept ready for the next task. */
  hasSpare: boolean;
  profile: string | undefined;
  reasoningEffort: string | undefined;
  /** Socket name (`tmux -L`) or path (`tmux -S`); undefined: tmux's default. */
  tmuxSocket: string | undefined;
  /** Maximum number of tasks running at once, over all servers of this state folder; 0: no limit. */
  maxConcurrent: number;
  /** Seconds that the client waits for a call; 0: forever; undefined: the known value for the client. */
  callLimitSeconds: number | undefined;
  /** Maximum size of an answer in bytes; 0: no limit; undefined: the known value for the client. */
  resultLimit: number | undefined;
  /** Whether Codex starts without the MCP servers that the user has configured for it. */
  withoutMcpServers: boolean;
  /** Whether a task's Codex may itself use this server to start tasks. */
  mayNest: boolean;
  /** Whether work that Codex leaves uncommitted in its own worktree is committed. */
  commit: "auto" | "never";
  /** Folder for new worktrees, with the placeholders `{repo}` and `{branch}`; undefined: beside the repository. */
  worktrees: string | undefined;
  /** Shell command that prepares a new worktree, for example by installing its dependencies. */
  worktreeSetup: string | undefined;
  /** Shell command that checks the work of each task that changes files. */
  check: string | undefined;
  /** Time after which a check is ended, in seconds; 0: never. */
  checkTimeoutSeconds: number;
  /** Time for which a task waits for its quota, in seconds. */
  quotaWaitSeconds: number;
  /** Number of tokens that all tasks may use on one day; 0: no limit. */
  tokensPerDay: number;
  /** Address that gets the record of each task that has ended, and the secret that the messages are signed with. */
  webhook: string | undefined;
  webhookSecret: string | undefined;
  /** Shell command that is run when a task has ended. */
  onEnd: string | undefined;
  keepTasks: number;
  keepSeconds: number;
  /** Environment that the values were read from, without secrets. */
  environment: Record<string, string>;
}

/**
 * Reads the configuration.
 * @throws AppError `invalid_configuration` naming the variable and the values it allows.
 */
export function readConfig(environment: Environment = process.env): Config {
  const parsed = v.safeParse(VariablesSchema, environment);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const name = v.getDotPath(issue) ?? "the environment";
    throw new AppError(
      "invalid_configuration",
      `${name} ${issue.message}${isSecret(name) ? "" : ` (it is ${JSON.stringify(environment[name])})`}.`,
      `Correct or remove ${name} in the MCP client's configuration of this server.`,
    );
  }
  const values = parsed.output;
  const userHome = environment["HOME"] || homedir();
  return {
    home: values.CODEXMCP_HOME || join(userHome, ".codexmcp"),
    codexHome: values.CODEX_HOME || join(userHome, ".codex"),
    codexBinary: expandHome(values.CODEXMCP_CODEX_BIN ?? "codex"),
    readonlyFallback: FALLBACKS[values.CODEXMCP_READONLY_FALLBACK],
    engine: values.CODEXMCP_ENGINE,
    pane: values.CODEXMCP_PANE,
    approvalTimeoutSeconds: values.CODEXMCP_APPROVAL_TIMEOUT,
    hasSpare: values.CODEXMCP_SPARE === "1",
    profile: values.CODEX_PROFILE,
    reasoningEffort: values.CODEX_REASONING_EFFORT,
    tmuxSocket: values.CODEXMCP_TMUX_SOCKET,
    maxConcurrent: values.CODEXMCP_MAX_CONCURRENT,
    callLimitSeconds: values.CODEXMCP_CALL_LIMIT_SECONDS,
    resultLimit: values.CODEXMCP_RESULT_LIMIT,
    withoutMcpServers: values.CODEXMCP_WITHOUT_MCP_SERVERS,
    mayNest: values.CODEXMCP_NESTED,
    commit: values.CODEXMCP_COMMIT,
    worktrees: values.CODEXMCP_WORKTREES,
    worktreeSetup: values.CODEXMCP_WORKTREE_SETUP,
    check: values.CODEXMCP_CHECK,
    checkTimeoutSeconds: values.CODEXMCP_CHECK_TIMEOUT,
    quotaWaitSeconds: values.CODEXMCP_QUOTA_WAIT,
    tokensPerDay: values.CODEXMCP_TOKENS_PER_DAY,
    webhook: values.CODEXMCP_WEBHOOK,
    webhookSecret: values.CODEXMCP_WEBHOOK_SECRET,
    onEnd: values.CODEXMCP_ON_END,
    keepTasks: values.CODEXMCP_KEEP_TASKS,
    keepSeconds: values.CODEXMCP_KEEP_SECONDS,
    // What was checked is what Codex gets.
    environment: { ...withoutSecrets(environment), ...(values.CODEX_HOME && { CODEX_HOME: values.CODEX_HOME }) },
  };
}

/** Returns whether a variable is never shown. */
export function isSecret(name: string): boolean {
  return SECRET_VARIABLES.some((secret) => secret === name);
}

/** Returns the variables that only processes of this program get: its supervisors and notices. */
export function secretVariables({ webhook, webhookSecret }: Config): Record<string, string> {
  return {
    ...(webhook !== undefined && { CODEXMCP_WEBHOOK: webhook }),
    ...(webhookSecret !== undefined && { CODEXMCP_WEBHOOK_SECRET: webhookSecret }),
  };
}

function withoutSecrets(all: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(withoutGaps(all)).filter(([name]) => !isSecret(name)));
}

/**
 * Returns a copy of the environment without undefined values. Windows names PATH `Path`; its own view of the environment ignores case, a
 * copy does not.
 */
function withoutGaps(all: Environment): Record<string, string> {
  const environment = process.platform === "win32" ? { ...all, PATH: all["PATH"] } : all;
  const isDefined = (entry: [string, string | undefined]): entry is [string, string] => entry[1] !== undefined;
  return Object.fromEntries(Object.entries(environment).filter(isDefined));
}

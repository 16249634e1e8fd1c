import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import * as v from "valibot";
import { OWN_BUILD } from "./build.ts";
import { AppError } from "./errors.ts";
import { expandHome } from "./paths.ts";

/** Environment of a process, in the form of `process.env`. */
export type Environment = Record<string, string | undefined>;

const text = v.optional(
  v.pipe(
    v.string(),
    v.transform((value) => value || undefined),
  ),
);

const folder = v.optional(
  v.pipe(
    v.string(),
    v.transform((value) => expandHome(value)),
    v.check((value) => value === "" || isAbsolute(value), "must be an absolute path"),
  ),
);

const count = (fallback: number) =>
  v.optional(
    v.pipe(
      v.string(),
      v.transform((value) => (value === "" ? fallback : Number(value))),
      v.check((value) => Number.isSafeInteger(value) && value >= 0, "must be a whole number from 0"),
    ),
    String(fallback),
  );

const optionalCount = v.optional(
  v.pipe(
    v.string(),
    v.transform((value) => (value === "" ? undefined : Number(value))),
    v.check(
      (value) => value === undefined || (Number.isSafeInteger(value) && value >= 0),
      "must be a whole number from 0",
    ),
  ),
);

const isOn = v.optional(
  v.pipe(
    v.picklist(["", "0", "1"], "must be 1, 0 or empty"),
    v.transform((value) => value === "1"),
  ),
  "0",
);

/**
 * Mode of the read-only fallback, which runs read-only tasks without Codex's own sandbox: never, always, or only if that sandbox does not
 * work here.
 */
export type ReadonlyFallback = "off" | "on" | "auto";

const FALLBACKS: Record<"" | "0" | "1" | "auto", ReadonlyFallback> = { "": "off", "0": "off", "1": "on", auto: "auto" };

const fallback = v.optional(
  v.pipe(
    v.picklist(["", "0", "1", "auto"], "must be 1, 0, auto or empty"),
    v.transform((value) => FALLBACKS[value]),
  ),
  OWN_BUILD.readonlyFallback,
);

const commit = v.optional(
  v.pipe(
    v.picklist(["", "auto", "never"], "must be auto, never or empty"),
    v.transform((value) => value || "auto"),
  ),
  "auto",
);

/** Folder for worktrees; may contain placeholders for the names of the repository and the branch. */
const worktrees = v.optional(
  v.pipe(
    v.string(),
    v.transform((value) => (value === "" ? undefined : expandHome(value))),
    v.check(
      (value) => (value?.match(/\{[^}]*\}?/g) ?? []).every((found) => found === "{repo}" || found === "{branch}"),
      "may hold {repo} and {branch}, and no other braces",
    ),
  ),
);

const EnvironmentSchema = v.object({
  CODEX_PROFILE: text,
  CODEX_REASONING_EFFORT: text,
  CODEX_HOME: folder,
  CODEXMCP_HOME: folder,
  CODEXMCP_CODEX_BIN: text,
  CODEXMCP_TMUX_SOCKET: text,
  CODEXMCP_READONLY_FALLBACK: fallback,
  CODEXMCP_MAX_CONCURRENT: count(0),
  CODEXMCP_CALL_LIMIT_SECONDS: optionalCount,
  CODEXMCP_RESULT_LIMIT: optionalCount,
  CODEXMCP_WITHOUT_MCP_SERVERS: isOn,
  CODEXMCP_NESTED: isOn,
  CODEXMCP_COMMIT: commit,
  CODEXMCP_WORKTREES: worktrees,
  CODEXMCP_WORKTREE_SETUP: text,
  CODEXMCP_KEEP_TASKS: count(200),
  CODEXMCP_KEEP_SECONDS: count(30 * 24 * 3600),
});

/** Names of the environment variables that configure this server. */
export const VARIABLES: readonly string[] = Object.keys(EnvironmentSchema.entries);

/** Configuration of this server, read from its environment and checked, with defaults filled in. */
export interface Config {
  /** State folder, default `~/.codexmcp`. */
  home: string;
  /** Codex's own folder, default `~/.codex`. */
  codexHome: string;
  /** Path of the Codex program, or a name to look up in PATH. */
  codexBinary: string;
  readonlyFallback: ReadonlyFallback;
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
  keepTasks: number;
  keepSeconds: number;
  /** Whole environment that the values were read from. */
  environment: Record<string, string>;
}

/**
 * Reads the configuration.
 * @throws AppError `invalid_configuration` naming the variable and the values it allows.
 */
export function readConfig(environment: Environment = process.env): Config {
  const parsed = v.safeParse(EnvironmentSchema, environment);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const name = v.getDotPath(issue) ?? "the environment";
    throw new AppError(
      "invalid_configuration",
      `${name} ${issue.message} (it is ${JSON.stringify(issue.input)}).`,
      `Correct or remove ${name} in the MCP client's configuration of this server.`,
    );
  }
  const values = parsed.output;
  const userHome = environment["HOME"] || homedir();
  return {
    home: values.CODEXMCP_HOME || join(userHome, ".codexmcp"),
    codexHome: values.CODEX_HOME || join(userHome, ".codex"),
    codexBinary: expandHome(values.CODEXMCP_CODEX_BIN ?? "codex"),
    readonlyFallback: values.CODEXMCP_READONLY_FALLBACK,
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
    keepTasks: values.CODEXMCP_KEEP_TASKS,
    keepSeconds: values.CODEXMCP_KEEP_SECONDS,
    environment: withoutGaps(environment),
  };
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

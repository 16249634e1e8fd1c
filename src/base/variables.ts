import * as v from "valibot";
import { OWN_BUILD } from "./build.ts";
import { LOG_LEVELS } from "./log.ts";
import {
  choice,
  count,
  folder,
  isOn,
  optionalCount,
  signingSecret,
  text,
  type VariableDescription,
  webAddress,
  worktreeFolder,
} from "./variable-types.ts";

/** Environment variables in which the command for the end of a task gets its facts. */
export const END_HOOK_VARIABLES = [
  "CODEXMCP_TASK_ID",
  "CODEXMCP_TASK_TOPIC",
  "CODEXMCP_TASK_TITLE",
  "CODEXMCP_TASK_STATUS",
  "CODEXMCP_TASK_SANDBOX",
  "CODEXMCP_TASK_CWD",
  "CODEXMCP_TASK_ELAPSED_SECONDS",
  "CODEXMCP_TASK_RESULT_FILE",
  "CODEXMCP_TASK_WORKTREE",
  "CODEXMCP_TASK_BRANCH",
  "CODEXMCP_TASK_DIFF_STAT",
  "CODEXMCP_TASK_CODE",
  "CODEXMCP_TASK_ERROR",
] as const;

/** Variables whose values are shown nowhere and passed to no program but our own. */
export const SECRET_VARIABLES = ["CODEXMCP_WEBHOOK", "CODEXMCP_WEBHOOK_SECRET"] as const;

/** Schema of the environment variables that configure this server, each with its description. */
export const VariablesSchema = v.object({
  CODEX_PROFILE: text("a profile's name", {
    fallback: "none",
    meaning: "Codex profile of all tasks; one that does not exist is an error",
  }),
  CODEX_REASONING_EFFORT: text("for example `high`, `xhigh`", {
    fallback: "Codex's own setting",
    meaning: "Reasoning effort of all tasks",
  }),
  CODEX_HOME: folder({ fallback: "`~/.codex`", meaning: "Codex's own folder: its configuration, login and sessions" }),
  CODEXMCP_HOME: folder({ fallback: "`~/.codexmcp`", meaning: "State folder: all tasks and their index" }),
  CODEXMCP_CODEX_BIN: text("a path, or a name in `PATH`", { fallback: "`codex`", meaning: "Codex program to run" }),
  CODEXMCP_TMUX_SOCKET: text("a socket's name (`tmux -L`) or path (`tmux -S`)", {
    fallback: "tmux's own",
    meaning: "tmux server for the sessions of tasks that change files",
  }),
  CODEXMCP_READONLY_FALLBACK: choice(
    ["0", "1", "auto"],
    OWN_BUILD.readonlyFallback,
    "Run read-only tasks without Codex's own sandbox: `0` never, `1` always (the default of builds for containers), `auto` " +
      "where that sandbox does not work, which is probed once. Empty is `0`",
    "0",
  ),
  CODEXMCP_ENGINE: choice(
    ["app-server", "exec"],
    "app-server",
    "Engine that runs Codex's turns. `app-server` is the engine of Codex's own interfaces: its tasks take messages, ask, and can be joined. Where the " +
      "installed Codex lacks it (before 0.153), and on Windows, tasks run with `exec`, which is `codex exec`",
  ),
  CODEXMCP_PANE: choice(
    ["tui", "log"],
    "tui",
    "Screen that `attach` shows of a running task: `tui` is Codex's own interface, in which the user can send messages, approve and interrupt " +
      "(only if the task runs in `codex app-server`); `log` its events",
  ),
  CODEXMCP_APPROVAL_TIMEOUT: count(
    1800,
    " seconds",
    'Time after which a question of a task with `approvals: "ask"` that no one has answered is declined. `0`: never',
  ),
  CODEXMCP_SPARE: choice(
    ["0", "1"],
    "1",
    "Whether Codex is started before the supervisor of a task, and a server that has started a task keeps one idle Codex process (40 MB, for 10 " +
      "minutes) ready for the next. `0`: each supervisor starts Codex",
  ),
  CODEXMCP_MAX_CONCURRENT: count(
    0,
    " (no limit)",
    "Maximum number of tasks that run at once, across all servers of the state folder; further tasks are `queued`, first come, first served",
  ),
  CODEXMCP_CALL_LIMIT_SECONDS: optionalCount({
    fallback: "known for Claude Code (with `MCP_TOOL_TIMEOUT`), Codex, Claude Desktop and VS Code; else `60` seconds",
    meaning: "Time that the client waits for a call; `codex` and `codex_wait` answer shortly before. `0`: forever",
  }),
  CODEXMCP_RESULT_LIMIT: optionalCount({
    fallback: "`10000` bytes for Codex, `40000` for Claude, else `30000`",
    meaning:
      "Maximum size of an answer in bytes. Longer texts are cut in the middle, with the name of the file that has the full text. `0`: no limit",
  }),
  CODEXMCP_WITHOUT_MCP_SERVERS: isOn(
    "`1`: start Codex without the MCP servers, plugins and apps that you have configured for it, so that tasks start faster. " +
      "This server itself is always left out",
  ),
  CODEXMCP_NESTED: isOn(
    "`1`: allow a task's Codex to start tasks of its own with this server (set it for both servers). Otherwise they are " +
      "refused (`nested_task`)",
  ),
  CODEXMCP_COMMIT: choice(
    ["auto", "never"],
    "auto",
    "Whether work that Codex leaves uncommitted in its worktree is committed, unless a call says otherwise",
  ),
  CODEXMCP_WORKTREES: worktreeFolder({
    fallback:
      "beside the repository; where that folder is not writable, `~/.codexmcp/worktrees/<repository>-<digest>/`",
    meaning:
      "Folder for new worktrees, for example `~/worktrees/{repo}/{branch}`: `{repo}` is the repository's name, `{branch}` is " +
      "`agent-<type>-<description>`. Without `{branch}`, each worktree gets its usual name in the folder. A relative path " +
      "begins at the repository's main working tree. If another repository's worktree has the path already, a short digest " +
      "is added. Existing worktrees stay where they are",
  }),
  CODEXMCP_WORKTREE_SETUP: text("a shell command", {
    fallback: "none",
    meaning:
      "Command that is run in each new worktree before Codex starts, for example `npm ci`; its output is in the task's `setup.log`",
  }),
  CODEXMCP_CHECK: text("a shell command", {
    fallback: "none",
    meaning:
      "Command that checks the work of each task that changes files, unless a call names another, for example `npm test`. The supervisor runs it in " +
      "the worktree after Codex's turn; exit status 0 means passed",
  }),
  CODEXMCP_CHECK_TIMEOUT: count(1800, " seconds", "Time after which a check is ended, and has failed. `0`: never"),
  CODEXMCP_QUOTA_WAIT: count(
    6 * 3600,
    " seconds (6 hours)",
    "Time for which a task waits for its quota if Codex says when a limit of the account is reset; then it continues in its session. `0`: it fails at " +
      "once, as `rate_limited`",
  ),
  CODEXMCP_TOKENS_PER_DAY: count(
    0,
    " (no limit)",
    "Number of tokens (input that was not cached, and output) that all tasks of the state folder may use on one day of the local calendar. When " +
      "they are used, running tasks end and new ones are refused, with the code `budget`",
  ),
  CODEXMCP_WEBHOOK: webAddress({
    fallback: "none",
    meaning:
      "Address that gets the record of each task that has ended, as JSON by POST. It is tried up to 8 times in about 40 minutes, until the answer is " +
      "a status from 200 to 299, or 410. Redirections are not followed",
  }),
  CODEXMCP_WEBHOOK_SECRET: signingSecret({
    fallback: "none",
    meaning:
      "Secret with which the messages to `CODEXMCP_WEBHOOK` are signed, as [Standard Webhooks](https://www.standardwebhooks.com) do. Neither this " +
      "variable nor the address is passed to Codex, git or other programs",
  }),
  CODEXMCP_ON_END: text("a shell command", {
    fallback: "none",
    meaning:
      'Command that is run when a task has ended, once a run, for example `notify-send Codex "$CODEXMCP_TASK_ID $CODEXMCP_TASK_STATUS"`. ' +
      "It gets the task's record as JSON on its standard input, and the task in variables: " +
      `${END_HOOK_VARIABLES.map((name) => `\`${name}\``).join(", ")}. Those that do not apply are unset. It is ended after 30 seconds; its output is ` +
      "ignored, its exit status is recorded",
  }),
  CODEXMCP_KEEP_TASKS: count(
    200,
    " tasks",
    "Number of newest ended tasks that are always kept; worktrees and branches are not affected",
  ),
  CODEXMCP_KEEP_SECONDS: count(
    30 * 24 * 3600,
    " seconds (30 days)",
    "Age up to which ended tasks are always kept; worktrees and branches are not affected",
  ),
  CODEXMCP_LOG_LEVEL: choice(LOG_LEVELS, "warning", "Lowest level of messages that are written to stderr"),
});

/** Names of the environment variables that configure this server. */
export const VARIABLES: readonly string[] = Object.keys(VariablesSchema.entries);

/** Returns the description of each variable, by name. */
export function describeVariables(): Record<string, VariableDescription> {
  return Object.fromEntries(
    Object.entries(VariablesSchema.entries).map(([name, schema]) => [name, describedBy(schema)]),
  );
}

function describedBy(schema: Parameters<typeof v.getMetadata>[0]): VariableDescription {
  return v.parse(v.object({ values: v.string(), fallback: v.string(), meaning: v.string() }), v.getMetadata(schema));
}

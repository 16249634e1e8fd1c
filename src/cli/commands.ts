import { TASK_STATUSES } from "#task/record.ts";
import { type Command, defineCommand } from "./command.ts";

const ONE_TASK = { usage: "<task>", min: 1, max: 1, kind: "task" } as const;
const TASKS = { usage: "<task>…", min: 1, max: Number.POSITIVE_INFINITY, kind: "task" } as const;
const JSON_OPTION = { type: "boolean", summary: "as JSON, for programs" } as const;

/** All commands; the first is the default. Their options stand here, so that help and completion load none of them. */
export const COMMANDS: readonly Command[] = [
  defineCommand({
    name: "serve",
    group: "clients",
    summary: "serve MCP on stdin and stdout (the default: what an MCP client starts)",
    examples: [["serve", "answers MCP messages until stdin ends"]],
    load: async () => (await import("./serve.ts")).serve,
  }),
  defineCommand({
    name: "install",
    group: "clients",
    summary: "set this server up in an MCP client",
    details:
      "Without a client, it says which there are. The change is shown first, the client's file is kept beside it " +
      "(.bak), and other entries stay as they are. Claude Code and Codex are set up by their own command lines.",
    operands: { usage: "[<client>]", min: 0, max: 1, kind: "client" },
    options: {
      name: { type: "string", placeholder: "name", summary: "the entry's name (default: codex)" },
      env: {
        type: "string",
        multiple: true,
        short: "e",
        placeholder: "NAME=value",
        summary: "a variable for the server",
      },
      print: { type: "boolean", summary: "print the entry and change nothing" },
      yes: { type: "boolean", short: "y", summary: "do not ask" },
      uninstall: { type: "boolean", summary: "take the entry out again" },
    },
    examples: [
      ["install claude-code", "for Claude Code, in all projects"],
      ["install cursor --env CODEX_REASONING_EFFORT=high", "with a variable for the server"],
      ["install vscode --print", "shows what would stand in VS Code's mcp.json"],
      ["install codex --uninstall", "takes it out of Codex's configuration"],
    ],
    load: async () => (await import("./install.ts")).install,
  }),
  defineCommand({
    name: "doctor",
    group: "clients",
    summary: "look whether everything that tasks need is there and works",
    details: "The exit code is 1 where there is a problem; warnings leave it at 0.",
    options: { json: JSON_OPTION },
    examples: [["doctor", "a line for each thing, with what to do about it"]],
    load: async () => (await import("./doctor.ts")).doctor,
  }),
  defineCommand({
    name: "tasks",
    group: "tasks",
    summary: "list tasks, newest first",
    options: {
      watch: { type: "boolean", short: "w", summary: "live, on the whole terminal" },
      status: {
        type: "string",
        short: "s",
        placeholder: "state",
        choices: TASK_STATUSES,
        summary: "only those in this state",
      },
      cwd: { type: "string", placeholder: "folder", summary: "only those of this workspace" },
      limit: { type: "string", short: "n", placeholder: "count", summary: "at most so many (default: 30)" },
      json: JSON_OPTION,
    },
    examples: [
      ["tasks --watch", "follows all tasks; keys attach, show the log, cancel"],
      ["tasks --status running", "what is running now"],
      ["tasks --cwd . --json", "this folder's tasks, for a program"],
    ],
    load: async () => (await import("./tasks.ts")).tasks,
  }),
  defineCommand({
    name: "show",
    group: "tasks",
    summary: "show one task: where it runs, how far it is, what came of it",
    operands: ONE_TASK,
    options: { json: JSON_OPTION },
    examples: [["show review-auth-v1", "a task by its topic; the beginning is enough where only one has it"]],
    load: async () => (await import("./show.ts")).show,
  }),
  defineCommand({
    name: "logs",
    group: "tasks",
    summary: "show what Codex did in a task",
    operands: ONE_TASK,
    options: {
      follow: { type: "boolean", short: "f", summary: "go on until the task has ended" },
      raw: { type: "boolean", summary: "Codex's own JSON lines" },
      lines: { type: "string", short: "n", placeholder: "count", summary: "only the last of them" },
      run: { type: "string", placeholder: "number", summary: "an earlier run of the task" },
    },
    examples: [
      ["logs -f implement-parser-v1", "follows a running task"],
      ["logs --raw review-auth-v1 | jq .type", "its events, for a program"],
    ],
    load: async () => (await import("./logs.ts")).logs,
  }),
  defineCommand({
    name: "attach",
    group: "tasks",
    summary: "go to a running task's tmux session (leave it by the prefix, then d)",
    operands: ONE_TASK,
    examples: [["attach implement-parser-v1", "the pane of a full-access task; Ctrl-C in it cancels the task"]],
    load: async () => (await import("./attach.ts")).attach,
  }),
  defineCommand({
    name: "wait",
    group: "tasks",
    summary: "wait until tasks have ended",
    details: "The exit code is 0 where they were completed, 1 where one was not, 124 after the time-out.",
    operands: TASKS,
    options: {
      any: { type: "boolean", summary: "until one of them has ended" },
      timeout: { type: "string", short: "t", placeholder: "duration", summary: "no longer than this: 90s, 15m, 2h" },
      json: { type: "boolean", summary: "the ended tasks' answers as JSON" },
    },
    examples: [["wait implement-parser-v1 implement-lexer-v1 && make", "goes on when both are done"]],
    load: async () => (await import("./wait.ts")).wait,
  }),
  defineCommand({
    name: "cancel",
    group: "tasks",
    summary: "stop tasks with all their processes; worktree, branch and log are kept",
    operands: TASKS,
    examples: [["cancel implement-parser-v1", "when it returns, no process of the task is left"]],
    load: async () => (await import("./cancel.ts")).cancel,
  }),
  defineCommand({
    name: "discard",
    group: "worktrees",
    summary: "remove tasks' worktrees and branches, saving all that they hold first",
    details:
      "Commits, staged, changed, untracked and ignored files are kept under refs/codexmcp/salvage in the repository, for " +
      "restore to bring back. Worktrees and branches that were there before their task stay.",
    operands: TASKS,
    options: {
      "drop-ignored": {
        type: "boolean",
        summary: "do not save ignored files and folders of more than 1 MB (node_modules, build output)",
      },
      json: JSON_OPTION,
    },
    examples: [["discard implement-parser-v1", "the task's record and log stay"]],
    load: async () => (await import("./discard.ts")).discard,
  }),
  defineCommand({
    name: "restore",
    group: "worktrees",
    summary: "bring discarded worktrees back as they were",
    operands: TASKS,
    options: { json: JSON_OPTION },
    examples: [["restore implement-parser-v1", "what was discarded last"]],
    load: async () => (await import("./restore.ts")).restore,
  }),
  defineCommand({
    name: "clean",
    group: "tasks",
    summary: "remove the files of old tasks; never a worktree or a branch",
    details:
      "Without options, what CODEXMCP_KEEP_TASKS and CODEXMCP_KEEP_SECONDS do not keep. Queued and running tasks always stay.",
    options: {
      "dry-run": { type: "boolean", summary: "only say what would be removed" },
      keep: { type: "string", placeholder: "count", summary: "keep the newest so many" },
      "older-than": {
        type: "string",
        placeholder: "duration",
        summary: "keep those that ended later than this ago: 12h, 7d, 2w",
      },
      json: JSON_OPTION,
    },
    examples: [
      ["clean --dry-run --older-than 7d", "what ended more than a week ago"],
      ["clean --keep 20", "all but the newest 20"],
    ],
    load: async () => (await import("./clean.ts")).clean,
  }),
  defineCommand({
    name: "completion",
    group: "program",
    summary: "print a completion script for a shell",
    operands: { usage: "<bash|zsh|fish>", min: 1, max: 1, kind: "shell" },
    examples: [
      ["completion bash > ~/.local/share/bash-completion/completions/codex-mcp-server", "for bash"],
      ['completion zsh > "${fpath[1]}/_codex-mcp-server"', "for zsh"],
      ["completion fish > ~/.config/fish/completions/codex-mcp-server.fish", "for fish"],
    ],
    load: async () => (await import("./completion.ts")).completion,
  }),
  defineCommand({
    name: "help",
    group: "program",
    summary: "show this help, or a command's",
    operands: { usage: "[<command>]", min: 0, max: 1, kind: "command" },
    examples: [["help tasks", "the same as tasks --help"]],
    load: async () => (await import("./help.ts")).help,
  }),
  defineCommand({
    name: "version",
    group: "program",
    summary: "show the version, and what it was built from",
    options: { json: JSON_OPTION },
    examples: [["--version", "the same"]],
    load: async () => (await import("./version.ts")).version,
  }),
  defineCommand({
    name: "run-task",
    summary: "supervise one task",
    operands: ONE_TASK,
    options: { home: { type: "string", placeholder: "folder", summary: "the state folder" } },
    examples: [],
    load: async () => (await import("./run-task.ts")).runTaskCommand,
  }),
  defineCommand({
    name: "confine",
    summary: "become another program, which can write to the given places only",
    operands: { usage: "-- <program> <arguments>", min: 1, max: Number.POSITIVE_INFINITY },
    options: {
      write: { type: "string", multiple: true, placeholder: "path", summary: "a place that it can write to" },
      report: { type: "string", placeholder: "file", summary: "where to note what the kernel took" },
    },
    examples: [],
    load: async () => (await import("./confine.ts")).confineCommand,
  }),
  defineCommand({
    name: "complete",
    summary: "candidates for the last of the given words, for the completion scripts",
    operands: { usage: "-- <words>", min: 0, max: Number.POSITIVE_INFINITY },
    examples: [],
    load: async () => (await import("./complete.ts")).complete,
  }),
];

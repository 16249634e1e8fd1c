import { type Command, defineCommand } from "#cli/framework/command.ts";
import { JSON_OPTION, TASKS } from "#cli/framework/command-parts.ts";

/** Commands for the changes and worktrees that tasks leave. */
export const WORKTREE_COMMANDS: readonly Command[] = [
  defineCommand({
    name: "worktrees",
    group: "worktrees",
    summary: "list the worktrees that tasks have worked in, and their state",
    details:
      "Shows each one's size, its commits ahead of its base and behind it, and whether it has uncommitted work, is merged, or has " +
      "no changes. Takes about a second at most: what is not known by then is shown as such.",
    options: {
      exact: { type: "boolean", summary: "look at all files, whatever time that takes" },
      json: JSON_OPTION,
    },
    examples: [["worktrees", "those of all repositories"]],
    load: async () => (await import("./worktrees.ts")).worktrees,
  }),
  defineCommand({
    name: "diff",
    group: "worktrees",
    summary: "show what a task's worktree holds against the commit that it began from",
    details: "Works as git diff does, and includes uncommitted and new files. Neither files nor index are touched.",
    operands: { usage: "<task> [<path>…]", min: 1, max: Number.POSITIVE_INFINITY, kind: "task" },
    options: {
      stat: { type: "boolean", summary: "files and numbers of lines only" },
      json: JSON_OPTION,
    },
    examples: [
      ["diff implement-parser-v1 --stat", "which files, and how much"],
      ["diff implement-parser-v1 src | git apply", "takes a part of it over"],
    ],
    load: async () => (await import("./diff.ts")).diff,
  }),
  defineCommand({
    name: "merge",
    group: "worktrees",
    summary: "merge tasks' branches, in this order, up to the first that conflicts",
    details:
      "Works out each merge without touching a working tree, and then does it in one step or not at all. Conflicts are shown and " +
      "change nothing; changes in the checkout are never overwritten. Your git hooks do not run.",
    operands: TASKS,
    options: {
      strategy: {
        type: "string",
        short: "s",
        placeholder: "strategy",
        choices: ["squash", "merge", "rebase", "ff-only"],
        summary: "squash (default: one commit a task), merge, rebase or ff-only",
      },
      into: {
        type: "string",
        placeholder: "branch",
        summary: "into this branch (default: the one that the task began from)",
      },
      message: { type: "string", short: "m", placeholder: "text", summary: "the commit's message" },
      json: JSON_OPTION,
    },
    examples: [
      ["merge implement-parser-v1 implement-lexer-v1", "two commits on the branch that they began from"],
      ["merge implement-parser-v1 -s rebase --into develop", "the task's own commits, on another branch"],
    ],
    load: async () => (await import("./merge.ts")).merge,
  }),
  defineCommand({
    name: "discard",
    group: "worktrees",
    summary: "remove tasks' worktrees and branches, saving all that they hold first",
    details:
      "Keeps commits, staged, changed, untracked and ignored files under refs/codexmcp/salvage in the repository, for " +
      "restore to bring back. Worktrees and branches that were there before their task stay.",
    operands: TASKS,
    options: {
      "skip-large-ignored": {
        type: "boolean",
        summary: "do not save ignored files and folders larger than 1 MB (node_modules, build output)",
      },
      "drop-ignored": { type: "boolean", summary: "former name of --skip-large-ignored" },
      json: JSON_OPTION,
    },
    examples: [["discard implement-parser-v1", "the task's record and log stay"]],
    load: async () => (await import("./discard.ts")).discard,
  }),
  defineCommand({
    name: "restore",
    group: "worktrees",
    summary: "bring discarded worktrees back as they were",
    details:
      "Takes a task's id or topic, its branch, or the ref that discard named; the task's record may be gone. Looks in the current " +
      "folder's repository first, then in all that tasks have worked in.",
    operands: { ...TASKS, usage: "[<task>…]", min: 0 },
    options: {
      list: { type: "boolean", summary: "list what is kept, how large it is and until when" },
      json: JSON_OPTION,
    },
    examples: [
      ["restore implement-parser-v1", "what was discarded last"],
      ["restore --list", "all that can be restored"],
    ],
    load: async () => (await import("./restore.ts")).restore,
  }),
  defineCommand({
    name: "clean",
    group: "worktrees",
    summary: "say what old tasks have left (files, worktrees), and with --yes remove it",
    details:
      "Without options: the files of tasks that CODEXMCP_KEEP_TASKS and CODEXMCP_KEEP_SECONDS do not keep, and worktrees that " +
      "were discarded more than 90 days ago. With --merged, --unchanged, --gone or --worktrees: worktrees that this server made, each saved " +
      "first as discard does. Queued and running tasks always stay, and so do worktrees and branches that were there before.",
    options: {
      yes: { type: "boolean", short: "y", summary: "do it; otherwise nothing is changed" },
      merged: { type: "boolean", summary: "worktrees all of whose work is in their base" },
      unchanged: {
        type: "boolean",
        summary: "worktrees without any work: no commit since their base, nothing uncommitted",
      },
      gone: { type: "boolean", summary: "worktrees whose folders are gone: git's record of them; their branches stay" },
      worktrees: { type: "boolean", summary: "all worktrees, for example with --older-than" },
      keep: { type: "string", placeholder: "count", summary: "keep the newest so many tasks" },
      "older-than": {
        type: "string",
        placeholder: "duration",
        summary: "keep those that ended, or were worked in, later than this ago: 12h, 7d, 2w",
      },
      json: JSON_OPTION,
    },
    examples: [
      ["clean --older-than 7d", "says which tasks ended more than a week ago"],
      ["clean --merged --yes", "removes worktrees whose work is merged"],
      ["clean --worktrees --older-than 30d", "says which worktrees nobody has used for a month"],
    ],
    load: async () => (await import("./clean.ts")).clean,
  }),
];

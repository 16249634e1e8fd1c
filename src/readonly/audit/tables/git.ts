import { type CommandFinding, type Judge, READS, unknown, writes } from "#readonly/audit/finding.ts";
import { hasOption, operandsOf, optionValue, type Value } from "#readonly/audit/value.ts";

const READING =
  /^(?:log|show|blame|annotate|status|grep|ls-files|ls-tree|ls-remote|cat-file|rev-parse|rev-list|describe|shortlog|name-rev|merge-base|for-each-ref|show-ref|show-branch|var|version|help|whatchanged|range-diff|cherry|check-ignore|check-attr|check-ref-format|count-objects|diff|diff-tree|diff-index|diff-files|fsck|verify-commit|verify-tag|verify-pack|merge-tree|patch-id|stripspace|column|get-tar-commit-id)$/;

const WRITING =
  /^(?:add|stage|commit|pull|fetch|merge|rebase|reset|restore|checkout|switch|rm|mv|clean|init|clone|am|cherry-pick|revert|gc|prune|repack|replace|filter-branch|update-index|update-ref|write-tree|commit-tree|fast-import|mktag|mktree|pack-refs|pack-objects|maintenance|read-tree|checkout-index|merge-file|merge-index|mergetool|citool|gui|svn|p4|request-pull|rerere|index-pack|unpack-objects|subtree|quiltimport)$/;

/** Options of git itself that take the next word as their value. */
const GLOBAL_WITH_VALUE = ["-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"];

/** Judges `git`, with its own options before the subcommand. */
export const judgeGit: Judge = ({ args }) => {
  const command = operandsOf(args, GLOBAL_WITH_VALUE)[0];
  if (command === undefined) return READS;
  if (!command.isKnown) return unknown("a git command that is known only at run time");
  const at = args.indexOf(command);
  // Configuration on the command line can name programs to run.
  const settings = args
    .slice(0, at)
    .filter(({ text }, index) => args[index - 1]?.text === "-c" || text.startsWith("-c"));
  const isHarmful = ({ text }: Value) =>
    /alias\.|pager|editor|command|hookspath|fsmonitor|textconv|program/i.test(text);
  const isPagerOff = ({ text }: Value) => /^core\.pager=(?:cat)?$|^pager\.\w+=false$/.test(text);
  const isRunning = settings.some((value) => isHarmful(value) && !isPagerOff(value));
  return isRunning ? unknown("git runs a program given by -c") : judgeSubcommand(command.text, args.slice(at + 1));
};

function judgeSubcommand(name: string, args: readonly Value[]): readonly CommandFinding[] {
  const output = optionValue(args, "--output");
  if (output !== undefined && /^(?:log|show|diff)/.test(name)) return writes(`git ${name} --output writes`, [output]);
  if (READING.test(name)) return READS;
  if (WRITING.test(name)) {
    const isDry = /^(?:add|clean|rm|mv|commit|fetch|merge-file)$/.test(name) && isDryRun(args);
    return isDry ? READS : changes(name);
  }
  const special = SPECIAL[name];
  return special === undefined ? unknown(`git ${name} is not a known command; it may be an alias`) : special(args);
}

function isDryRun(args: readonly Value[]): boolean {
  return hasOption(args, "--dry-run") || args.some(({ text }) => text === "-n");
}

function changes(name: string): CommandFinding[] {
  return writes(`git ${name} changes the repository`);
}

/**
 * Returns the judge of a subcommand that reads if the first word is one of these, and otherwise changes the repository.
 * @param bare effect of the subcommand without any word
 */
const readsWith =
  (name: string, subcommands: readonly string[], bare: "reads" | "writes" = "reads") =>
  (args: readonly Value[]): readonly CommandFinding[] => {
    const first = operandsOf(args)[0]?.text;
    const isReading = first === undefined ? bare === "reads" : subcommands.includes(first);
    return isReading ? READS : changes(name);
  };

/** Returns the judge of a subcommand that lists, unless it is given a name without an option that asks for a list. */
const listsUnlessNamed =
  (name: string, changing: readonly string[], listing: readonly string[]) =>
  (args: readonly Value[]): readonly CommandFinding[] => {
    if (hasOption(args, ...changing)) return changes(name);
    if (hasOption(args, ...listing)) return READS;
    const withValue = ["--sort", "--format", "--column", "-n"];
    return operandsOf(args, withValue).length === 0 ? READS : changes(name);
  };

const LISTING = ["-l", "--list", "--contains", "--no-contains", "--merged", "--no-merged", "--points-at"];

function judgeConfig(args: readonly Value[]): readonly CommandFinding[] {
  if (hasOption(args, "--unset", "--unset-all", "--add", "--replace-all", "--rename-section", "--edit", "-e")) {
    return changes("config");
  }
  if (hasOption(args, "--get", "--get-all", "--get-regexp", "--get-urlmatch", "--list", "-l")) return READS;
  const operands = operandsOf(args, ["-f", "--file", "--type", "--default"]).map(({ text }) => text);
  if (["get", "list"].includes(operands[0] ?? "")) return READS;
  const isChanging = /^(?:set|unset|edit|rename-section|remove-section)$/.test(operands[0] ?? "");
  return operands.length < 2 && !isChanging ? READS : changes("config");
}

const onlyWith =
  (name: string, options: readonly string[], does: "reads" | "writes") =>
  (args: readonly Value[]): readonly CommandFinding[] =>
    hasOption(args, ...options) === (does === "reads") ? READS : changes(name);

const SPECIAL: Record<string, (args: readonly Value[]) => readonly CommandFinding[]> = {
  push: (args) => (isDryRun(args) ? READS : writes("git push changes a remote repository", [], "beyond")),
  branch: listsUnlessNamed(
    "branch",
    [
      "-d",
      "-D",
      "--delete",
      "-m",
      "-M",
      "--move",
      "-c",
      "-C",
      "--copy",
      "-u",
      "--set-upstream-to",
      "--unset-upstream",
      "-f",
      "--force",
      "--edit-description",
    ],
    [...LISTING, "--show-current"],
  ),
  tag: listsUnlessNamed("tag", ["-d", "--delete", "-a", "-s", "-f", "--force", "-m", "-F"], [...LISTING, "-n", "-v"]),
  stash: readsWith("stash", ["list", "show"], "writes"),
  remote: readsWith("remote", ["show", "get-url"]),
  worktree: readsWith("worktree", ["list"], "writes"),
  notes: readsWith("notes", ["list", "show"]),
  reflog: readsWith("reflog", ["show", "list", "exists", "HEAD"]),
  submodule: (args) => {
    const operands = operandsOf(args);
    if (operands[0]?.text !== "foreach") return readsWith("submodule", ["status", "summary"])(args);
    return [
      {
        does: "scripts",
        text: operands
          .slice(1)
          .map(({ text }) => text)
          .join(" "),
      },
    ];
  },
  bisect: readsWith("bisect", ["log", "view", "visualize"], "writes"),
  "sparse-checkout": readsWith("sparse-checkout", ["list", "check-rules"], "writes"),
  lfs: readsWith("lfs", ["ls-files", "status", "env", "version"]),
  bundle: readsWith("bundle", ["verify", "list-heads"], "writes"),
  "commit-graph": readsWith("commit-graph", ["verify"], "writes"),
  "multi-pack-index": readsWith("multi-pack-index", ["verify"], "writes"),
  "symbolic-ref": (args) => (operandsOf(args).length < 2 && !hasOption(args, "-d") ? READS : changes("symbolic-ref")),
  config: judgeConfig,
  apply: onlyWith("apply", ["--check", "--stat", "--numstat", "--summary"], "reads"),
  "format-patch": onlyWith("format-patch", ["--stdout"], "reads"),
  "hash-object": onlyWith("hash-object", ["-w"], "writes"),
  archive: (args) => {
    const output = optionValue(args, "-o", "--output");
    return output === undefined ? READS : writes("git archive writes", [output]);
  },
};

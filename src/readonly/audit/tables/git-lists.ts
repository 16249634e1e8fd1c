import { type CommandFinding, type Judge, READS, unknown } from "#readonly/audit/finding.ts";
import { type CommandLine, isGiven, readsWith } from "#readonly/audit/options.ts";
import { changesRepository, GIT_READERS } from "./git-commands.ts";

/** Returns the judge of a command that lists, unless it is given a name without an option that asks for a list. */
const listsUnlessNamed = (name: string, specification: string, listing: readonly string[]): Judge =>
  readsWith(specification, (line) => {
    if (isGiven(line, ...listing) || line.operands.length === 0) return READS;
    return changesRepository(name);
  });

const LISTING = [
  "-l",
  "--list",
  "--contains",
  "--no-contains",
  "--merged",
  "--no-merged",
  "--points-at",
  "--show-current",
];
const LIST_OPTIONS = `-l --list --contains[=] --no-contains[=] --with[=] --without[=] --merged[=] --no-merged[=] --points-at= --sort= --format= --color[=] --no-color --column[=]
  --no-column -i --ignore-case --omit-empty --no-sort -# -h`;

/** Returns the judge of a command by its first word. @param bare whether it reads without any */
const bySubcommand = (name: string, reading: string, bare: "reads" | "writes" = "reads"): Judge => {
  const words = new Set(reading.split(" "));
  return ({ args }) => {
    const [first] = args;
    if (first === undefined) return bare === "reads" ? READS : changesRepository(name);
    if (!first.isKnown) return unknown(`git ${name} with a word that is known only at run time`);
    return words.has(first.text) ? READS : changesRepository(name);
  };
};

/** Returns the judge of a command whose reading words take the options of another. */
const asShowing = (name: string, isReading: (word: string | undefined) => boolean): Judge => {
  return (invocation) => {
    const [first, ...rest] = invocation.args;
    if (first?.isKnown === false && first.isOperand !== true) {
      return unknown(`git ${name} with a word that is known only at run time`);
    }
    if (!isReading(first?.text)) return changesRepository(name);
    return (
      GIT_READERS["log"]?.({ ...invocation, args: first?.text.startsWith("-") === true ? invocation.args : rest }) ??
      unknown(`git ${name}`)
    );
  };
};

const CONFIG = `--get --get-all --get-regexp --get-urlmatch --get-color --get-colorbool -l --list -f= --file= --blob= --global --system --local --worktree --type= --bool --int
  --bool-or-int --bool-or-str --path --expiry-date --no-type -z --null --name-only --show-origin --show-scope --show-names --includes --no-includes --default= --fixed-value
  --all --regexp --value= --url= --no-show-names`;
const CONFIG_CHANGES =
  "--unset> --unset-all> --add> --replace-all> --rename-section> --remove-section> --edit> -e> --append> --comment=>";

const judgeConfig: Judge = readsWith(`${CONFIG} ${CONFIG_CHANGES}`, (line): readonly CommandFinding[] => {
  const [first, ...more] = line.operands;
  if (
    isGiven(
      line,
      "--get",
      "--get-all",
      "--get-regexp",
      "--get-urlmatch",
      "--get-color",
      "--get-colorbool",
      "-l",
      "--list",
    )
  ) {
    return READS;
  }
  if (first?.text === "get" || first?.text === "list") return READS;
  const isAsking = more.length === 0 && (first === undefined || (first.isKnown && /\./.test(first.text)));
  return isAsking ? READS : changesRepository("config");
});

const judgeSymbolicRef: Judge = readsWith(
  "-q --quiet --short --recurse --no-recurse -d> --delete> -m=",
  ({ operands }: CommandLine) => (operands.length < 2 ? READS : changesRepository("symbolic-ref")),
);

const REMOTE = readsWith("-v --verbose -n --push --all --add>", ({ operands: [first] }) =>
  first === undefined || /^(?:show|get-url)$/.test(first.text) ? READS : changesRepository("remote"),
);

/** Commands of git that list something, or change it, by their words and options. */
export const GIT_LISTS: Readonly<Record<string, Judge>> = {
  branch: listsUnlessNamed(
    "branch",
    `${LIST_OPTIONS} -a --all -r --remotes -v --verbose -q --quiet --show-current --abbrev[=] --no-abbrev -d> -D> --delete> -m> -M> --move> -c> -C> --copy> -u=>
     --set-upstream-to=> --unset-upstream> -f> --force> --edit-description> -t[=]> --track[=]> --no-track> --create-reflog> --recurse-submodules>`,
    LISTING,
  ),
  tag: listsUnlessNamed(
    "tag",
    `${LIST_OPTIONS} -n[=] -v! --verify! -d> --delete> -a> --annotate> -s> --sign> --no-sign -f> --force> -m=> --message=> -F=> --file=> -u=> --local-user=> -e> --edit>
     --cleanup=> --create-reflog> --trailer=>`,
    [...LISTING, "-n"],
  ),
  stash: asShowing("stash", (word) => word === "list" || word === "show"),
  reflog: asShowing("reflog", (word) => word === undefined || !/^(?:expire|delete|drop|write)$/.test(word)),
  remote: REMOTE,
  worktree: bySubcommand("worktree", "list", "writes"),
  notes: bySubcommand("notes", "list show get-ref"),
  replace: readsWith(
    "-l --list --format= -d> --delete> -e> --edit> -g> --graft> -f> --force> --convert-graft-file> --raw",
    (line) => (isGiven(line, "-l", "--list") || line.operands.length === 0 ? READS : changesRepository("replace")),
  ),
  rerere: bySubcommand("rerere", "status diff remaining", "writes"),
  bisect: bySubcommand("bisect", "log terms help", "writes"),
  "sparse-checkout": bySubcommand("sparse-checkout", "list check-rules", "writes"),
  lfs: bySubcommand("lfs", "ls-files status env version"),
  bundle: bySubcommand("bundle", "verify list-heads", "writes"),
  "commit-graph": bySubcommand("commit-graph", "verify", "writes"),
  "multi-pack-index": bySubcommand("multi-pack-index", "verify", "writes"),
  "symbolic-ref": judgeSymbolicRef,
  config: judgeConfig,
};

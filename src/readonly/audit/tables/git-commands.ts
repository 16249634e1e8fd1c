import { type CommandFinding, type Judge, READS, shareJudge, unknown, writes } from "#readonly/audit/finding.ts";
import { isGiven, readsWith } from "#readonly/audit/options.ts";
import type { Value } from "#readonly/audit/value.ts";

/** Options by which commands that show differences or commits write files or run programs; the others of their manuals only read. */
const SHOWING = `--output=> --output-indicator-new= --output-indicator-old= --output-indicator-context= --ext-diff! --textconv! --show-signature! --remerge-diff?
  --filters! --open-files-in-pager[=]! -S= -G= -U= -O= -M[=] -C[=] -B[=] -X[=] -l= -L= -n= -e= -f= -m -s -p -q -r -t -u -v -w -z -a -b -i ...`;

/** Judges programs that show commits: `%G…` in a format runs gpg, and a merge that is made again writes objects. */
const judgeShowing: Judge = readsWith(SHOWING, (_line, { name, args }) => {
  const isVerifying = args.some(
    ({ text }) => /^--(?:format|pretty)=.*%[+\- ]?G/.test(text) || /^(?:format|tformat):.*%G/.test(text),
  );
  const isMerging = args.some(
    ({ text }, index) =>
      text.startsWith("--diff-merges=r") || (text.startsWith("r") && args[index - 1]?.text === "--diff-merges"),
  );
  if (isVerifying) return unknown(`${name} runs gpg`);
  return isMerging ? unknown(`${name} --diff-merges=remerge writes objects`) : READS;
});

/** Options that take the next word in commands that search. */
const judgeGrep = readsWith("-O[=]! --open-files-in-pager[=]! --textconv! -e= -f= -A= -B= -C= -m= --max-depth= ...");

/** Returns the finding that a command of git changes the repository. */
export function changesRepository(name: string): CommandFinding[] {
  return writes(`git ${name} changes the repository`);
}

/** Returns the judge of a command that only reads with one of these options. */
const onlyReadsWith = (name: string, options: string, specification = "..."): Judge =>
  readsWith(`${specification} ${options}`, (line) =>
    isGiven(line, ...options.split(" ")) ? READS : changesRepository(name),
  );

/** Returns the judge of a command that only reads unless one of these options is given. */
const readsUnless = (specification: string): Judge => readsWith(`${specification} ...`);

const judgeMergeTree: Judge = readsWith("--write-tree> --trivial-merge -z -p ...", (line) => {
  const isTrivial = isGiven(line, "--trivial-merge") || line.operands.length === 3;
  return isTrivial ? READS : changesRepository("merge-tree");
});

/** Judges `git commit --dry-run`, which adds objects if it is to commit more than what is staged. */
const judgeCommit: Judge = readsWith(
  `--dry-run --short --porcelain --long --branch -z --null --amend -v --verbose -q --quiet -m= --message= -F= --file= -u[=] --untracked-files[=] --no-verify -n
   --allow-empty --allow-empty-message --author= --date= -s --signoff -e --edit --no-edit -S[=]? --gpg-sign[=]? -a? --all? -p? --patch? -i? --include? -o? --only?
   --interactive? --fixup=? --squash=? -C=? -c=? --reuse-message=? --reedit-message=? -t=? --template=? --trailer=? --pathspec-from-file=?`,
  (line) => {
    const isDry = isGiven(line, "--dry-run", "--short", "--porcelain", "--long");
    if (!isDry || line.doubts.length > 0) return changesRepository("commit");
    return line.operands.length > 0 ? unknown("git commit --dry-run with paths adds objects") : READS;
  },
);

/** Judges `git help`, which shows manual pages by programs that settings name. */
const judgeHelp = readsUnless("-w! --web! -m -i -a -g -c");

const judgeForeach: Judge = ({ args }) => {
  const words = args.filter(({ text }) => !/^--(?:recursive|quiet)$|^-q$/.test(text));
  if (words[0]?.text !== "foreach") return submodules(words);
  if (!words.every(({ isKnown }) => isKnown)) {
    return unknown("git submodule foreach runs text that is built at run time");
  }
  return [
    {
      does: "scripts",
      text: words
        .slice(1)
        .map(({ text }) => text)
        .join(" "),
      in: "shell",
    },
  ];
};

function submodules(words: readonly Value[]): readonly CommandFinding[] {
  const [first] = words;
  const isReading = first === undefined || (first.isKnown && /^(?:status|summary|--cached)$/.test(first.text));
  return isReading ? READS : changesRepository("submodule");
}

/** Commands of git that read, except with some options. */
export const GIT_READERS: Readonly<Record<string, Judge>> = {
  ...shareJudge(
    `log show diff diff-tree diff-index diff-files diff-pairs whatchanged shortlog range-diff rev-list cherry blame annotate show-branch cat-file last-modified`,
    judgeShowing,
  ),
  ...shareJudge(
    `status ls-files ls-tree rev-parse describe name-rev merge-base for-each-ref show-ref var version check-ignore check-attr check-mailmap check-ref-format
     count-objects verify-pack patch-id stripspace column get-tar-commit-id show-index fmt-merge-msg request-pull repo`,
    readsUnless("--textconv! --filters!"),
  ),
  grep: judgeGrep,
  help: judgeHelp,
  "ls-remote": readsUnless("--upload-pack=! --exec=! -o= --server-option="),
  fsck: readsUnless("--lost-found>"),
  ...shareJudge("verify-commit verify-tag", ({ name }) => unknown(`${name} runs gpg`)),
  "interpret-trailers": readsUnless("--in-place> --trailer=?"),
  archive: readsUnless("-o=> --output=> --exec=! --remote=?"),
  "merge-tree": judgeMergeTree,
  "merge-file": onlyReadsWith("merge-file", "-p --stdout", "--object-id? -L="),
  "hash-object": readsUnless("-w>"),
  commit: judgeCommit,
  push: readsWith("-n --dry-run --receive-pack=! --exec=! -o= --push-option= -q -v -f -u -d -4 -6 ...", (line) =>
    isGiven(line, "-n", "--dry-run") ? READS : writes("git push changes a remote repository", [], "beyond"),
  ),
  ...shareJudge(
    "add stage",
    onlyReadsWith("add", "-n --dry-run", "-i> -p> -e> --interactive> --patch> --edit> --refresh> -A -u -f -v"),
  ),
  rm: onlyReadsWith("rm", "-n --dry-run", "-r -f -q"),
  mv: onlyReadsWith("mv", "-n --dry-run", "-k -f -v"),
  clean: onlyReadsWith("clean", "-n --dry-run", "-e= -i> --interactive> -d -f -x -X -q"),
  apply: onlyReadsWith(
    "apply",
    "--check --stat --numstat --summary",
    "--apply> --build-fake-ancestor=> --output=> -p= -C= --directory= --exclude= --include=",
  ),
  "format-patch": onlyReadsWith(
    "format-patch",
    "--stdout",
    `${SHOWING.replace("...", "")} --output-directory= -o= ...`,
  ),
  submodule: judgeForeach,
};

/** Commands of git that change the repository, its remotes or the working tree. */
export const GIT_WRITERS: ReadonlySet<string> = new Set(
  `pull fetch merge rebase reset restore checkout switch init clone am cherry-pick revert gc prune repack filter-branch update-index update-ref write-tree
   commit-tree fast-import mktag mktree pack-refs pack-objects maintenance read-tree checkout-index merge-index mergetool citool gui svn p4 index-pack
   unpack-objects subtree quiltimport prune-packed mailinfo mailsplit fetch-pack send-pack receive-pack fast-export history replay refs update-server-info
   bugreport diagnose unpack-file`.split(/\s+/),
);

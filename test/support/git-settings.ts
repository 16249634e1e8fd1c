import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./world.ts";

/** Something that users of git set. */
export interface GitSetting {
  /** The settings in words, which are unique. */
  name: string;
  /** Lines for the user's `.gitconfig`: key and value. */
  config: readonly (readonly [key: string, value: string])[];
  /** Variables of the user's shell. */
  environment: Record<string, string>;
  /** Whether it must have no other setting beside it. */
  isAlone: boolean;
  /** Parts of a story that it changes with good reason, and the reason; all others are as without it. */
  differs: { parts: readonly string[]; because: string } | undefined;
  /** What is true of those parts then. */
  expected: Record<string, unknown>;
}

/** Everything about a setting but its name. */
type Details = Partial<Omit<GitSetting, "name">>;

function setting(name: string, details: Details): GitSetting {
  return { name, config: [], environment: {}, isAlone: false, differs: undefined, expected: {}, ...details };
}

/** Reads `key value` as a setting of its own. */
function plain(line: string): GitSetting {
  const at = line.indexOf(" ");
  return setting(line, { config: [[line.slice(0, at), line.slice(at + 1)]] });
}

const PLAIN = `log.showSignature true
log.date relative
log.decorate full
log.follow true
log.mailmap true
log.abbrevCommit true
log.showRoot false
log.diffMerges off
format.pretty %s
format.pretty fuller
diff.noprefix true
diff.mnemonicPrefix true
diff.srcPrefix x/
diff.dstPrefix y/
diff.external false
diff.renames false
diff.renames copies
diff.renameLimit 1
diff.ignoreSubmodules all
diff.relative true
diff.context 0
diff.interHunkContext 9
diff.algorithm patience
diff.colorMoved zebra
diff.indentHeuristic false
diff.suppressBlankEmpty true
diff.statGraphWidth 1
diff.submodule log
diff.wordRegex .
diff.wsErrorHighlight all
diff.dirstat files
diff.autoRefreshIndex false
diff.tool false
diff.mine.textconv false
diff.mine.command false
merge.ff only
merge.ff false
merge.conflictStyle diff3
merge.log true
merge.autoStash true
merge.verifySignatures true
merge.stat true
merge.stat false
merge.branchdesc true
merge.renormalize true
merge.defaultToUpstream false
merge.guitool false
merge.renames false
merge.suppressDest main
branch.main.mergeOptions --no-ff --squash
branch.main.rebase true
branch.main.remote nowhere
branch.autoSetupMerge always
branch.autoSetupMerge inherit
branch.autoSetupMerge simple
branch.autoSetupRebase always
branch.sort -committerdate
core.quotePath false
core.autocrlf input
core.safecrlf true
core.eol crlf
core.fileMode false
core.ignoreCase true
core.abbrev 4
core.abbrev no
core.commentChar L
core.untrackedCache true
core.fsmonitor true
core.fsmonitor false-command
core.hooksPath /nowhere
core.logAllRefUpdates false
core.logAllRefUpdates always
core.pager false
core.editor false
core.bare false
core.preloadIndex false
core.splitIndex true
core.sparseCheckout true
core.sparseCheckoutCone true
core.precomposeUnicode true
core.protectNTFS true
core.trustctime false
core.checkStat minimal
core.ignoreStat false
core.worktree /nowhere
core.whitespace trailing-space,cr-at-eol
core.compression 0
core.bigFileThreshold 1
core.fsync all
core.createObject link
core.warnAmbiguousRefs false
core.packedRefsTimeout 1
core.multiPackIndex false
core.commitGraph false
core.useReplaceRefs false
core.sharedRepository group
core.notesRef refs/notes/x
core.alternateRefsCommand false
core.gitProxy false
core.sshCommand false
core.askPass false
color.ui always
color.status always
i18n.logOutputEncoding ISO-8859-1
status.showUntrackedFiles no
status.showUntrackedFiles normal
status.short true
status.branch true
status.relativePaths true
status.renames false
status.submoduleSummary true
status.aheadBehind false
status.showStash true
commit.template /nowhere
commit.verbose true
commit.cleanup scissors
commit.cleanup strip
commit.status false
rebase.autoStash true
rebase.autoSquash true
rebase.updateRefs true
rebase.backend apply
rebase.stat true
rebase.abbreviateCommands true
rebase.missingCommitsCheck error
rebase.forkPoint false
rerere.enabled true
rerere.autoUpdate true
safe.bareRepository explicit
safe.directory /nowhere
submodule.recurse true
submodule.propagateBranches true
submodule.active .
feature.manyFiles true
feature.experimental true
fetch.prune true
fetch.recurseSubmodules true
fetch.writeCommitGraph true
index.version 4
index.threads 3
index.sparse true
index.recordEndOfIndexEntries true
column.ui always
alias.status !false
alias.commit !false
alias.worktree !false
init.defaultBranch trunk
init.templateDir /nowhere
push.default nothing
pull.rebase true
pull.ff only
pack.threads 1
pack.window 0
gc.auto 1
gc.worktreePruneExpire now
gc.pruneExpire now
gc.reflogExpire now
maintenance.auto true
worktree.guessRemote true
checkout.defaultRemote nowhere
checkout.guess false
checkout.workers 4
user.useConfigOnly true
user.signingKey /nowhere
protocol.allow never
protocol.version 0
transfer.hideRefs refs/codexmcp
uploadpack.hideRefs refs/codexmcp
transfer.fsckObjects true
apply.whitespace fix
apply.whitespace error
apply.ignoreWhitespace change
blame.coloring repeatedLines
pager.diff false
pager.log true
pager.show true
interactive.diffFilter false
tar.umask 0777
grep.patternType perl
tag.sort -taggerdate
versionsort.suffix -x
advice.detachedHead true
advice.addEmptyPathspec false
advice.statusHints false
notes.displayRef refs/notes/*
trace2.normalTarget false
credential.helper false
http.proxy http://127.0.0.1:9
url./nowhere/.insteadOf /
extensions.worktreeConfig true
receive.denyCurrentBranch refuse
sequence.editor false
showBranch.default --all
uploadarchive.allowUnreachable true
tag.gpgSign true`;

const VARIABLES = `LANG=de_DE.UTF-8
LC_ALL=de_DE.UTF-8
LC_ALL=C
LC_ALL=tr_TR.UTF-8
LC_ALL=xx_unknown
LANGUAGE=de
GIT_PAGER=false
PAGER=false
GIT_EDITOR=false
GIT_SEQUENCE_EDITOR=false
GIT_EXTERNAL_DIFF=false
GIT_DIFF_OPTS=--unified=0
GIT_TRACE=1
GIT_TRACE_SETUP=1
GIT_TRACE2=1
GIT_TRACE2_EVENT=2
GIT_LITERAL_PATHSPECS=1
GIT_GLOB_PATHSPECS=1
GIT_NOGLOB_PATHSPECS=1
GIT_ICASE_PATHSPECS=1
GIT_OPTIONAL_LOCKS=0
GIT_OPTIONAL_LOCKS=1
GIT_DISCOVERY_ACROSS_FILESYSTEM=1
GIT_ADVICE=0
GIT_MERGE_AUTOEDIT=yes
GIT_MERGE_VERBOSITY=5
GIT_REFLOG_ACTION=mine
GIT_NAMESPACE=mine
GIT_INDEX_VERSION=4
GIT_DEFAULT_HASH=sha256
GIT_CONFIG_NOSYSTEM=1
GIT_TERMINAL_PROMPT=1
GIT_FLUSH=0
GIT_ATTR_NOSYSTEM=1
GIT_ASKPASS=false
GIT_SSH_COMMAND=false
GIT_ALLOW_PROTOCOL=none
GIT_NOTES_REF=refs/notes/x
GIT_TEMPLATE_DIR=/nowhere
GIT_TEST_ASSUME_DIFFERENT_OWNER=0
TZ=Asia/Kathmandu
POSIXLY_CORRECT=1
LESS=-X
COLUMNS=20
NO_COLOR=1
CLICOLOR_FORCE=1`;

const ENDINGS = ["restored as it was", "task COMMIT", "commits", "content"];

/** Returns every setting; what they name is made in the world. */
export function allGitSettings(world: World): GitSetting[] {
  const at = (name: string) => join(world.root, name);
  const file = (name: string, text: string) => {
    writeFileSync(at(name), text);
    return at(name);
  };
  mkdirSync(at("hooks"));
  for (const hook of ["post-checkout", "post-merge", "post-rewrite", "post-index-change", "pre-auto-gc"]) {
    writeFileSync(join(at("hooks"), hook), "#!/bin/sh\necho said by a hook; echo and again >&2; exit 1\n");
    chmodSync(join(at("hooks"), hook), 0o755);
  }
  const variables = VARIABLES.split("\n").map((line) => {
    const [name = "", value = ""] = line.split(/=(.*)/s);
    return setting(line, { environment: { [name]: value } });
  });
  return [
    ...PLAIN.split("\n").map(plain),
    ...variables,
    setting("diff.orderFile", { config: [["diff.orderFile", file("order", "*.txt\n*\n")]] }),
    setting("commit.template", { config: [["commit.template", file("message", "Template\n")]] }),
    setting("core.attributesFile diff=mine", {
      config: [
        ["core.attributesFile", file("attributes", "*.c diff=mine\n*.txt diff=mine\n")],
        ["diff.mine.textconv", "false"],
      ],
    }),
    setting("core.excludesFile of tracked files", {
      config: [["core.excludesFile", file("ignored-c", "*.c\ntext.*\n")]],
    }),
    setting("hooks that fail after the deed", { config: [["core.hooksPath", at("hooks")]] }),
    setting("mailmap", { config: [["mailmap.file", file("mailmap", "Other <o@x> <test@example.invalid>\n")]] }),
    setting("GIT_CEILING_DIRECTORIES", { environment: { GIT_CEILING_DIRECTORIES: world.root } }),
    setting("GIT_CONFIG_COUNT", {
      environment: { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "diff.noprefix", GIT_CONFIG_VALUE_0: "true" },
    }),
    setting("GIT_CONFIG_PARAMETERS", { environment: { GIT_CONFIG_PARAMETERS: "'diff.noprefix'='true'" } }),
    ...identities(world, file),
    ...ofAnother(world),
    ...thatChange(world, file),
  ];
}

/** Ways in which users say who they are. */
function identities(world: World, file: (name: string, text: string) => string): GitSetting[] {
  const [name, email] = ["Test", "test@example.invalid"];
  const nobody = file("nobody", "[core]\n\tabbrev = 9\n");
  return [
    setting("identity by variables only", {
      environment: {
        GIT_CONFIG_GLOBAL: nobody,
        GIT_AUTHOR_NAME: name,
        GIT_AUTHOR_EMAIL: email,
        GIT_COMMITTER_NAME: name,
        GIT_COMMITTER_EMAIL: email,
      },
      isAlone: true,
    }),
    setting("identity by EMAIL and author.name", {
      config: [
        ["author.name", name],
        ["author.email", email],
        ["committer.name", name],
        ["committer.email", email],
      ],
    }),
    setting("GIT_CONFIG_GLOBAL", {
      environment: { GIT_CONFIG_GLOBAL: file("global", `[user]\n\tname = ${name}\n\temail = ${email}\n`) },
      isAlone: true,
    }),
    setting("signed with ssh", {
      config: [
        ["gpg.format", "ssh"],
        ["user.signingKey", join(world.root, "key")],
        ["commit.gpgSign", "true"],
      ],
      isAlone: true,
    }),
  ];
}

/** Variables that name another repository. */
function ofAnother(world: World): GitSetting[] {
  const other = join(world.root, "other");
  return [
    setting("GIT_DIR of another", { environment: { GIT_DIR: join(other, ".git") }, isAlone: true }),
    setting("GIT_DIR and GIT_WORK_TREE of another", {
      environment: { GIT_DIR: join(other, ".git"), GIT_WORK_TREE: other },
      isAlone: true,
    }),
    setting("GIT_INDEX_FILE of another", {
      environment: { GIT_INDEX_FILE: join(other, ".git", "index") },
      isAlone: true,
    }),
    setting("GIT_OBJECT_DIRECTORY of another", {
      environment: { GIT_OBJECT_DIRECTORY: join(other, ".git", "objects") },
      isAlone: true,
    }),
    setting("GIT_COMMON_DIR of another", { environment: { GIT_COMMON_DIR: join(other, ".git") }, isAlone: true }),
    setting("GIT_PREFIX", { environment: { GIT_PREFIX: "src/" } }),
  ];
}

/** Settings with effects that the user wants. */
function thatChange(world: World, file: (name: string, text: string) => string): GitSetting[] {
  void world;
  return [
    setting("core.autocrlf true", { config: [["core.autocrlf", "true"]], isAlone: true }),
    setting("core.symlinks false", { config: [["core.symlinks", "false"]], isAlone: true }),
    setting("i18n.commitEncoding ISO-8859-1", { config: [["i18n.commitEncoding", "ISO-8859-1"]], isAlone: true }),
    setting("signing that fails", {
      config: [
        ["commit.gpgSign", "true"],
        ["gpg.program", "false"],
      ],
      isAlone: true,
      differs: { parts: ENDINGS, because: "the agent's own commits fail" },
    }),
    setting("everything ignored", {
      config: [["core.excludesFile", file("ignored-all", "*\n")]],
      isAlone: true,
      differs: { parts: ENDINGS, because: "new files are the user's to leave out" },
    }),
    setting("attributes without diff", {
      config: [["core.attributesFile", file("attributes-binary", "*.txt -diff\n")]],
      isAlone: true,
      differs: { parts: ["diff", "diff of uncommitted work"], because: "lines are neither shown nor counted" },
      expected: { patch: "reproduces" },
    }),
  ];
}

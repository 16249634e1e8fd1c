import { type CommandFinding, type Judge, READS, unknown } from "#readonly/audit/finding.ts";
import { grammar, optionFindings, readCommandLine } from "#readonly/audit/options.ts";
import type { Value } from "#readonly/audit/value.ts";
import { changesRepository, GIT_READERS, GIT_WRITERS } from "./git-commands.ts";
import { GIT_LISTS } from "./git-lists.ts";

/** Options of git itself, before the subcommand. */
const GLOBAL = grammar(
  `+ -C= -c= --config-env=! --exec-path[=] --git-dir= --work-tree= --namespace= --super-prefix= --attr-source= --list-cmds= --bare --no-replace-objects
   --literal-pathspecs --glob-pathspecs --noglob-pathspecs --icase-pathspecs --no-optional-locks --no-lazy-fetch --no-advice -p --paginate -P --no-pager
   --html-path --man-path --info-path -v --version -h --help`,
);

/** Settings that name no program and no file, as `-c` is commonly used. */
const HARMLESS_SETTING =
  /^(?:core\.(?:pager=(?:cat)?|quotepath=.*|abbrev=.*|fsmonitor=(?:false|0)?|hookspath=\/dev\/null|untrackedcache=.*|preloadindex=.*|autocrlf=.*|ignorecase=.*|precomposeunicode=.*|whitespace=.*)|pager\.[\w-]+=(?:false|no|off|0|cat)?|(?:color|column|advice|status|blame|i18n|versionsort)\.[\w.-]+=?.*|log\.(?:date|decorate|follow|abbrevcommit|mailmap|graphcolors)=.*|diff\.(?:renames|renamelimit|algorithm|context|interhunkcontext|noprefix|mnemonicprefix|wserrorhighlight|colormoved|colormovedws|submodule|indentheuristic|statgraphwidth|statnamewidth|relative|suppressblankempty|wordregex|dirstat|ignoresubmodules)=?.*|grep\.[\w.]+=?.*|(?:tag|branch)\.sort=.*|safe\.directory=.*|user\.(?:name|email)=.*|gc\.auto=0|submodule\.recurse=.*|merge\.(?:renames|renamelimit|conflictstyle)=.*|feature\.\w+=.*)$/i;

/** Judges `git`, with its own options before the subcommand. */
export const judgeGit: Judge = ({ args }) => {
  const line = readCommandLine(GLOBAL, args);
  const findings = [
    ...optionFindings("git", line, GLOBAL),
    ...line.doubts.flatMap((doubt) => unknown(`git: ${doubt}`)),
  ];
  for (const { name, value } of line.given) findings.push(...globalOption(name, value));
  const [command, ...rest] = line.operands;
  if (command === undefined) return findings;
  if (!command.isKnown) return [...findings, ...unknown("a git command that is known only at run time")];
  return [...findings, ...judgeSubcommand(command.text, rest)];
};

function globalOption(name: string, value: Value | undefined): readonly CommandFinding[] {
  if (name === "-c" && !(value?.isKnown === true && HARMLESS_SETTING.test(value.text))) {
    return unknown("git runs with a setting given by -c");
  }
  if (name === "--exec-path" && value !== undefined) return unknown("git --exec-path runs programs of another folder");
  const isOther =
    name === "--git-dir" && !(value?.isKnown === true && /^(?:\.\/)?(?:\S*\/)?\.git\/?$/.test(value.text));
  return isOther ? unknown("git --git-dir takes its settings from elsewhere") : [];
}

function judgeSubcommand(name: string, args: readonly Value[]): readonly CommandFinding[] {
  const isHelp = args.length === 1 && /^(?:-h|--help)$/.test(args[0]?.text ?? "");
  const judge = Object.hasOwn(GIT_READERS, name) ? GIT_READERS[name] : GIT_LISTS[name];
  if (judge !== undefined && (Object.hasOwn(GIT_READERS, name) || Object.hasOwn(GIT_LISTS, name))) {
    return isHelp ? READS : judge({ name: `git ${name}`, args, stdin: undefined, hasStdin: false });
  }
  if (GIT_WRITERS.has(name)) return isHelp ? READS : changesRepository(name);
  return unknown(`git ${name} is not a known command; it may be an alias`);
}

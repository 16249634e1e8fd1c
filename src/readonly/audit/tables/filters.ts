import { type CommandFinding, type Judge, READS, shareJudge, unknown, writes } from "#readonly/audit/finding.ts";
import { mayBeOption, type Value } from "#readonly/audit/value.ts";
import { judgeAwk } from "./awk.ts";
import { judgeSed } from "./sed.ts";

/** Tests and actions of `find` that only read, from its manual, and the options of the BSDs. */
const FIND_READS =
  /^-(?:H|L|P|E|X|s|x|D|O\d?|f|amin|anewer|atime|cmin|cnewer|context|ctime|daystart|depth|d|empty|executable|false|follow|fstype|gid|group|ignore_readdir_race|noignore_readdir_race|ilname|iname|inum|ipath|iregex|iwholename|links|lname|ls|maxdepth|mindepth|mmin|mount|mtime|name|newer(?:[aBcmt]{2})?|nogroup|noleaf|nouser|nowarn|warn|path|perm|print0?|printf|prune|quit|readable|regex|regextype|samefile|size|true|type|uid|used|user|wholename|writable|xdev|xtype|files0-from|a|and|o|or|not|version|help|Bmin|Btime|flags|acl|sparse)$|^--(?:version|help)$|^-$/;

/** Tests that take the next word as their value. */
const FIND_VALUE =
  /^-(?:amin|anewer|atime|cmin|cnewer|context|ctime|fstype|gid|group|ilname|iname|inum|ipath|iregex|iwholename|links|lname|maxdepth|mindepth|mmin|mtime|name|newer\w*|path|perm|printf|regex|regextype|samefile|size|type|uid|used|user|wholename|xtype|files0-from|D|Bmin|Btime|flags|fprint0?|fprintf|fls)$/;

const judgeFind: Judge = ({ args }) => {
  const findings: CommandFinding[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index];
    if (word === undefined) break;
    const { text } = word;
    if (mayBeOption(word)) {
      findings.push(...unknown("find: an argument that is known only at run time may be an action"));
    }
    if (!text.startsWith("-")) continue;
    if (text === "-delete") findings.push(...writes("find -delete removes files"));
    else if (/^-fprint(?:f|0)?$|^-fls$/.test(text)) {
      findings.push(...writes(`find ${text} writes`, args.slice(index + 1, index + 2)));
    } else if (/^-(?:exec|execdir|ok|okdir)$/.test(text)) {
      const words = upToEnd(args, index + 1);
      findings.push({ does: "runs", words });
      index += words.length;
    } else if (!FIND_READS.test(text) && !isNumber(text)) findings.push(...unknown(`find ${text}`));
    if (FIND_VALUE.test(text)) {
      if (args[index + 1]?.isSplit === true) {
        findings.push(...unknown("find: an argument that is known only at run time may be an action"));
      }
      index++;
    }
  }
  return findings;
};

function isNumber(text: string): boolean {
  return /^-\d+$/.test(text);
}

/** Returns the words of the command that `find` runs, up to `;` or `{} +`; `{}` stands for names that are known only at run time. */
function upToEnd(args: readonly Value[], from: number): Value[] {
  const length = args
    .slice(from)
    .findIndex(
      ({ text, isKnown }, index) =>
        isKnown && (text === ";" || (text === "+" && args[from + index - 1]?.text === "{}")),
    );
  const words = args.slice(from, length < 0 ? undefined : from + length);
  return words.map((word) =>
    word.text.includes("{}") ? placeholder(word.text, /^(?:\{\}|[^-{])/.test(word.text)) : word,
  );
}

/** Returns a word in which `{}` stands for the name of a file that was found. */
function placeholder(text: string, isOperand: boolean): Value {
  const start = text.slice(0, text.indexOf("{}"));
  return { text: start, isKnown: false, ...(isOperand && { isOperand: true as const }) };
}

const FD_VALUE =
  /^(?:-[dEteSojc]|--(?:max-depth|min-depth|exact-depth|exclude|type|extension|size|changed-within|changed-before|owner|threads|max-results|base-directory|path-separator|search-path|ignore-file|color|batch-size|and|format|max-buffer-time))$/;

/** Judges `fd`; what follows `-x` or `-X` is a command, up to `;`. */
const judgeFd: Judge = ({ args }) => {
  for (let index = 0; index < args.length; index++) {
    const word = args[index];
    if (word === undefined || word.text === "--") return READS;
    if (mayBeOption(word)) return unknown("fd: an argument that is known only at run time may be an option");
    if (/^-[^-]*[xX]|^--exec/.test(word.text)) {
      const isPlain = /^(?:-[a-zA-Z0-9]*[xX]|--exec(?:-batch)?)$/.test(word.text);
      const words = args.slice(index + 1);
      const hasPlaceholder = ({ text }: Value) => /\{[/.]{0,2}\}|\{\/\.\}/.test(text);
      const given = words.map((each) =>
        hasPlaceholder(each)
          ? placeholder(each.text.replace(/\{[/.]*\}/, "{}"), /^(?:\{|[^-{])/.test(each.text))
          : each,
      );
      const name: Value = { text: "./", isKnown: false, isOperand: true };
      return isPlain
        ? [{ does: "runs", words: words.some(hasPlaceholder) ? given : [...given, name] }]
        : unknown("fd --exec runs a program");
    }
    if (FD_VALUE.test(word.text)) index++;
  }
  return READS;
};

/** Programs that search, and those that have a language of their own. */
export const FILTER_COMMANDS: Record<string, Judge> = {
  ...shareJudge("sed gsed", judgeSed),
  ...shareJudge("awk gawk mawk nawk", judgeAwk),
  ...shareJudge("find gfind", judgeFind),
  ...shareJudge("fd fdfind", judgeFd),
};

import {
  type CommandFinding,
  type Invocation,
  type Judge,
  READS,
  shareJudge,
  unknown,
  writes,
} from "#readonly/audit/finding.ts";
import { grammar, isGiven, readCommandLine, readsWith, valueOf } from "#readonly/audit/options.ts";
import { known, UNKNOWN_VALUE, type Value } from "#readonly/audit/value.ts";

/** Returns the findings that variables get values that are not known; `name[index]` runs the commands in the index. */
function assigns(names: readonly (Value | undefined)[]): CommandFinding[] {
  return names.flatMap((name): CommandFinding[] => {
    if (name === undefined) return [];
    if (!name.isKnown) return unknown("a variable whose name is known only at run time");
    return [...indexCode(name), { does: "assigns", name: variableOf(name.text), value: UNKNOWN_VALUE }];
  });
}

function variableOf(text: string): string {
  return text.replace(/[[+=].*$/s, "");
}

function indexCode({ text }: Value): CommandFinding[] {
  return text.includes("[") && /`|\$\(/.test(text) ? unknown("an index that may run commands") : [];
}

const DECLARE = grammar("-a -A -f -F -g -i -I -l -n -p -r -t -u -x -c");

/** Judges `declare`, `export` and the like; some attributes change the value that a variable is given. */
const judgeDeclare: Judge = ({ name: builtin, args }) => {
  const isLocal = /^(?:declare|typeset|local)$/.test(builtin);
  const words = args.map((word) => (word.text.startsWith("+") ? { ...word, text: `-${word.text.slice(1)}` } : word));
  const line = readCommandLine(DECLARE, words);
  if (isGiven(line, "-f", "-F", "-p")) return READS;
  const isPlain = !isGiven(line, "-i", "-l", "-u", "-n", "-c", "-a", "-A");
  const findings = line.operands.flatMap((word): CommandFinding[] => {
    const [, name, text] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word.text) ?? [];
    if (name === undefined || text === undefined) {
      return /^\w+$/.test(word.text) && word.isKnown && isPlain ? [] : assigns([word]);
    }
    if (isGiven(line, "-n")) return unknown(`${name} is another name of a variable`);
    const value: Value = isPlain && word.isKnown ? known(text) : UNKNOWN_VALUE;
    return [...indexCode(word), { does: "assigns", name, value, isLocal }];
  });
  return [...line.doubts.flatMap(unknown), ...findings];
};

/** Returns the judge of a builtin that sets variables. @param options those that take a value, which is a variable for `sets` */
const setsVariables = (specification: string, operands: readonly number[] | "all", sets: readonly string[]): Judge => {
  const rules = grammar(specification);
  return ({ args }) => {
    const line = readCommandLine(rules, args);
    const names = operands === "all" ? line.operands : operands.map((index) => line.operands[index]);
    return [...line.doubts.flatMap(unknown), ...assigns([...names, ...sets.map((option) => valueOf(line, option))])];
  };
};

const MAPFILE = grammar("-d= -n= -O= -s= -t -u= -C=! -c=");

const judgeMapfile: Judge = ({ args }) => {
  const line = readCommandLine(MAPFILE, args);
  const callback = valueOf(line, "-C");
  const isRunning: CommandFinding[] =
    callback === undefined ? [] : [{ does: "scripts", text: callback.text, in: "shell" }];
  return [
    ...line.doubts.flatMap(unknown),
    ...isRunning,
    ...(callback === undefined ? [] : unknown("mapfile -C runs a command with what it reads")),
    ...assigns([line.operands[0] ?? known("MAPFILE")]),
  ];
};

const judgePrintf: Judge = ({ args: [first, second] }) => {
  if (first?.text.startsWith("-v") !== true) {
    return first?.isKnown === false && first.isOperand !== true && second !== undefined
      ? assignsIfOption(first)
      : READS;
  }
  return assigns([first.text === "-v" ? second : known(first.text.slice(2))]);
};

/** Judges the first word of `printf` that is not known: it would have to be exactly `-v`. */
function assignsIfOption({ text, isSplit }: Value): readonly CommandFinding[] {
  return text === "" && isSplit === true ? unknown("printf may set a variable") : READS;
}

const judgeUnset: Judge = ({ args }) => {
  const line = readCommandLine(grammar("-f -v -n"), args);
  return [
    ...line.doubts.flatMap(unknown),
    ...line.operands.flatMap((word) => assigns([word]).concat({ does: "unsets function", name: word.text })),
  ];
};

const judgeLet: Judge = ({ args }) =>
  args.flatMap((word) => {
    if (!word.isKnown) return unknown("let evaluates text that is built at run time");
    const names = [...word.text.matchAll(/[A-Za-z_]\w*/g)].map(([name]) => known(name));
    return [...indexCode(word), ...assigns(names)];
  });

/** Judges `alias`, whose text is followed where the alias is used. */
const judgeAlias: Judge = ({ args }) =>
  args.flatMap((word): CommandFinding[] => {
    if (word.text.startsWith("-")) {
      return word.text === "-p" ? [] : unknown("an alias that the shell finds anywhere in a command");
    }
    const at = word.text.indexOf("=");
    if (at < 0) return word.isKnown ? [] : unknown("an alias that is known only at run time");
    return [{ does: "aliases", name: word.text.slice(0, at), text: { ...word, text: word.text.slice(at + 1) } }];
  });

/** Judges `trap`: its text runs at some later time, with the variables as they are then. */
const judgeTrap: Judge = ({ args }) => {
  const words = args[0]?.text === "--" ? args.slice(1) : args;
  const [script] = words;
  if (script === undefined || /^-[lp]*$/.test(script.text)) return script?.isKnown === false ? unknown("trap") : READS;
  if (!script.isKnown) return unknown("trap runs text that is built at run time");
  const isReset = words.length === 1 && /^\w+$/.test(script.text);
  return isReset ? READS : [{ does: "scripts", text: script.text, in: "this shell later" }];
};

const judgeEval: Judge = ({ args }) => {
  if (!args.every(({ isKnown }) => isKnown)) return unknown("eval runs text that is built at run time");
  const words = args[0]?.text === "--" ? args.slice(1) : args;
  return [{ does: "scripts", text: words.map(({ text }) => text).join(" "), in: "this shell" }];
};

/** Returns the judge of a builtin that runs the rest as the shell would. */
const runsInShell = (specification: string, querying: readonly string[] = []): Judge => {
  const rules = grammar(`+ ${specification}`);
  return ({ name, args }) => {
    const line = readCommandLine(rules, args);
    if (isGiven(line, ...querying)) return READS;
    if (line.doubts.length > 0) return unknown(`${name}: ${line.doubts.join(", ")}`);
    return [{ does: "runs", words: line.operands, inShell: true }];
  };
};

const judgeSet: Judge = ({ args }) => {
  const isSetting = args.some(({ text, isKnown }) => !isKnown || !/^[-+]/.test(text) || text === "--" || text === "-");
  const isKeepingHistory = args.some(({ text }) => /^(?:history|histexpand)$/.test(text));
  return [...(isKeepingHistory ? unknown("set -o history") : []), ...(isSetting ? PARAMETERS : [])];
};

const PARAMETERS: readonly CommandFinding[] = [{ does: "changes parameters" }];

const judgeTest: Judge = ({ args }) => args.flatMap(indexCode).slice(0, 1);

function judgeCd({ args }: Invocation): readonly CommandFinding[] {
  const isStaying = args.some(({ text }) => text === "-n");
  const operands = args.filter(({ text, isKnown }) => !isKnown || !/^-[LPe@]+$|^--$|^-n$/.test(text));
  return isStaying ? READS : [{ does: "changes folder", to: operands.length === 1 ? operands[0] : undefined }];
}

/** Builtins of the shell that do more than reading, or change what later commands mean. */
export const BUILTINS: Record<string, Judge> = {
  ...shareJudge("declare typeset local export readonly", judgeDeclare),
  ...shareJudge("mapfile readarray", judgeMapfile),
  ...shareJudge("test [", judgeTest),
  cd: judgeCd,
  pushd: judgeCd,
  popd: () => [{ does: "changes folder", to: undefined }],
  read: setsVariables("-a= -d= -e -i= -n= -N= -p= -r -s -t= -u= -E", "all", ["-a"]),
  getopts: setsVariables("", [1], []),
  wait: setsVariables("-f -n -p=", [], ["-p"]),
  printf: judgePrintf,
  unset: judgeUnset,
  let: judgeLet,
  alias: judgeAlias,
  unalias: () => READS,
  trap: judgeTrap,
  eval: judgeEval,
  shift: () => PARAMETERS,
  set: judgeSet,
  command: runsInShell("-p -v -V", ["-v", "-V"]),
  builtin: runsInShell(""),
  exec: runsInShell("-a= -c -l"),
  hash: readsWith("-p=! -r -d -t -l -v -f? -m? -L"),
  jobs: readsWith("-l -n -p -r -s -x!"),
  umask: () => READS,
  ulimit: () => READS,
  shopt: () => READS,
  dirs: () => READS,
  source: () => unknown("source runs a file that the log does not show"),
  ".": () => unknown(". runs a file that the log does not show"),
  kill: ({ args }) => {
    const isAsking = args.some(({ text }) => /^-[lL]|^--(?:list|table)/.test(text)) || args[0]?.text === "-0";
    return isAsking ? READS : writes("kill ends processes", [], "beyond");
  },
};

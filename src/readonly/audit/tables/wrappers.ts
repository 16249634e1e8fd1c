import {
  type CommandFinding,
  type Invocation,
  type Judge,
  READS,
  scripts,
  shareJudge,
  unknown,
  writes,
} from "#readonly/audit/finding.ts";
import { grammar, isGiven, optionFindings, readCommandLine, valueOf } from "#readonly/audit/options.ts";
import { type Value, known } from "#readonly/audit/value.ts";
import { ENVIRONMENTS } from "./environments.ts";

/** Returns the judge of a program that runs the command after its own options (and after `skip` words of its own). */
const runsTheRest = (specification: string, skip = 0, asking: readonly string[] = []): Judge => {
  const rules = grammar(`+ --help --version ! ${specification}`);
  return ({ name, args }) => {
    const line = readCommandLine(rules, args);
    const words = line.operands.slice(skip);
    // What precedes the command may be more than one word.
    const isShifted = line.operands.slice(0, skip).some(({ isSplit }) => isSplit === true);
    return [
      ...optionFindings(name, line, rules),
      ...(isShifted ? unknown(`${name} runs a command that is known only at run time`) : []),
      ...(words.length === 0 || isGiven(line, "--help", "--version", ...asking)
        ? []
        : ([{ does: "runs", words }] as const)),
    ];
  };
};

const SHELL = grammar(
  "+ -c -l -i -s -a -b -e -f -h -k -m -n -p -r -t -u -v -x -B -C -D -E -H -P -T -o= -O= --rcfile=? --init-file=? --login --noprofile --norc --posix --restricted --verbose --noediting --debugger? --dump-strings --dump-po-strings --help --version !",
);

/** Judges shells: a text after `-c`, a script on standard input, or a file, which the log does not show. */
const judgeShell: Judge = ({ name, args, stdin, hasStdin }) => {
  const words = args.map((word) =>
    /^\+[a-zA-Z]/.test(word.text) ? { ...word, text: `-${word.text.slice(1)}` } : word,
  );
  const line = readCommandLine(SHELL, words);
  if (isGiven(line, "--version", "--help")) return READS;
  const doubts = optionFindings(name, line, SHELL);
  const [first] = line.operands;
  if (isGiven(line, "-c")) return [...doubts, ...(first === undefined ? READS : scripts(first, `${name} -c`))];
  if (isGiven(line, "-n")) return doubts;
  if (first !== undefined && first.text !== "-" && !isGiven(line, "-s")) {
    return unknown(`${name} runs a script that the log does not show`);
  }
  if (stdin !== undefined) return [...doubts, ...scripts(known(stdin), name)];
  return [
    ...doubts,
    ...unknown(hasStdin ? `${name} runs its piped input` : `${name} reads commands that the log does not show`),
  ];
};

const XARGS = grammar(
  `+ -0 --null -a= --arg-file= -d= --delimiter= -E= -e[=] --eof[=] -I= -i[=] --replace[=] -J= -L= -l[=] --max-lines[=] -n= --max-args= -o --open-tty -p --interactive -P= --max-procs=
   -R= --process-slot-var=? -r --no-run-if-empty -s= --max-chars= --show-limits -S= -t --verbose -x --exit --help --version !`,
);

/** Judges `xargs`: words of its input follow the command, or stand for a placeholder. */
const judgeXargs: Judge = (invocation) => {
  const line = readCommandLine(XARGS, invocation.args);
  const words = line.operands;
  const findings = optionFindings(invocation.name, line, XARGS);
  if (words.length === 0 || isGiven(line, "--help", "--version")) return findings;
  const isReplacing = isGiven(line, "-I", "-i", "--replace", "-J");
  const placeholder = valueOf(line, "-I", "--replace", "-i", "-J")?.text || "{}";
  const given = words.map((word) =>
    isReplacing && word.text.includes(placeholder) ? fromInput(word.text, placeholder) : word,
  );
  return [
    ...findings,
    { does: "runs", words: isReplacing ? given : [...words, { text: "", isKnown: false, isSplit: true }] },
  ];
};

/** Returns a word in which a placeholder stands for a line of the input. */
function fromInput(text: string, placeholder: string): Value {
  return { text: text.slice(0, text.indexOf(placeholder)), isKnown: false };
}

/** Judges GNU `parallel`, which has a shell run its command with words of its input. */
const judgeParallel: Judge = ({ args }) => {
  const end = args.findIndex(({ text }) => text.startsWith(":::"));
  const words = args.slice(0, end < 0 ? undefined : end).filter(({ text }) => !text.startsWith("-"));
  const text = words.map((word) => word.text).join(" ");
  return [
    ...(text === "" ? [] : scripts(known(text), "parallel")),
    ...unknown("parallel runs commands with words that are known only at run time"),
  ];
};

const TRACE = grammar(
  `+ -o= --output= -e= -p= --attach= -s= -E= --env= -u= --user= -P= --trace-path= -a= -I= -O= -S= -b= -X= -f -ff -F -c -C -d -D -h -i -k -n -N -q -r -t -T -v -V -w -x -y -z -Z -A -L= -l= --help
   --version !`,
);

const judgeTrace: Judge = (invocation) => {
  const line = readCommandLine(TRACE, invocation.args);
  const output = valueOf(line, "-o", "--output");
  const isPipe = output !== undefined && /^[|!]/.test(output.text);
  const own =
    output === undefined
      ? []
      : isPipe
        ? unknown(`${invocation.name} -o runs a program`)
        : writes(`${invocation.name} -o writes`, [output]);
  const rest: CommandFinding[] = line.operands.length === 0 ? [] : [{ does: "runs", words: line.operands }];
  return [...own, ...optionFindings(invocation.name, line, TRACE), ...rest];
};

const FLOCK = grammar(
  "-s --shared -x -e --exclusive -u --unlock -n --nb --nonblock -w= --wait= --timeout= -E= --conflict-exit-code= -o --close -F --no-fork --verbose --help --version -h -V + !",
);

function judgeFlock({ name, args }: Invocation): readonly CommandFinding[] {
  const line = readCommandLine(FLOCK, args);
  const [file, first, ...rest] = line.operands;
  if (file === undefined || isGiven(line, "--help", "--version")) return READS;
  const own = [
    ...optionFindings(name, line, FLOCK),
    ...(/^\d+$/.test(file.text) ? [] : writes("flock creates its lock file", [file])),
  ];
  if (first === undefined) return own;
  if (/^-c$|^--command$/.test(first.text)) {
    return [...own, ...(rest[0] === undefined ? [] : scripts(rest[0], "flock -c"))];
  }
  return [...own, { does: "runs", words: [first, ...rest] }];
}

const WATCH = grammar(
  "+ -b --beep -c --color -C --no-color -d[=] --differences[=] -e --errexit -g --chgexit -n= --interval= -p --precise -q= --equexit= -r --no-rerun -t --no-title -w --no-wrap -x --exec -h --help -v --version !",
);

/** Judges `watch`, which passes its words to a shell as one text. */
const judgeWatch: Judge = ({ args }) => {
  const line = readCommandLine(WATCH, args);
  const doubts = optionFindings("watch", line, WATCH);
  if (line.operands.length === 0 || isGiven(line, "-h", "--help", "-v", "--version")) return doubts;
  if (isGiven(line, "-x", "--exec")) return [...doubts, { does: "runs", words: line.operands }];
  const text = {
    text: line.operands.map((word) => word.text).join(" "),
    isKnown: line.operands.every(({ isKnown }) => isKnown),
  };
  return [...doubts, ...scripts(text, "watch")];
};

/** Judges `npx`, which installs the program if it is not there. */
const NPX = "-p=? --package=? -y? --yes? --no --no-install -c=? --call=? -q --quiet --prefer-offline --offline";

/** Commands that run other commands. */
export const WRAPPERS: Record<string, Judge> = {
  ...shareJudge("sh bash dash zsh ksh ash", judgeShell),
  xargs: judgeXargs,
  parallel: judgeParallel,
  ...ENVIRONMENTS,
  doas: runsTheRest("-u= -C=? -n -s? -L"),
  timeout: runsTheRest("-s= --signal= -k= --kill-after= --foreground --preserve-status -v --verbose -f -p", 1),
  nohup: runsTheRest(""),
  nice: runsTheRest("-n= --adjustment= -#"),
  ionice: runsTheRest("-c= --class= -n= --classdata= -t --ignore -p=? --pid=? -P= --pgid= -u= --uid="),
  chrt: runsTheRest("-b -f -i -o -r -d -a -v -m -R -T= -P= -D= -p?", 1),
  setsid: runsTheRest("-c --ctty -f --fork -w --wait"),
  stdbuf: runsTheRest("-i= --input= -o= --output= -e= --error="),
  time: runsTheRest("-p --portability -f= --format= -o=> --output=> -a --append -v --verbose -q --quiet -l -h"),
  npx: runsTheRest(NPX),
  bunx: runsTheRest("--bun -p=? --package=? --verbose --silent --no-install"),
  chronic: runsTheRest("-v -e"),
  taskset: runsTheRest("-c --cpu-list -a --all-tasks -p? --pid?", 1),
  watch: judgeWatch,
  busybox: runsTheRest("--list --list-full --install>"),
  ...shareJudge("strace ltrace", judgeTrace),
  flock: judgeFlock,
  chroot: () => unknown("chroot runs a program of another system"),
  script: () => [...writes("script writes its record"), ...unknown("script runs a shell")],
};

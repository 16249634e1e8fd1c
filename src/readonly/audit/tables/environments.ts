import { type CommandFinding, type Judge, READS, scripts, shareJudge, unknown } from "#readonly/audit/finding.ts";
import { grammar, isGiven, optionFindings, readCommandLine, valueOf } from "#readonly/audit/options.ts";
import { decidesPrograms } from "#readonly/audit/shell/variables.ts";
import { known, type Value, withoutStart } from "#readonly/audit/value.ts";

const ENV = grammar(
  "+ -i --ignore-environment -0 --null -u= --unset= -C= --chdir= -S= --split-string= -v --debug -P=? -a= --argv0= --block-signal[=] --default-signal[=] --ignore-signal[=] --list-signal-handling --help --version !",
);

/** Judges `env`: variables, then a command; `-S` is split into words before anything else is read. */
const judgeEnv: Judge = ({ args }) => {
  const line = readCommandLine(ENV, args);
  const split = valueOf(line, "-S", "--split-string");
  const rest = line.operands[0]?.text === "-" ? line.operands.slice(1) : line.operands;
  if (split !== undefined) {
    return line.given.length === 1 && !/[\\$'"]/.test(split.text) && split.isKnown
      ? judgeEnvWords([...wordsIn(split.text), ...rest])
      : unknown("env -S");
  }
  const isMoving = isGiven(line, "-C", "--chdir");
  return [
    ...optionFindings("env", line, ENV),
    ...(isMoving ? unknown("env runs a command in another folder") : []),
    ...judgeEnvWords(rest),
  ];
};

function wordsIn(text: string): Value[] {
  return text.split(/\s+/).filter(Boolean).map(known);
}

function judgeEnvWords(words: readonly Value[]): CommandFinding[] {
  const from = words.findIndex(({ text, isKnown }) => !/^[A-Za-z_]\w*=/.test(text) || (!isKnown && text === ""));
  const variables = words.slice(0, from < 0 ? undefined : from);
  const assigned = variables.flatMap((word): CommandFinding[] => {
    const name = word.text.slice(0, word.text.indexOf("="));
    const isDeciding = decidesPrograms(name, withoutStart(word, name.length + 1));
    return isDeciding ? unknown(`${name} determines which programs run`) : [];
  });
  const rest = from < 0 ? [] : words.slice(from);
  if (rest[0]?.text.startsWith("-") === true) return [...assigned, ...unknown("env -S with options")];
  return from < 0 ? assigned : [...assigned, { does: "runs", words: rest }];
}

const SUDO = grammar(
  `+ -u= --user= -g= --group= -h= --host= -p= --prompt= -C= --close-from= -D=? --chdir=? -r= --role= -t= --type= -T= --command-timeout= -U= --other-user= -R=? --chroot=? -A? --askpass? -b
   --background -B --bell -E --preserve-env[=] -H --set-home -i? --login? -K> --remove-timestamp> -k --reset-timestamp -l --list -n --non-interactive -N -P --preserve-groups -S --stdin -s? --shell?
   -v> --validate> -V --version -e> --edit> --help !`,
);

/** Judges `sudo`: its options and variables, then a command. */
const judgeSudo: Judge = ({ name, args }) => {
  const line = readCommandLine(SUDO, args);
  const doubts = optionFindings(name, line, SUDO);
  if (isGiven(line, "-l", "--list", "-V", "--version", "--help")) return doubts;
  return [...doubts, ...judgeEnvWords(line.operands)];
};

const SU = grammar(
  "-c= --command= -l --login -m -p --preserve-environment -s=? --shell=? -g= --group= -G= --supp-group= -P --pty -w= -h --help -V --version !",
);

const judgeSu: Judge = ({ name, args }) => {
  const line = readCommandLine(SU, args);
  const text = valueOf(line, "-c", "--command");
  if (isGiven(line, "-h", "--help", "-V", "--version")) return READS;
  return [
    ...optionFindings(name, line, SU),
    ...(text === undefined ? unknown(`${name} runs a shell`) : scripts(text, name)),
  ];
};

/** Commands that run others with other variables, or as another user. */
export const ENVIRONMENTS: Record<string, Judge> = {
  env: judgeEnv,
  sudo: judgeSudo,
  ...shareJudge("su runuser", judgeSu),
};

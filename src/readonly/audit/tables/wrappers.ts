import {
  shareJudge,
  type CommandFinding,
  type Invocation,
  type Judge,
  READS,
  unknown,
  writes,
} from "#readonly/audit/finding.ts";
import { findOption, hasOption, optionValue, type Value } from "#readonly/audit/value.ts";

/** Returns the judge of a program that runs the command after its own options (and after `skip` words of its own). */
const runsTheRest =
  (withValue: readonly string[] = [], skip = 0): Judge =>
  ({ args }) => {
    const rest = afterOptions(args, withValue).slice(skip);
    return rest.length === 0 ? READS : [{ does: "runs", words: rest }];
  };

/** Returns the words from the first non-option on. */
function afterOptions(args: readonly Value[], withValue: readonly string[]): readonly Value[] {
  let index = 0;
  for (; index < args.length; index++) {
    const text = args[index]?.text ?? "";
    if (text === "--") return args.slice(index + 1);
    if (!text.startsWith("-")) break;
    if (withValue.includes(text)) index++;
  }
  return args.slice(index);
}

/** Judges shells: a text after `-c`, a script on standard input, or a file, which the log does not show. */
function judgeShell({ name, args, stdin, hasStdin }: Invocation): readonly CommandFinding[] {
  if (["--version", "--help"].includes(args[0]?.text ?? "")) return READS;
  const at = args.findIndex(({ text }) => /^-[a-zA-Z]*c[a-zA-Z]*$/.test(text));
  if (at >= 0) {
    const script = afterOptions(args.slice(at + 1), [])[0];
    if (script === undefined) return READS;
    return script.isKnown
      ? [{ does: "scripts", text: script.text }]
      : unknown(`${name} -c runs text that is built at run time`);
  }
  if (hasOption(args, "-n")) return READS;
  const file = afterOptions(args, ["-o", "+o", "--rcfile", "--init-file"])[0];
  if (file !== undefined && file.text !== "-") return unknown(`${name} runs a script that the log does not show`);
  if (stdin !== undefined) return [{ does: "scripts", text: stdin }];
  return hasStdin
    ? unknown(`${name} runs its piped input`)
    : unknown(`${name} reads commands that the log does not show`);
}

function judgeEnv({ args }: Invocation): readonly CommandFinding[] {
  const split = optionValue(args, "-S", "--split-string");
  if (split !== undefined) return split.isKnown ? [{ does: "scripts", text: split.text }] : unknown("env -S");
  const rest = afterOptions(args, ["-u", "--unset", "-C", "--chdir"]);
  const from = rest.findIndex(({ text }) => !/^\w+=/.test(text));
  return from < 0 ? READS : [{ does: "runs", words: rest.slice(from) }];
}

function judgeXargs({ args }: Invocation): readonly CommandFinding[] {
  const withValue = [
    "-I",
    "-n",
    "-P",
    "-L",
    "-s",
    "-d",
    "-a",
    "-E",
    "--max-args",
    "--max-procs",
    "--delimiter",
    "--replace",
  ];
  const words = afterOptions(args, withValue);
  if (words.length === 0) return READS;
  // More words follow, which are known only at run time.
  return [{ does: "runs", words: [...words, { text: "…", isKnown: false }] }];
}

function judgeEval({ args }: Invocation): readonly CommandFinding[] {
  if (!args.every(({ isKnown }) => isKnown)) return unknown("eval runs text that is built at run time");
  return [{ does: "scripts", text: args.map(({ text }) => text).join(" ") }];
}

function judgeTrap({ args }: Invocation): readonly CommandFinding[] {
  const [script] = afterOptions(args, []);
  return script === undefined || !script.isKnown ? READS : [{ does: "scripts", text: script.text }];
}

/** Judges `command`; `command -v x` only queries. */
function judgeCommandBuiltin(invocation: Invocation): readonly CommandFinding[] {
  return hasOption(invocation.args, "-v", "-V") ? READS : runsTheRest()(invocation);
}

function judgeTrace(invocation: Invocation): readonly CommandFinding[] {
  const output = optionValue(invocation.args, "-o", "--output");
  const own = output === undefined ? [] : writes(`${invocation.name} -o writes`, [output]);
  return [...own, ...runsTheRest(["-o", "-e", "-p", "-s", "-E"])(invocation)];
}

function judgeFlock({ args }: Invocation): readonly CommandFinding[] {
  const [file, ...rest] = afterOptions(args, ["-w", "-E"]);
  const at = findOption(rest, "-c");
  const script = at === undefined ? undefined : rest[at + 1];
  const made = file === undefined ? [] : writes("flock creates its lock file", [file]);
  return [...made, script === undefined ? { does: "runs", words: rest } : { does: "scripts", text: script.text }];
}

/** Commands that run other commands. */
export const WRAPPERS: Record<string, Judge> = {
  ...shareJudge(["sh", "bash", "dash", "zsh", "ksh", "ash"], judgeShell),
  env: judgeEnv,
  xargs: judgeXargs,
  parallel: judgeXargs,
  eval: judgeEval,
  trap: judgeTrap,
  command: judgeCommandBuiltin,
  sudo: runsTheRest(["-u", "-g", "-h", "-p", "-C", "-D", "-r", "-t", "--user", "--group"]),
  doas: runsTheRest(["-u", "-C"]),
  timeout: runsTheRest(["-s", "-k", "--signal", "--kill-after"], 1),
  nohup: runsTheRest(),
  nice: runsTheRest(["-n", "--adjustment"]),
  ionice: runsTheRest(["-c", "-n", "--class", "--classdata"]),
  setsid: runsTheRest(),
  stdbuf: runsTheRest(["-i", "-o", "-e"]),
  time: runsTheRest(["-f", "-o"]),
  npx: runsTheRest(["-p", "--package"]),
  bunx: runsTheRest(),
  chronic: runsTheRest(),
  builtin: runsTheRest(),
  exec: runsTheRest(["-a"]),
  taskset: runsTheRest([], 1),
  watch: runsTheRest(["-n", "--interval"]),
  chroot: runsTheRest([], 1),
  busybox: runsTheRest(),
  strace: judgeTrace,
  ltrace: judgeTrace,
  flock: judgeFlock,
  source: () => unknown("source runs a file that the log does not show"),
  ".": () => unknown(". runs a file that the log does not show"),
  script: () => unknown("script runs a shell"),
};

import { type CommandFinding, type Invocation, type Judge, READS, unknown, writes } from "#readonly/audit/finding.ts";
import { hasOption, known, operandsOf, optionValue, type Value } from "#readonly/audit/value.ts";
import { judgeSed } from "./sed.ts";

/** Returns the judge of a program that only reads, unless an option names a file to write to. */
const readsUnless =
  (...options: readonly string[]): Judge =>
  ({ name, args }) => {
    const target = optionValue(args, ...options);
    return target === undefined ? READS : writes(`${name} writes its output`, [target]);
  };

function judgeAwk({ args }: Invocation): readonly CommandFinding[] {
  if (args.some(({ text }) => text === "inplace")) return writes("awk -i inplace changes files");
  if (hasOption(args, "-f", "--file")) return unknown("awk runs a program file");
  const program = operandsOf(args, ["-F", "-v", "--assign"])[0];
  if (program === undefined) return READS;
  if (!program.isKnown) return unknown("awk runs a program that is built at run time");
  return judgeAwkProgram(program.text);
}

function judgeAwkProgram(program: string): readonly CommandFinding[] {
  const statements = withoutComparisons(program);
  const target = /\bprintf?\b[^\n;}|]{0,300}?>>?\s{0,9}"([^"]+)"/.exec(statements)?.[1];
  if (target !== undefined) return writes("awk writes a file", [known(target)]);
  const isPrinting = /\bprintf?\b[^\n;}]{0,300}?>>?\s{0,9}[\w$(]/.test(statements);
  if (isPrinting) return writes("awk writes a file");
  return /\bsystem\s{0,9}\(|\|\s{0,9}getline|\|\s{0,9}"/.test(program) ? unknown("awk runs commands") : READS;
}

/** Removes the parts in parentheses, in which `>` compares. */
function withoutComparisons(program: string): string {
  return program.replaceAll(/\([^()]*\)/g, "()");
}

function judgeRipgrep({ name, args }: Invocation): readonly CommandFinding[] {
  return hasOption(args, "--pre") ? unknown(`${name} --pre runs a program`) : READS;
}

function judgeFind({ args }: Invocation): readonly CommandFinding[] {
  const findings: CommandFinding[] = [];
  let next = 0;
  for (const [index, { text }] of args.entries()) {
    if (index < next) continue;
    if (text === "-delete") findings.push(...writes("find -delete removes files"));
    if (/^-fprint(?:f|0)?$|^-fls$/.test(text)) {
      findings.push(...writes(`find ${text} writes`, args.slice(index + 1, index + 2)));
    }
    if (!/^-(?:exec|execdir|ok|okdir)$/.test(text)) continue;
    const words = upToEnd(args, index + 1);
    findings.push({ does: "runs", words });
    next = index + 1 + words.length;
  }
  return findings;
}

/** Returns the words of the command that `find` runs, up to `;` or `+`; `{}` stands for names that are known only at run time. */
function upToEnd(args: readonly Value[], from: number): Value[] {
  const length = args.slice(from).findIndex(({ text }) => text === ";" || text === "+");
  const words = args.slice(from, length < 0 ? undefined : from + length);
  return words.map((word) => (word.text.includes("{}") ? { text: word.text, isKnown: false } : word));
}

function judgeFd({ args }: Invocation): readonly CommandFinding[] {
  const at = args.findIndex(({ text }) => /^(?:-x|-X|--exec|--exec-batch)$/.test(text));
  return at < 0 ? READS : [{ does: "runs", words: args.slice(at + 1) }];
}

const judgeInPlace: Judge = ({ name, args }) =>
  hasOption(args, "-i", "--in-place", "--inplace")
    ? writes(`${name} -i changes files`, operandsOf(args).slice(1))
    : READS;

/** Programs that read, except with certain options. */
export const FILTER_COMMANDS: Record<string, Judge> = {
  sed: judgeSed,
  gsed: judgeSed,
  awk: judgeAwk,
  gawk: judgeAwk,
  mawk: judgeAwk,
  rg: judgeRipgrep,
  find: judgeFind,
  fd: judgeFd,
  fdfind: judgeFd,
  sort: readsUnless("-o", "--output"),
  tree: readsUnless("-o"),
  iconv: readsUnless("-o", "--output"),
  yq: judgeInPlace,
  xxd: ({ args }) => {
    const to = operandsOf(args, ["-c", "-g", "-l", "-o", "-s"])[1];
    return to === undefined ? READS : writes("xxd writes its second file", [to]);
  },
};

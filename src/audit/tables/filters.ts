import { type Finding, type Invocation, type Judge, READS, unknown, writes } from "../finding.ts";
import { hasOption, known, operandsOf, optionValue, type Value } from "../value.ts";

/** An option names a file to write to; otherwise it only reads. */
const readsUnless =
  (...options: readonly string[]): Judge =>
  ({ name, args }) => {
    const target = optionValue(args, ...options);
    return target === undefined ? READS : writes(`${name} writes its output`, [target]);
  };

function streamEdits({ args }: Invocation): readonly Finding[] {
  const files = operandsOf(args, ["-e", "-f", "-l", "--expression", "--file"]);
  const given = optionValue(args, "-e", "--expression");
  if (hasOption(args, "-i", "--in-place")) {
    return writes("sed -i changes files", given === undefined ? files.slice(1) : files);
  }
  if (hasOption(args, "-f", "--file")) return unknown("sed runs a script file");
  const script = given ?? files[0];
  if (script !== undefined && !script.isKnown) return unknown("sed runs a script that is put together at run time");
  return judgeSedScript(script?.text ?? "");
}

/** In a sed script, `w` (also as a flag of `s`) writes a file and `e` runs a command. */
function judgeSedScript(script: string): readonly Finding[] {
  const target = /(?:^|[;\n{}]|[\d$/])\s{0,9}[wW]\s{1,9}(\S+)/.exec(script)?.[1];
  if (target !== undefined) return writes("sed writes a file", [known(target)]);
  for (const flags of substitutionFlags(script)) {
    const file = /^[gpiImM\d]*w\s*(\S+)/.exec(flags)?.[1];
    if (file !== undefined) return writes("sed writes a file", [known(file)]);
    if (/^[gpiImM\d]*e/.test(flags)) return unknown("sed runs commands");
  }
  return /(?:^|[;\n{}])[\s\d$,]{0,40}e(?:\s|$)/.test(script) ? unknown("sed runs commands") : READS;
}

/** What stands after each `s/…/…/` of a script, up to the end of its line. */
function* substitutionFlags(script: string): Generator<string> {
  const start = /(?:^|[;\n{}\s\d$/,!])s([^\w\s\\])/g;
  for (let found = start.exec(script); found !== null; found = start.exec(script)) {
    const end = afterDelimiters(script, start.lastIndex, found[1] ?? "/", 2);
    if (end === undefined) return;
    yield script.slice(end).split(/[\n;}]/, 1)[0] ?? "";
    start.lastIndex = end;
  }
}

/** The place after the `count`th delimiter that no backslash takes its meaning from. */
function afterDelimiters(script: string, from: number, delimiter: string, count: number): number | undefined {
  let left = count;
  for (let index = from; index < script.length; index++) {
    if (script[index] === "\\") index++;
    else if (script[index] === delimiter && --left === 0) return index + 1;
  }
  return undefined;
}

function awks({ args }: Invocation): readonly Finding[] {
  if (args.some(({ text }) => text === "inplace")) return writes("awk -i inplace changes files");
  if (hasOption(args, "-f", "--file")) return unknown("awk runs a program file");
  const program = operandsOf(args, ["-F", "-v", "--assign"])[0];
  if (program === undefined) return READS;
  if (!program.isKnown) return unknown("awk runs a program that is put together at run time");
  return judgeAwkProgram(program.text);
}

function judgeAwkProgram(program: string): readonly Finding[] {
  const statements = withoutComparisons(program);
  const target = /\bprintf?\b[^\n;}|]{0,300}?>>?\s{0,9}"([^"]+)"/.exec(statements)?.[1];
  if (target !== undefined) return writes("awk writes a file", [known(target)]);
  const isPrinting = /\bprintf?\b[^\n;}]{0,300}?>>?\s{0,9}[\w$(]/.test(statements);
  if (isPrinting) return writes("awk writes a file");
  return /\bsystem\s{0,9}\(|\|\s{0,9}getline|\|\s{0,9}"/.test(program) ? unknown("awk runs commands") : READS;
}

/** Within parentheses, `>` compares. */
function withoutComparisons(program: string): string {
  return program.replaceAll(/\([^()]*\)/g, "()");
}

function greps({ name, args }: Invocation): readonly Finding[] {
  return hasOption(args, "--pre") ? unknown(`${name} --pre runs a program`) : READS;
}

function finds({ args }: Invocation): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [index, { text }] of args.entries()) {
    if (text === "-delete") findings.push(...writes("find -delete removes files"));
    if (/^-fprint(?:f|0)?$|^-fls$/.test(text)) {
      findings.push(...writes(`find ${text} writes`, args.slice(index + 1, index + 2)));
    }
    if (/^-(?:exec|execdir|ok|okdir)$/.test(text)) findings.push({ does: "runs", words: upToEnd(args, index + 1) });
  }
  return findings;
}

/** What `find` runs ends with `;` or `+`; `{}` stands for names that only a run tells. */
function upToEnd(args: readonly Value[], from: number): Value[] {
  const length = args.slice(from).findIndex(({ text }) => text === ";" || text === "+");
  const words = args.slice(from, length < 0 ? undefined : from + length);
  return words.map((word) => (word.text.includes("{}") ? { text: word.text, isKnown: false } : word));
}

function finds2({ args }: Invocation): readonly Finding[] {
  const at = args.findIndex(({ text }) => /^(?:-x|-X|--exec|--exec-batch)$/.test(text));
  return at < 0 ? READS : [{ does: "runs", words: args.slice(at + 1) }];
}

const inPlace: Judge = ({ name, args }) =>
  hasOption(args, "-i", "--in-place", "--inplace")
    ? writes(`${name} -i changes files`, operandsOf(args).slice(1))
    : READS;

/** Programs that read, except with certain options. */
export const FILTER_COMMANDS: Record<string, Judge> = {
  sed: streamEdits,
  gsed: streamEdits,
  awk: awks,
  gawk: awks,
  mawk: awks,
  rg: greps,
  find: finds,
  fd: finds2,
  fdfind: finds2,
  sort: readsUnless("-o", "--output"),
  tree: readsUnless("-o"),
  iconv: readsUnless("-o", "--output"),
  yq: inPlace,
  xxd: ({ args }) => {
    const to = operandsOf(args, ["-c", "-g", "-l", "-o", "-s"])[1];
    return to === undefined ? READS : writes("xxd writes its second file", [to]);
  },
};

import { type CommandFinding, type Judge, unknown, writes } from "#readonly/audit/finding.ts";
import { grammar, isGiven, optionFindings, readCommandLine } from "#readonly/audit/options.ts";
import { known } from "#readonly/audit/value.ts";

const AWK = grammar(
  `+ -F= --field-separator= -v= --assign= -f=! --file=! -e= --source= -E=! --exec=! -i=? --include=? -l=! --load=! -b --characters-as-bytes -c --traditional -C --copyright
   -d[=]> --dump-variables[=]> -D[=]? --debug[=]? -g --gen-pot -h --help -I --trace -k --csv -L[=] --lint[=] -M --bignum -n --non-decimal-data -N
   --use-lc-numeric -o[=]> --pretty-print[=]> -O --optimize -p[=]> --profile[=]> -P --posix -r --re-interval -s --no-optimize -S --sandbox -t --lint-old -V
   --version -W=?`,
);

/** Judges `awk`: its options, then its program. */
export const judgeAwk: Judge = ({ name, args }) => {
  if (args.some(({ text }, index) => text === "inplace" && /^-i$|^--include$/.test(args[index - 1]?.text ?? ""))) {
    return writes("awk -i inplace changes files");
  }
  const line = readCommandLine(AWK, args);
  const sources = line.given.filter((option) => /^(?:-e|--source)$/.test(option.name)).map(({ value }) => value);
  const isAsking = isGiven(line, "-V", "--version", "-h", "--help", "-C", "--copyright");
  const programs =
    sources.length > 0 ? sources : isAsking || isGiven(line, "-f", "--file") ? [] : line.operands.slice(0, 1);
  const own = programs.flatMap((program) => {
    if (program === undefined) return [];
    return program.isKnown ? judgeProgram(program.text) : unknown("awk runs a program that is built at run time");
  });
  return [...own, ...optionFindings(name, line, AWK)];
};

/** Token of an awk program: a string, a regular expression, a word, or a sign. */
const TOKEN =
  /"(?:[^"\\]|\\[\s\S])*"|#[^\n]*|[A-Za-z_]\w*|\d[\w.]*|>>|>=|<=|==|!=|\|\||\|&|&&|\+\+|--|\\\n|\s+|[\s\S]/y;
const ENDS_STATEMENT = /^(?:;|\}|\{|\n)$/;
/** Signs after which a slash begins a regular expression. */
const BEFORE_PATTERN =
  /^(?:[(,{};!~?:=<>+*%^&|[-]|&&|\|\||==|!=|<=|>=|>>|\n|print|printf|return|in|case|if|while|else|do)?$/;

/** Finds the output redirections and commands of an awk program; in parentheses, `>` compares. */
function judgeProgram(program: string): readonly CommandFinding[] {
  const tokens = tokensOf(program);
  if (tokens === undefined) return unknown("an awk program that cannot be analyzed");
  const findings: CommandFinding[] = [];
  let printDepth: number | undefined;
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token === "(" || token === "[") depth++;
    if (token === ")" || token === "]") depth--;
    if (ENDS_STATEMENT.test(token)) printDepth = undefined;
    if (token === "print" || token === "printf") printDepth = depth;
    if ((token === ">" || token === ">>") && printDepth !== undefined && depth <= printDepth) {
      findings.push(...redirection(tokens[index + 1], tokens[index + 2]));
    }
    if (token === "|" || token === "|&" || token === "@" || token === "system") {
      return [...findings, ...unknown("awk runs commands")];
    }
  }
  return findings;
}

function redirection(target: string | undefined, next: string | undefined): readonly CommandFinding[] {
  const isWhole = next === undefined || ENDS_STATEMENT.test(next);
  const isPlain = isWhole && target !== undefined && /^"[^"\\]*"$/.test(target);
  return writes("awk writes a file", isPlain ? [known(target.slice(1, -1))] : []);
}

function tokensOf(program: string): string[] | undefined {
  const tokens: string[] = [];
  // Whether each open parenthesis holds a condition, after which a slash begins a regular expression.
  const conditions: boolean[] = [];
  let isAfterCondition = false;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < program.length) {
    const at = TOKEN.lastIndex;
    if (program[at] === "/" && isAfterCondition) return undefined;
    if (program[at] === "/" && BEFORE_PATTERN.test(tokens.at(-1) ?? "")) {
      const end = endOfPattern(program, at + 1);
      if (end === undefined) return undefined;
      tokens.push('""');
      TOKEN.lastIndex = end;
      continue;
    }
    const token = TOKEN.exec(program)?.[0] ?? "";
    if (token === '"' || token === "") return undefined;
    if (token === "\\\n" || token.startsWith("#")) continue;
    if (/^\s+$/.test(token)) {
      if (token.includes("\n")) tokens.push("\n");
      continue;
    }
    if (token === "(") conditions.push(/^(?:if|while|for|switch)$/.test(tokens.at(-1) ?? ""));
    isAfterCondition = token === ")" && conditions.pop() === true;
    tokens.push(token);
  }
  return tokens;
}

/** Returns the position after a regular expression; in brackets, a slash may or may not end it. */
function endOfPattern(program: string, from: number): number | undefined {
  let isInSet = false;
  for (let index = from; index < program.length; index++) {
    const letter = program[index];
    if (letter === "\n") return undefined;
    if (letter === "\\") index++;
    else if (letter === "[") isInSet = true;
    else if (letter === "]") isInSet = false;
    else if (letter === "/") return isInSet ? undefined : index + 1;
  }
  return undefined;
}

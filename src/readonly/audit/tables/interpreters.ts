import { type CommandFinding, type Invocation, type Judge, READS, unknown, writes } from "#readonly/audit/finding.ts";
import { findOption, hasOption, operandsOf, type Value } from "#readonly/audit/value.ts";

/** Patterns, by language, of code that changes something. Code that matches none is still not proven to only read. */
const PYTHON =
  /\bopen\s{0,9}\([^)]{0,300}?,\s{0,9}(?:mode\s{0,9}=\s{0,9})?['"][rbt]*[wax+]|\.write_(?:text|bytes)\s{0,9}\(|\.(?:unlink|rmdir|mkdir|touch|rename|symlink_to|hardlink_to|chmod)\s{0,9}\(|\bos\.(?:remove|rename|replace|makedirs|removedirs|symlink|link|truncate|chown|open)\b|\bshutil\.(?:copy\w*|move|rmtree|make_archive|unpack_archive|chown)\b|\bto_(?:csv|json|excel|parquet|pickle)\s{0,9}\(\s{0,9}['"]/;
const PYTHON_RUNS = /\b(?:os\.system|os\.popen|os\.exec|os\.spawn|subprocess|pty\.|eval\s{0,9}\(|exec\s{0,9}\()/;
const JAVASCRIPT =
  /\b(?:writeFile|appendFile|createWriteStream|mkdir|mkdtemp|rmdir|rm|unlink|rename|copyFile|cp|symlink|link|truncate|chmod|chown|utimes)(?:Sync)?\s{0,9}\(|\bBun\.write\s{0,9}\(|\bDeno\.(?:write\w*|remove|rename|mkdir|truncate)/;
const JAVASCRIPT_RUNS =
  /child_process|execSync|spawnSync|\bexecFile|\bBun\.(?:spawn|\$)|\bDeno\.(?:run|Command)|\beval\s{0,9}\(/;
const PERL =
  /\bopen\b[^;]{0,300}?['"]\s{0,9}\+?[<]?>|\bopen\b[^;]{0,300}?,\s{0,9}['"]?>|\b(?:unlink|rename|mkdir|rmdir|symlink|chmod|chown|truncate|utime)\b/;
const PERL_RUNS = /\bsystem\b|\bexec\b|`|\bqx\b/;
const RUBY =
  /\bFile\.(?:write|delete|unlink|rename|symlink|truncate|chmod|open\s{0,9}\([^)]{0,300}?,\s{0,9}['"][wa])|\bFileUtils\.|\bDir\.(?:mkdir|rmdir|delete)|\bIO\.write|\bFile\.new\s{0,9}\([^)]{0,300}?,\s{0,9}['"][wa]/;
const RUBY_RUNS = /\bsystem\b|\bexec\b|`|%x/;
const PHP = /\b(?:file_put_contents|fwrite|unlink|rename|mkdir|rmdir|copy|touch|symlink|chmod)\s{0,9}\(/;
const PHP_RUNS = /\b(?:system|exec|shell_exec|passthru|popen|proc_open)\s{0,9}\(|`/;

interface Language {
  /** Options that take code as the next word. */
  code: readonly string[];
  writes: RegExp;
  runs: RegExp;
}

const PYTHON_LANGUAGE: Language = { code: ["-c"], writes: PYTHON, runs: PYTHON_RUNS };
const NODE: Language = { code: ["-e", "-p", "--eval", "--print", "-pe"], writes: JAVASCRIPT, runs: JAVASCRIPT_RUNS };
const PERL_LANGUAGE: Language = { code: ["-e", "-E"], writes: PERL, runs: PERL_RUNS };
const RUBY_LANGUAGE: Language = { code: ["-e"], writes: RUBY, runs: RUBY_RUNS };
const PHP_LANGUAGE: Language = { code: ["-r"], writes: PHP, runs: PHP_RUNS };

function interprets(language: Language): Judge {
  return (invocation) => {
    const { name, args } = invocation;
    if (["--version", "-V", "--help", "-h", "-v"].includes(args[0]?.text ?? "") && args.length === 1) return READS;
    if (hasOption(args, "--check")) return READS;
    const code = codeOf(language, invocation);
    if (code === undefined) return unknown(`${name} runs a program that the log does not show`);
    return judgeCode(name, language, code);
  };
}

/** Returns the code on the command line or on standard input. */
function codeOf({ code }: Language, { args, stdin }: Invocation): string | undefined {
  const at = findOption(args, ...code);
  const given = at === undefined ? undefined : args[at + 1];
  if (given !== undefined) return given.isKnown ? given.text : undefined;
  const operand = operandsOf(args)[0];
  return operand === undefined || operand.text === "-" ? stdin : undefined;
}

function judgeCode(name: string, language: Language, code: string): readonly CommandFinding[] {
  if (language.writes.test(code)) return writes(`code for ${name} writes files`);
  if (language.runs.test(code)) return unknown(`code for ${name} runs other programs`);
  return unknown(`code for ${name}`);
}

const READING_MODULES = new Set(["json.tool", "tokenize", "ast", "dis", "site", "platform", "this", "calendar"]);

const judgePython: Judge = (invocation) => {
  const at = findOption(invocation.args, "-m");
  const moduleName = at === undefined ? undefined : invocation.args[at + 1]?.text;
  if (at === undefined || moduleName === undefined) return interprets(PYTHON_LANGUAGE)(invocation);
  const rest = operandsOf(invocation.args.slice(at + 2), ["--indent"]);
  if (moduleName === "json.tool" && rest.length > 1) return writes("json.tool writes a file", rest.slice(1, 2));
  if (READING_MODULES.has(moduleName)) return READS;
  if (moduleName === "pip") return [{ does: "runs", words: [{ text: "pip", isKnown: true }, ...rest] }];
  return unknown(`python -m ${moduleName}`);
};

const judgePerl: Judge = (invocation) => {
  const { args } = invocation;
  // Switches can be combined: -pi, -i.bak, -ne.
  const switches = args.filter(({ text }) => /^-[a-zA-Z]/.test(text));
  if (switches.some(({ text }) => /^-[lnpaws0]*i/.test(text))) {
    return writes("perl -i changes files", filesAfterCode(args));
  }
  const at = args.findIndex(({ text }) => /^-[lnpaws0F]*[eE]$/.test(text));
  const code = args[at + 1];
  if (at >= 0 && code?.isKnown === true) return judgeCode("perl", PERL_LANGUAGE, code.text);
  return interprets(PERL_LANGUAGE)(invocation);
};

function filesAfterCode(args: readonly Value[]): Value[] {
  const at = args.findIndex(({ text }) => /^-[a-zA-Z0]*[eE]$/.test(text));
  return at < 0 ? operandsOf(args).slice(1) : operandsOf(args.slice(at + 2));
}

/** Programs that run code. */
export const INTERPRETERS: Record<string, Judge> = {
  python: judgePython,
  python2: judgePython,
  python3: judgePython,
  node: interprets(NODE),
  nodejs: interprets(NODE),
  deno: ({ args }) => (["check", "lint", "info", "doc"].includes(args[0]?.text ?? "") ? READS : unknown("deno")),
  perl: judgePerl,
  ruby: (invocation) =>
    hasOption(invocation.args, "-i") ? writes("ruby -i changes files") : interprets(RUBY_LANGUAGE)(invocation),
  php: interprets(PHP_LANGUAGE),
};

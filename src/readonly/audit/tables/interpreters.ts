import { type Invocation, type Judge, READS, runs, shareJudge, unknown, writes } from "#readonly/audit/finding.ts";
import { isKnownWord, type Value } from "#readonly/audit/value.ts";

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
  /** Pattern of an option that takes code as the next word. */
  code: RegExp;
  writes: RegExp;
  runs: RegExp;
}

const PYTHON_LANGUAGE: Language = { code: /^-[bBdEhiIOPqsSuvVx]*c$/, writes: PYTHON, runs: PYTHON_RUNS };
const NODE: Language = { code: /^(?:-e|-p|-pe|--eval|--print)$/, writes: JAVASCRIPT, runs: JAVASCRIPT_RUNS };
const PERL_LANGUAGE: Language = { code: /^-[lnpaws0-9FMm]*[eE]$/, writes: PERL, runs: PERL_RUNS };
const RUBY_LANGUAGE: Language = { code: /^-[lnpaws0]*e$/, writes: RUBY, runs: RUBY_RUNS };
const PHP_LANGUAGE: Language = { code: /^-[rBRE]$/, writes: PHP, runs: PHP_RUNS };

/** Returns the judge of an interpreter: code that certainly writes is a write, all other code is unknown. */
const interprets =
  (language: Language): Judge =>
  (invocation) => {
    const { name, args } = invocation;
    if (args.length === 1 && /^(?:--version|-V|--help|-h|-v)$/.test(args[0]?.text ?? "")) return READS;
    const code = codeOf(language, invocation);
    if (code === undefined) return unknown(`${name} runs a program that the log does not show`);
    if (language.writes.test(code)) return writes(`code for ${name} writes files`);
    return unknown(language.runs.test(code) ? `code for ${name} runs other programs` : `code for ${name}`);
  };

/** Returns the code on the command line or on standard input. */
function codeOf({ code }: Language, { args, stdin }: Invocation): string | undefined {
  const at = args.findIndex(({ text }) => code.test(text));
  const given = at < 0 ? undefined : args[at + 1];
  if (given !== undefined) return given.isKnown ? given.text : undefined;
  return args.every(({ text }) => text.startsWith("-")) ? stdin : undefined;
}

const READING_MODULES = new Set(["json.tool", "tokenize", "ast", "dis", "site", "platform", "this", "calendar"]);

const judgePython: Judge = (invocation) => {
  const { args } = invocation;
  const at = args.findIndex(({ text }) => /^-[bBdEiIOPqsSuvx]*m$/.test(text));
  const moduleName = at < 0 ? undefined : args[at + 1]?.text;
  const isFirst = at >= 0 && args.slice(0, at).every(({ text }) => /^-[bBdEIOPqsSuvx]+$/.test(text));
  if (!isFirst || moduleName === undefined) return interprets(PYTHON_LANGUAGE)(invocation);
  const rest = args.slice(at + 2);
  if (moduleName === "pip") return runs(["pip", ...rest]);
  if (!READING_MODULES.has(moduleName) || !rest.every(isKnownWord)) return unknown(`python -m ${moduleName}`);
  if (moduleName !== "json.tool") return READS;
  const files = rest.filter(({ text }, index) => !/^-./.test(text) && rest[index - 1]?.text !== "--indent");
  return files.length > 1 ? writes("json.tool writes a file", files.slice(1, 2)) : READS;
};

/** Judges `perl`, whose switches can be combined: -pi, -i.bak, -ne. */
const judgePerl: Judge = (invocation) => {
  const { args } = invocation;
  const isInPlace = args.some(({ text }) => /^-[lnpaws0-9]*i/.test(text));
  return isInPlace ? writes("perl -i changes files", filesAfterCode(args)) : interprets(PERL_LANGUAGE)(invocation);
};

function filesAfterCode(args: readonly Value[]): Value[] {
  const at = args.findIndex(({ text }) => /^-[a-zA-Z0]*[eE]$/.test(text));
  return args.slice(at < 0 ? 0 : at + 2).filter(({ text }) => !text.startsWith("-"));
}

const judgeRuby: Judge = (invocation) =>
  invocation.args.some(({ text }) => /^-[lnpaws0]*i/.test(text))
    ? writes("ruby -i changes files")
    : interprets(RUBY_LANGUAGE)(invocation);

/** Judges `node`; `--check` only parses a file, unless something else is loaded before. */
const judgeNode: Judge = (invocation) => {
  const [first, file, ...more] = invocation.args;
  const isChecking =
    /^(?:-c|--check)$/.test(first?.text ?? "") && file !== undefined && !file.text.startsWith("-") && more.length === 0;
  return isChecking ? READS : interprets(NODE)(invocation);
};

const judgePhp: Judge = (invocation) => {
  const isAsking = invocation.args.every(({ text }) => /^-(?:-version|-info|-modules|-ini|[vim])$/.test(text));
  const isLinting = invocation.args.length === 2 && /^(?:-l|--syntax-check)$/.test(invocation.args[0]?.text ?? "");
  return invocation.args.length > 0 && (isAsking || isLinting) ? READS : interprets(PHP_LANGUAGE)(invocation);
};

/** Programs that run code. */
export const INTERPRETERS: Record<string, Judge> = {
  ...shareJudge("python python2 python3", judgePython),
  ...shareJudge("node nodejs", judgeNode),
  deno: ({ args }) => (/^(?:--version|-V|info|doc)$/.test(args[0]?.text ?? "") ? READS : unknown("deno")),
  perl: judgePerl,
  ruby: judgeRuby,
  php: judgePhp,
};

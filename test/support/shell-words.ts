import * as fc from "fast-check";

// Words and statements that are safe to run whatever they are put together of: no command substitution, no pipes into
// programs, no redirections but here-strings, and only builtins that change nothing outside the shell.

const plain = fc.constantFrom("a", "b", "x1", "/", ".", "-", "=", ",", ":", "@", "%", "é", "\u00A0");
const special = fc.constantFrom(
  " ",
  "  ",
  "\t",
  "\n",
  "*",
  "?",
  "[b]",
  "$",
  "`",
  ";",
  "|",
  "&",
  ">",
  "(",
  "}",
  "{a,b}",
  "~",
  "#",
  "!",
);
const textIn = (without: string) =>
  fc
    .array(fc.oneof({ weight: 3, arbitrary: plain }, special, fc.constantFrom("'", '"', "\\")), { maxLength: 5 })
    .map((parts) => parts.join("").replaceAll(without, ""));

const variable = fc.constantFrom("x", "y");

const expansion = fc.oneof(
  { weight: 12, arbitrary: variable.map((name) => `$${name}`) },
  { weight: 12, arbitrary: variable.map((name) => `\${${name}}`) },
  { weight: 3, arbitrary: variable.map((name) => `\${${name}:-b}`) },
  { weight: 3, arbitrary: fc.constantFrom("$PWD", "$TMPDIR", "${TMPDIR}") },
  fc
    .tuple(variable, fc.constantFrom("-", ":+", "+", "#", "%", "##", "/", "^^", ",", ":=", "="))
    .map(([name, operator]) => `\${${name}${operator}b}`),
  fc.constantFrom("${#x}", "${x:1}", "${x//a/b}", "${!x}", "$((1 + 2))", "$((y = 5))", "$#", "$1", "$?"),
);
const quoted = fc.oneof(
  textIn("'").map((text) => `'${text}'`),
  fc
    .array(
      fc.oneof(
        textIn("\\").map((text) => text.replaceAll(/["`$]/g, "")),
        fc.constantFrom("\\\\", '\\"', "\\$", "\\a", "\\`", "\\\n"),
        expansion,
      ),
      { maxLength: 4 },
    )
    .map((parts) => `"${parts.join("").replaceAll("!", "")}"`),
  fc
    .array(
      fc.oneof(plain, fc.constantFrom("\\n", "\\t", "\\x41", "\\101", "\\u00e9", "\\'", "\\\\", "\\e", '"', "$", " ")),
      { maxLength: 4 },
    )
    .map((parts) => `$'${parts.join("")}'`),
);
const escaped = fc.constantFrom("\\ ", "\\$", "\\a", "\\\\", "\\'", "\\*", "\\~", "\\{", "\\\n");
const braces = fc.constantFrom(
  "{a,b}",
  "{a,}",
  "{,/x}",
  "{1..3}",
  "{a}",
  "{a,../../b}",
  "{x,'q r'}",
  "{$x,b}",
  "{a,{b,c}}",
  "{a,b}{c,d}",
  "{}",
);
const patterns = fc.constantFrom("*", "?", "[ab]", "*.ts", "[!a]");

/** Words of all kinds that a shell expands without running anything. No word begins with an unquoted tilde. */
export const shellWords: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: plain },
      { weight: 3, arbitrary: quoted },
      { weight: 3, arbitrary: expansion },
      escaped,
      braces,
      patterns,
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => parts.join(""));

const constants = fc.constantFrom("''", "'a b'", "/a", "b", "$TMPDIR/a", "' a'", "'b '", "a,b", "'*'", "a/b");

/** Words that are only a variable. */
export const variableWords = fc.constantFrom('"$x"', "$x", "${x:-b}", "a$x", '"$y"', '"$PWD"');

const values = fc.oneof({ weight: 3, arbitrary: constants }, quoted, shellWords);
/** Assignments of variables. */
export const shellAssignments = fc.tuple(variable, values).map(([name, value]) => `${name}=${value}`);
const simple: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: shellAssignments },
  fc.tuple(shellAssignments, shellAssignments).map((both) => both.join(" ")),
  shellAssignments.map((text) => `${text} :`),
  fc
    .tuple(fc.constantFrom("export", "declare", "declare -u", "declare -i", "readonly -a", "typeset"), shellAssignments)
    .map((both) => both.join(" ")),
  { weight: 4, arbitrary: variable.map((name) => `unset ${name}`) },
  fc.tuple(variable, shellWords).map(([name, word]) => `read ${name} <<< ${word}`),
  fc.tuple(variable, shellWords).map(([name, word]) => `printf -v ${name} %s ${word}`),
  variable.map((name) => `let ${name}=7`),
  variable.map((name) => `((${name} += 1))`),
  fc.tuple(variable, fc.constantFrom(":=", "=")).map(([name, operator]) => `: \${${name}${operator}w}`),
  shellAssignments.map((text) => `eval "${text.replaceAll(/["$`\\!]/g, "")}"`.replace(/^eval ".*'.*"$/s, ":")),
  shellAssignments.map((text) => text.replace("=", "+=")),
  fc.constantFrom("cd .d", "cd .d/.e", "cd ..", "cd .", 'cd "$PWD"', "IFS=/", "IFS=", "set -- p q", ":"),
);

/** Statements that set variables and change the folder, also in ways that do not last or that depend on something. */
export const shellStatements: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: simple },
  fc
    .tuple(fc.constantFrom("true", "false", "x=1", "cd .d"), fc.constantFrom("&&", "||"), simple)
    .map((parts) => parts.join(" ")),
  fc.tuple(simple, simple, simple).map(([a, b, c]) => `${a} && ${b} || ${c}`),
  simple.map((text) => `(${text})`),
  simple.map((text) => `{ ${text}\n}`),
  simple.map((text) => `${text} | :`),
  simple.map((text) => `${text} & wait`),
  simple.map((text) => `! ${text}`),
  fc
    .tuple(fc.constantFrom("true", "false"), simple, simple)
    .map(([test, a, b]) => `if ${test}; then\n${a}\nelse\n${b}\nfi`),
  fc.tuple(fc.constantFrom("1", "1 2", ""), simple).map(([list, text]) => `for i in ${list}; do\n${text}\ndone`),
  fc.tuple(variable, fc.constantFrom("1 2", "")).map(([name, list]) => `for ${name} in ${list}; do :; done`),
  simple.map((text) => `while false; do\n${text}\ndone`),
  fc.tuple(fc.constantFrom("a", "c"), simple).map(([word, text]) => `case ${word} in a)\n${text}\n;; esac`),
  fc.tuple(simple, fc.boolean()).map(([text, isCalled]) => `f() {\n${text}\n}${isCalled ? "; f" : ""}`),
);

import { type CommandFinding, type Judge, unknown, writes } from "#readonly/audit/finding.ts";
import { grammar, isGiven, optionFindings, readCommandLine } from "#readonly/audit/options.ts";
import { known } from "#readonly/audit/value.ts";
import { ScriptReader } from "./sed-script.ts";

const SED = grammar(
  `-n --quiet --silent --debug -e= --expression= -f=! --file=! --follow-symlinks -i[=] --in-place[=] -I[=] -l= --line-length= -E -r --regexp-extended -s --separate
   --sandbox -u --unbuffered -z --null-data --posix -a --help --version -h !`,
);

/** Judges `sed`: with `-i` it changes its files; otherwise its script decides. */
export const judgeSed: Judge = ({ name, args }) => {
  const line = readCommandLine(SED, args);
  if (isGiven(line, "--help", "--version")) return [];
  const given = line.given
    .filter((option) => option.name === "-e" || option.name === "--expression")
    .map(({ value }) => value);
  const hasScript = given.length > 0 || isGiven(line, "-f", "--file");
  const scripts = hasScript ? given : line.operands.slice(0, 1);
  const findings = optionFindings(name, line, SED);
  if (isGiven(line, "-i", "--in-place", "-I")) {
    findings.push(...writes("sed -i changes files", hasScript ? line.operands : line.operands.slice(1)));
  }
  const texts = scripts.flatMap((script) => (script?.isKnown === true ? script.text : []));
  if (texts.length < scripts.length) return [...findings, ...unknown("sed runs a script that is built at run time")];
  return [...findings, ...judgeScript(texts.join("\n"))];
};

/** Judges a sed script: `w` and `W` write a file, also `w` as a flag of `s`; `e` runs a command, also as a flag. */
function judgeScript(script: string): CommandFinding[] {
  const reader = new ScriptReader(script);
  const findings: CommandFinding[] = [];
  while (!reader.isAtEnd()) {
    reader.skipAddress();
    const command = reader.take();
    if (command === "s" || command === "y") {
      const flags = reader.takeSubstitution();
      if (flags === undefined) return [...findings, ...unknown("a sed script that cannot be analyzed")];
      const file = /^[gpiImMe\d]*w\s*(\S.*)/.exec(flags)?.[1];
      if (file !== undefined) findings.push(...writes("sed writes a file", [known(file)]));
      else if (/e/.test(flags)) findings.push(...unknown("sed runs commands"));
      else if (!/^[gpiImM\d\s]*$/.test(flags)) findings.push(...unknown("a sed script that cannot be analyzed"));
    } else if (command === "w" || command === "W") {
      findings.push(...writes("sed writes a file", [known(reader.takeLine().trim())]));
    } else if (command === "e") findings.push(...unknown(`sed runs ${reader.takeLine().trim() || "its input"}`));
    else if (/[aic]/.test(command)) reader.takeText();
    else if (/[rR#]/.test(command)) reader.takeLine();
    else if (/[btTqQlLv:]/.test(command)) reader.takeWord();
    else if (!/^[{}=dDgGhHnNpPxzF]?$/.test(command)) {
      return [...findings, ...unknown("a sed script that cannot be analyzed")];
    }
  }
  return findings;
}

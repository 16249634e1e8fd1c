import { type CommandFinding, type Invocation, READS, unknown, writes } from "#readonly/audit/finding.ts";
import { hasOption, known, operandsOf } from "#readonly/audit/value.ts";

/** Judges `sed`: with `-i` it changes its files; otherwise its script decides. */
export function judgeSed({ args }: Invocation): readonly CommandFinding[] {
  const operands = operandsOf(args, ["-e", "-f", "-l", "--expression", "--file"]);
  const scripts = args.flatMap((word, index) => {
    if (word.text.startsWith("--expression=")) return { ...word, text: word.text.slice("--expression=".length) };
    return /^-[nrEsuz]*e$|^--expression$/.test(word.text) ? (args[index + 1] ?? []) : [];
  });
  if (hasOption(args, "-i", "--in-place")) {
    return writes("sed -i changes files", scripts.length === 0 ? operands.slice(1) : operands);
  }
  if (hasOption(args, "-f", "--file")) return unknown("sed runs a script file");
  const all = scripts.length === 0 ? operands.slice(0, 1) : scripts;
  if (all.some(({ isKnown }) => !isKnown)) return unknown("sed runs a script that is built at run time");
  return judgeScript(all.map(({ text }) => text).join("\n"));
}

/** Judges a sed script: `w` and `W` write a file, also `w` as a flag of `s`; `e` runs a command, also as a flag. */
function judgeScript(script: string): readonly CommandFinding[] {
  const reader = new ScriptReader(script);
  const findings: CommandFinding[] = [];
  while (!reader.isAtEnd()) {
    reader.skipAddress();
    const command = reader.take();
    if (command === "s" || command === "y") {
      const flags = reader.takeSubstitution();
      if (flags === undefined) return unknown("a sed script that cannot be analyzed");
      const file = /^[gpiImM\d]*w\s*(\S.*)/.exec(flags)?.[1];
      if (file !== undefined) findings.push(...writes("sed writes a file", [known(file)]));
      if (/^[gpiImM\d]*e/.test(flags)) findings.push(...unknown("sed runs commands"));
    } else if (command === "w" || command === "W") {
      findings.push(...writes("sed writes a file", [known(reader.takeLine().trim())]));
    } else if (command === "e") findings.push(...unknown(`sed runs ${reader.takeLine().trim() || "its input"}`));
    else if (/[aicrR#]/.test(command)) reader.takeLine();
    else if (/[btTqQlL:v]/.test(command)) reader.takeWord();
  }
  return findings.length === 0 ? READS : findings;
}

/** Reader of a sed script, from left to right. */
class ScriptReader {
  readonly #script: string;
  #at = 0;

  constructor(script: string) {
    this.#script = script;
  }

  /** Returns whether the script has ended, after skipping separators of commands. */
  isAtEnd(): boolean {
    this.#takeWhile(/[\s;{}]/);
    return this.#at >= this.#script.length;
  }

  /** Skips an address: `1`, `$`, `/…/`, `\c…c`, two of them with a comma, steps, and `!`. */
  skipAddress(): void {
    for (;;) {
      this.#takeWhile(/[\d$,!~+\s]/);
      const next = this.#script[this.#at];
      if (next === "/") this.#at = this.#after("/", this.#at + 1);
      else if (next === "\\") this.#at = this.#after(this.#script[this.#at + 1] ?? "/", this.#at + 2);
      else return;
      this.#takeWhile(/[IM]/);
    }
  }

  take(): string {
    return this.#script[this.#at++] ?? "";
  }

  /** Skips a substitution, and returns the flags after `s/…/…/`; undefined if it is incomplete. */
  takeSubstitution(): string | undefined {
    const delimiter = this.take();
    const middle = this.#after(delimiter, this.#at);
    this.#at = this.#after(delimiter, middle, false);
    if (delimiter === "" || this.#script[this.#at - 1] !== delimiter) return undefined;
    const flags = this.#script.slice(this.#at).split(/[\n;}]/, 1)[0] ?? "";
    this.#at += flags.length;
    return flags;
  }

  takeLine(): string {
    return this.#takeWhile(/[^\n]/);
  }

  takeWord(): string {
    return this.#takeWhile(/[^\n;}]/);
  }

  /** Returns the position after the next delimiter that is neither escaped by a backslash nor inside `[…]` of a pattern. */
  #after(delimiter: string, from: number, isPattern = true): number {
    let isInSet = false;
    for (let index = from; index < this.#script.length; index++) {
      const letter = this.#script[index];
      if (letter === "\\") index++;
      else if (letter === "[" && delimiter !== "[") isInSet = isPattern;
      else if (letter === "]") isInSet = false;
      else if (letter === delimiter && !isInSet) return index + 1;
    }
    return this.#script.length;
  }

  #takeWhile(letters: RegExp): string {
    const from = this.#at;
    while (this.#at < this.#script.length && letters.test(this.#script.charAt(this.#at))) this.#at++;
    return this.#script.slice(from, this.#at);
  }
}

/** Reader of a sed script, from left to right. */
export class ScriptReader {
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
    if (delimiter === "\n" || delimiter === "\\") return undefined;
    const middle = this.#after(delimiter, this.#at);
    this.#at = this.#after(delimiter, middle, false);
    if (delimiter === "" || this.#script[this.#at - 1] !== delimiter || middle >= this.#at) return undefined;
    // The name of a file goes to the end of the line.
    const line = this.#script.slice(this.#at).split("\n", 1)[0] ?? "";
    const flags = /^[gpiImMe\d]*w/.test(line) ? line : (line.split(/[;}#]/, 1)[0] ?? "");
    this.#at += flags.length;
    return flags;
  }

  takeLine(): string {
    return this.#takeWhile(/[^\n]/);
  }

  takeWord(): string {
    return this.#takeWhile(/[^\n;}]/);
  }

  /** Skips the text of `a`, `i` and `c`, which continues after a line that ends in a backslash. */
  takeText(): void {
    let line: string;
    do {
      line = this.takeLine();
      if (this.#at < this.#script.length) this.#at++;
    } while (/(?:^|[^\\])(?:\\\\)*\\$/.test(line) && this.#at < this.#script.length);
  }

  /** Returns the position after the next delimiter that is neither escaped by a backslash nor inside `[…]` of a pattern. */
  #after(delimiter: string, from: number, isPattern = true): number {
    let setStart: number | undefined;
    for (let index = from; index < this.#script.length; index++) {
      const letter = this.#script[index];
      if (setStart !== undefined) {
        // A bracket that comes first, and one within `[:…:]`, does not end the set.
        const isFirst = index === setStart || (index === setStart + 1 && this.#script[setStart] === "^");
        const isClass = this.#script[index - 1] === ":" && this.#script.lastIndexOf("[:", index - 2) > setStart - 1;
        if (letter === "]" && !isFirst && !isClass) setStart = undefined;
      } else if (letter === "\\") index++;
      else if (letter === "[" && delimiter !== "[" && isPattern) setStart = index + 1;
      else if (letter === delimiter) return index + 1;
    }
    return this.#script.length;
  }

  #takeWhile(letters: RegExp): string {
    const from = this.#at;
    while (this.#at < this.#script.length && letters.test(this.#script.charAt(this.#at))) this.#at++;
    return this.#script.slice(from, this.#at);
  }
}

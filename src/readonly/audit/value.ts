/** A word of a command after expansion, as far as that can be predicted. */
export interface Value {
  text: string;
  /** Whether all of it is known; false if a part comes from a variable, a command, or anything else known only at run time. */
  isKnown: boolean;
}

/** Returns a value whose text is known. */
export function known(text: string): Value {
  return { text, isKnown: true };
}

/** Returns whether one of the short options (`-i`, also within `-ni`) or long options (`--in-place`, also with `=`) is present. */
export function hasOption(args: readonly Value[], ...options: readonly string[]): boolean {
  return findOption(args, ...options) !== undefined;
}

/** Returns the index of the first of these options; words after `--` are not options. */
export function findOption(args: readonly Value[], ...options: readonly string[]): number | undefined {
  const end = args.findIndex(({ text }) => text === "--");
  const index = args
    .slice(0, end < 0 ? undefined : end)
    .findIndex(({ text }) => options.some((option) => isOption(text, option)));
  return index < 0 ? undefined : index;
}

function isOption(word: string, option: string): boolean {
  if (option.startsWith("--")) return word === option || word.startsWith(`${option}=`);
  return word === option || (option.length === 2 && /^-[A-Za-z0-9]/.test(word) && word.includes(option.charAt(1), 1));
}

/** Returns the value of an option: `--output=x`, `--output x`, `-ox`, `-o x`. */
export function optionValue(args: readonly Value[], ...options: readonly string[]): Value | undefined {
  const index = findOption(args, ...options);
  const word = index === undefined ? undefined : args[index];
  if (index === undefined || word === undefined) return undefined;
  if (word.text.startsWith("--")) {
    const equals = word.text.indexOf("=");
    return equals < 0 ? args[index + 1] : { ...word, text: word.text.slice(equals + 1) };
  }
  const letter = options.find((option) => option.length === 2 && word.text.includes(option.charAt(1), 1));
  const rest = word.text.slice(word.text.indexOf(letter?.charAt(1) ?? "", 1) + 1);
  return rest === "" ? args[index + 1] : { ...word, text: rest };
}

/** Returns the words that are not options. @param withValue options that take the next word as their value */
export function operandsOf(args: readonly Value[], withValue: readonly string[] = []): Value[] {
  const operands: Value[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index];
    if (word === undefined) break;
    if (word.text === "--") return [...operands, ...args.slice(index + 1)];
    if (word.text.startsWith("-") && word.text !== "-") {
      if (withValue.includes(word.text)) index++;
    } else operands.push(word);
  }
  return operands;
}

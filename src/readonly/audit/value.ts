/** A word of a command after expansion, as far as that can be foreseen. */
export interface Value {
  text: string;
  /** False where a part of it comes from a variable, a command, or anything else that only a run tells. */
  isKnown: boolean;
}

/** A word that is known. */
export function known(text: string): Value {
  return { text, isKnown: true };
}

/** Whether one of the short options (`-i`, also within `-ni`) or long ones (`--in-place`, also with `=`) is there. */
export function hasOption(args: readonly Value[], ...options: readonly string[]): boolean {
  return findOption(args, ...options) !== undefined;
}

/** The place of the first of these options; what comes after `--` is no option. */
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

/** An option's value: `--output=x`, `--output x`, `-ox`, `-o x`. */
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

/** The words that are no options. @param withValue the options that take the next word as their value */
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

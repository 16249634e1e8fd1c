/** A word of a command after expansion, as far as that can be predicted. */
export interface Value {
  /** The text; of a value that is not known, its known beginning. */
  text: string;
  /** Whether all of it is known; false if a part comes from a variable, a command, or anything else known only at run time. */
  isKnown: boolean;
  /** Set if the shell may make any number of words of it, as of an unquoted variable. */
  isSplit?: true;
  /** Set if it is not known but cannot begin an option, such as the name of a file in a folder that is known. */
  isOperand?: true;
}

/** A value of which nothing is known. */
export const UNKNOWN_VALUE: Value = { text: "", isKnown: false };

/** Returns a value whose text is known. */
export function known(text: string): Value {
  return { text, isKnown: true };
}

/** Returns whether an unknown value may be or contain an option of the program that it is passed to. */
export function mayBeOption({ text, isKnown, isSplit, isOperand }: Value): boolean {
  return !isKnown && isOperand !== true && (isSplit === true || text === "");
}

/** Returns a value without its first characters. */
export function withoutStart(value: Value, length: number): Value {
  return { ...value, text: value.text.slice(length) };
}

/** Returns whether all of a value is known. */
export function isKnownWord({ isKnown }: Value): boolean {
  return isKnown;
}

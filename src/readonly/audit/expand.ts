import type { AssignmentPrefix, ParameterExpansionPart, ParsedScript, Word, WordPart } from "unbash";
import type { Scope } from "./scope.ts";
import { known, type Value } from "./value.ts";

const UNKNOWN: Value = { text: "", isKnown: false };

/** Returns a word after expansion, as far as it can be predicted. A pattern (`*.ts`) is kept as it is: it stands for existing files. */
export function expandWord(word: Word, scope: Scope): Value {
  return word.parts === undefined ? known(word.value) : joinValues(word.parts.map((part) => expandPart(part, scope)));
}

/** Marks of a place where a word is split, and of a quoted part, which makes a word even if it is empty. No shell word contains NUL. */
const SPLIT = "\0 ";
const QUOTED = "\0q";
/** Maximum number of words that braces are expanded to. */
const MAX_WORDS = 100;

/** Returns the words that a word becomes: unquoted variables are split (`x='rm -rf'; $x src`), braces are multiplied (`{a,b}.ts`). */
export function expandWords(word: Word, scope: Scope): Value[] {
  if (word.parts === undefined) return [expandWord(word, scope)];
  let words: Value[] = [known("")];
  for (const [index, part] of word.parts.entries()) {
    // Braces come first: `$x{a,b}` is `$xa $xb`.
    const isInName = word.parts[index - 1]?.type === "SimpleExpansion";
    const isBrace = part.type === "BraceExpansion";
    const choices = isBrace ? (isInName ? [UNKNOWN] : expandBraces(part.text)) : [expandUnquoted(part, scope)];
    words = words.flatMap((start) => choices.map((end) => joinValues([start, end])));
    if (words.length > MAX_WORDS) return [UNKNOWN];
  }
  return words.flatMap((value) =>
    value.isKnown ? splitMarked(value.text) : [{ ...expandWord(word, scope), isKnown: false }],
  );
}

/** Returns what `{a,b}` stands for; nested braces, quotes and sequences (`{1..3}`) are not followed. */
function expandBraces(text: string): Value[] {
  const [, list] = /^\{([^{}\\'"`$]*,[^{}\\'"`$]*)\}$/.exec(text) ?? [];
  return list === undefined ? [UNKNOWN] : list.split(",").map(known);
}

/** Expands a part of a word, with the marks by which the word is split. */
function expandUnquoted(part: WordPart, scope: Scope): Value {
  const value = expandPart(part, scope);
  switch (part.type) {
    case "SimpleExpansion":
    case "ParameterExpansion":
      if (scope.isAssigned("IFS")) return UNKNOWN;
      return { ...value, text: value.text.replace(/[ \t\n]+/g, SPLIT) };
    case "SingleQuoted":
    case "AnsiCQuoted":
    case "DoubleQuoted":
    case "LocaleString":
      return { ...value, text: QUOTED + value.text };
    default:
      return value;
  }
}

function splitMarked(text: string): Value[] {
  const words = text.split(SPLIT).filter((word) => word !== "");
  return words.map((word) => known(word.replaceAll(QUOTED, "")));
}

/** Returns the value of an assignment; the value of an array is not followed. */
export function expandAssignment({ value, append }: AssignmentPrefix, scope: Scope): Value {
  return value.type === "Word" && append !== true ? expandWord(value, scope) : UNKNOWN;
}

/** Expands the body of a heredoc, or another text that contains expansions. */
export function expandParts(text: string, parts: readonly WordPart[] | undefined, scope: Scope): Value {
  return parts === undefined ? known(text) : joinValues(parts.map((part) => expandPart(part, scope)));
}

function joinValues(values: readonly Value[]): Value {
  return { text: values.map(({ text }) => text).join(""), isKnown: values.every(({ isKnown }) => isKnown) };
}

function expandPart(part: WordPart, scope: Scope): Value {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return known(part.value);
    case "Glob":
    case "ExtendedGlob":
      return known(part.text);
    case "BraceExpansion":
      return /['"`$\\]/.test(part.text) ? UNKNOWN : known(part.text);
    case "DoubleQuoted":
    case "LocaleString":
      return joinValues(part.parts.map((child) => expandPart(child, scope)));
    case "SimpleExpansion":
      return variable(part.text.slice(1), scope);
    case "ParameterExpansion":
      return expandParameter(part, scope);
    case "CommandExpansion":
      return isMktemp(part.script) ? known(`${scope.surroundings.temporary}/mktemp`) : UNKNOWN;
    case "ProcessSubstitution":
      // The shell substitutes the name of a pipe.
      return known("/dev/fd/63");
    case "ArithmeticExpansion":
      return UNKNOWN;
  }
}

/** Expands `${x}`, and `${x:-…}` of a variable that is not empty; other forms are not followed. */
function expandParameter(part: ParameterExpansionPart, scope: Scope): Value {
  const { operation, prefix, index } = part;
  if (prefix !== undefined || index !== undefined) return UNKNOWN;
  const value = variable(part.parameter, scope);
  if (operation === undefined) return value;
  return operation.type === "Default" && operation.operator === ":-" && value.text !== "" ? value : UNKNOWN;
}

function variable(name: string, scope: Scope): Value {
  const text = scope.valueOf(name);
  return text === undefined ? UNKNOWN : known(text);
}

/** Returns whether a script is `mktemp` without a template of its own, which creates its files in the run's temporary folder. */
function isMktemp(script: ParsedScript | undefined): boolean {
  const [statement, ...more] = script?.commands ?? [];
  if (statement === undefined || more.length > 0 || statement.command.type !== "Command") return false;
  const { name, args } = statement.command;
  return name?.value === "mktemp" && args.every(({ text }) => text === "-d" || text === "-q" || text === "-t");
}

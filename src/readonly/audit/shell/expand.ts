import type { Assignment, ParameterExpansionPart, ParsedScript, Word, WordPart } from "unbash";
import { known, UNKNOWN_VALUE, type Value } from "#readonly/audit/value.ts";
import { expandBraces } from "./braces.ts";
import type { Scope } from "./scope.ts";

/** A part of a word; what is not quoted may be split into several words. */
interface Piece extends Value {
  isQuoted: boolean;
  /** Set if this stands for several words even when it is quoted (`"$@"`). */
  isList?: true;
}

/** Commands whose output is one word that cannot begin an option. */
const OPERAND_OUTPUT =
  /^(?:pwd|nproc|git merge-base(?: --fork-point| --octopus)?(?: [\w/.@~^][\w/.@~^-]*)+|git rev-parse(?: --short| --verify| --show-toplevel)*(?: HEAD)?|date \+%[sYmdHM%-]*|wc -[lcw])$/;

/** Expands a word that is not split, such as a value or the target of a redirection. Patterns stay: they stand for existing files. */
export function expandWord(word: Word, scope: Scope): Value {
  return word.parts === undefined ? known(word.value) : expandParts(word.value, word.parts, scope);
}

/** Returns the words that the shell makes of a word of a command. */
export function expandWords(word: Word, scope: Scope): Value[] {
  if (word.parts === undefined) return [known(word.value)];
  const all = allParameters(word.parts, scope);
  if (all !== undefined) return [...all];
  const braces = expandBraces(word);
  if (braces !== undefined) return braces;
  return split(word.parts.flatMap((part) => expandPart(part, scope)));
}

/** Returns the value of an assignment; the value of an array is not followed. */
export function expandAssignment({ value, append, index }: Assignment, scope: Scope): Value {
  if (value.type !== "Word" || append === true || index !== undefined) return UNKNOWN_VALUE;
  // bash refuses brackets that are not quoted, which the parser accepts.
  const literals =
    value.parts === undefined
      ? [value.value]
      : value.parts.flatMap((part) => (part.type === "Literal" ? part.value : []));
  return literals.some((text) => text.includes("(")) ? UNKNOWN_VALUE : expandWord(value, scope);
}

/** Expands the body of a heredoc, or another text that contains expansions. */
export function expandParts(text: string, parts: readonly WordPart[] | undefined, scope: Scope): Value {
  if (parts === undefined) return known(text);
  return joinValues(parts.flatMap((part) => expandPart(part, scope)));
}

function joinValues(values: readonly Value[]): Value {
  const first = values.findIndex(({ isKnown }) => !isKnown);
  if (first < 0) return known(values.map(({ text }) => text).join(""));
  const text = values
    .slice(0, first + 1)
    .map((value) => value.text)
    .join("");
  const isOperand = text === "" ? values[first]?.isOperand === true : !text.startsWith("-");
  return { text, isKnown: false, ...(isOperand && { isOperand }) };
}

/** Splits unquoted values at blanks. */
function split(pieces: readonly Piece[]): Value[] {
  const words: Piece[][] = [[]];
  let isSplit = false;
  for (const piece of pieces) {
    isSplit ||= piece.isSplit === true;
    const texts = piece.isQuoted || !piece.isKnown ? [piece.text] : piece.text.split(/[ \t\n]+/);
    for (const [index, text] of texts.entries()) {
      if (index > 0) words.push([]);
      if (text !== "" || piece.isQuoted || !piece.isKnown) words.at(-1)?.push({ ...piece, text });
    }
  }
  const values = words.filter((word) => word.length > 0).map(joinValues);
  return isSplit ? values.map((value): Value => (value.isKnown ? value : { ...value, isSplit })) : values;
}

/** Returns the arguments of the running function if a word is `"$@"`. */
function allParameters(parts: readonly WordPart[], scope: Scope): readonly Value[] | undefined {
  const [part, ...more] = parts;
  const inner = part?.type === "DoubleQuoted" && part.parts.length === 1 ? part.parts[0] : part;
  const isAll = more.length === 0 && inner?.type === "SimpleExpansion" && inner.text === "$@";
  return isAll ? scope.parameters : undefined;
}

function expandPart(part: WordPart, scope: Scope): Piece[] {
  switch (part.type) {
    case "Literal":
      // Nothing is left of a line that continues.
      return part.value === "" ? [] : [{ ...known(part.value), isQuoted: true }];
    case "SingleQuoted":
    case "AnsiCQuoted":
      return [{ ...known(part.value), isQuoted: true }];
    case "Glob":
    case "ExtendedGlob":
      return [{ ...known(part.text), isQuoted: true }];
    case "BraceExpansion":
      // Where braces are not expanded, as in assignments, quotes and variables within them still are.
      return [{ ...(/['"`$\\]/.test(part.text) ? UNKNOWN_VALUE : known(part.text)), isQuoted: true }];
    case "DoubleQuoted":
    case "LocaleString": {
      const pieces = part.parts.flatMap((child) => expandPart(child, scope));
      const quoted = pieces.map((piece) => quote(piece));
      return quoted.length === 0 ? [{ ...known(""), isQuoted: true }] : quoted;
    }
    case "SimpleExpansion":
      return [unquoted(variable(part.text.slice(1), scope), scope)];
    case "ParameterExpansion":
      return [unquoted(expandParameter(part, scope), scope)];
    case "CommandExpansion":
      return [unquoted(expandCommand(part.script, part.text, scope), scope)];
    case "ProcessSubstitution":
      // The shell substitutes the name of a pipe.
      return [{ ...known("/dev/fd/63"), isQuoted: true }];
    case "ArithmeticExpansion":
      // A number may be negative, but is never a long option.
      return [{ ...UNKNOWN_VALUE, isQuoted: true, isOperand: true }];
  }
}

function quote(piece: Piece): Piece {
  const isList = piece.text === "" && piece.isList === true;
  const { isSplit: _, ...rest } = piece;
  return isList ? { ...rest, isQuoted: true, isSplit: true } : { ...rest, isQuoted: true };
}

function unquoted(value: Value & { isList?: true }, scope: Scope): Piece {
  if (value.isKnown && !scope.splitsOtherwise) return { ...value, isQuoted: false };
  const isUnclear = value.isKnown || value.isOperand !== true;
  const rest = value.isKnown ? UNKNOWN_VALUE : value;
  return { ...rest, isQuoted: false, ...(isUnclear && { isSplit: true as const }) };
}

/** Expands `${x}`, and `${x:-…}` of a variable that is set; other forms are not followed. */
function expandParameter(part: ParameterExpansionPart, scope: Scope): Value & { isList?: true } {
  const { operation, prefix, index, parameter } = part;
  if (prefix === "#") return { ...UNKNOWN_VALUE, isOperand: true };
  if (prefix !== undefined || index !== undefined) return { ...UNKNOWN_VALUE, isList: true };
  if (operation === undefined) return variable(parameter, scope);
  if (operation.type !== "Default" || operation.operator !== ":-") return { ...UNKNOWN_VALUE, isList: true };
  const value = variable(parameter, scope);
  if (!value.isKnown) return value.isOperand === true ? UNKNOWN_VALUE : value;
  return value.text === "" ? expandWord(operation.operand, scope) : value;
}

function variable(name: string, scope: Scope): Value & { isList?: true } {
  if (name === "@" || name === "*") return { ...UNKNOWN_VALUE, isList: true };
  if (/^[?#$!]$/.test(name)) return { ...UNKNOWN_VALUE, isOperand: true };
  if (/^[1-9]\d*$/.test(name)) return scope.parameters?.[Number(name) - 1] ?? UNKNOWN_VALUE;
  return scope.valueOf(name);
}

function expandCommand(script: ParsedScript | undefined, text: string, scope: Scope): Value {
  if (scope.functions.size > 0 || scope.aliases.size > 0) return UNKNOWN_VALUE;
  if (isMktemp(script)) return known(`${scope.surroundings.temporary}/mktemp`);
  const source = text.startsWith("$(") ? text.slice(2, -1).trim() : "";
  return OPERAND_OUTPUT.test(source) ? { ...UNKNOWN_VALUE, isOperand: true } : UNKNOWN_VALUE;
}

/** Returns whether a script is `mktemp` without a template of its own, which creates its files in the run's temporary folder. */
function isMktemp(script: ParsedScript | undefined): boolean {
  const [statement, ...more] = script?.commands ?? [];
  if (statement === undefined || more.length > 0 || statement.command.type !== "Command") return false;
  const { name, args } = statement.command;
  return name?.value === "mktemp" && args.every(({ text }) => text === "-d" || text === "-q" || text === "-t");
}

import type { AssignmentPrefix, ParameterExpansionPart, ParsedScript, Word, WordPart } from "unbash";
import type { Scope } from "./scope.ts";
import { known, type Value } from "./value.ts";

const UNKNOWN: Value = { text: "", isKnown: false };

/** Returns a word after expansion, as far as it can be predicted. A pattern (`*.ts`) is kept as it is: it stands for existing files. */
export function expandWord(word: Word, scope: Scope): Value {
  return word.parts === undefined ? known(word.value) : joinValues(word.parts.map((part) => expandPart(part, scope)));
}

/** Returns the words that an unquoted variable is split into: `x='rm -rf'; $x src`. */
export function expandWords(word: Word, scope: Scope): Value[] {
  const value = expandWord(word, scope);
  const isBare = word.parts?.length === 1 && /^(?:Simple|Parameter)Expansion$/.test(word.parts[0]?.type ?? "");
  return isBare && value.isKnown ? value.text.split(/\s+/).filter(Boolean).map(known) : [value];
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
    case "BraceExpansion":
      return known(part.text);
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

/** Expands `${x}`, and `${x:-…}` of a variable that is set; other forms are not followed. */
function expandParameter(part: ParameterExpansionPart, scope: Scope): Value {
  const { operation, prefix, index } = part;
  if (prefix !== undefined || index !== undefined) return UNKNOWN;
  const isFollowed = operation === undefined || (operation.type === "Default" && operation.operator === ":-");
  return isFollowed ? variable(part.parameter, scope) : UNKNOWN;
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

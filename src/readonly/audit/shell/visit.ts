import type { AndOr, SyntaxNode } from "unbash";
import { UNKNOWN_VALUE, type Value } from "#readonly/audit/value.ts";
import { expandAssignment, expandWords } from "./expand.ts";
import { children, type CommandInput, type Place, type Visitor, withoutCheck } from "./place.ts";
import type { Scope } from "./scope.ts";
import { setVariable } from "./shell-state.ts";
import { decidesPrograms } from "./variables.ts";
import { visitText } from "./visit-text.ts";

/** Number of times that the body of a loop is followed before what it changes counts as unknown. */
const MAX_PASSES = 3;

/** Syntax nodes that leave a command's exit status as that of the whole. */
const PLAIN = new Set([
  "Script",
  "Statement",
  "Command",
  "Word",
  "Redirect",
  "HereDoc",
  "HereString",
  "HereDocDelimiter",
]);
const PLAIN_PARTS = /^(?:Literal|SingleQuoted|AnsiCQuoted)$|^FileDescriptor/;

/** Visits a node of a script: what the shell does with it, in the order in which it would. */
export function visitNode(visitor: Visitor, node: SyntaxNode, scope: Scope, depth: number, input: CommandInput): void {
  const place: Place = { visitor, scope, depth, input };
  const isPlain = PLAIN.has(node.type) || PLAIN_PARTS.test(node.type);
  if (!isPlain || (node.type === "Statement" && node.background === true)) visitor.isNested = true;
  if (!visitCommand(place, node) && !visitControl(place, node)) visitText(place, node);
}

/** Visits what runs commands. @returns whether the node is of that kind */
function visitCommand(place: Place, node: SyntaxNode): boolean {
  const { visitor, scope, depth, input } = place;
  switch (node.type) {
    case "Statement":
      visitor.node(node.command, node.background === true ? scope.copy() : scope, depth, input);
      return true;
    case "Command": {
      const isAlone = node.name === undefined;
      const first = node.name?.value ?? "";
      for (const child of node.prefix) {
        // For a command, a variable is set while it runs only.
        if (child.type === "Assignment" && !isAlone) visitPrefix(place, child, first);
        else visitor.node(child, scope, depth);
      }
      if (node.name !== undefined) visitor.node(node.name, scope, depth);
      // Assignments among the arguments are those of builtins (`export x=1`), which say what they mean.
      for (const child of node.suffix) {
        if (child.type === "Assignment") children(place, child);
        else visitor.node(child, scope, depth);
      }
      visitor.command(node, scope, depth, input);
      return true;
    }
    case "Pipeline":
      visitor.pipeline(node.commands, scope, depth, input);
      return true;
    case "AndOr":
      visitList(place, node);
      return true;
    case "Subshell":
      children(place, node, scope.copy());
      return true;
    case "Coproc":
      if (node.name !== undefined) setVariable(visitor, node.name.value, UNKNOWN_VALUE, scope);
      visitor.node(node.body, scope.copy(), depth);
      return true;
    case "Function":
      visitor.define(node.name.value, { body: node.body, scope, depth });
      return true;
    default:
      return false;
  }
}

function visitPrefix(place: Place, node: Extract<SyntaxNode, { type: "Assignment" }>, command: string): void {
  const { visitor, scope } = place;
  children(place, node);
  const value = expandAssignment(node, scope);
  const isForReading = node.name === "IFS" && /^(?:read|mapfile|readarray)$/.test(command);
  if (isForReading) return;
  if (decidesPrograms(node.name, value)) visitor.unknown(`${node.name} determines which programs run`);
  scope.assign(node.name, UNKNOWN_VALUE);
}

/** Visits `a && b || c`: what follows `&&` is certain to come after it, but nothing of it is certain after the list. */
function visitList({ visitor, scope, depth, input }: Place, { commands, operators }: AndOr): void {
  const before = scope.startBranch();
  const wasChecked = visitor.isChecked;
  for (const [index, command] of commands.entries()) {
    visitor.isChecked = operators[index] === "&&";
    visitor.node(command, scope, depth, input);
    // The first command runs in any case, though it may fail.
    if (index === 0) before.names = scope.startBranch().names;
    if (operators[index] === "||" || operators[index - 1] === "||") scope.endBranch(before);
  }
  visitor.isChecked = wasChecked;
  scope.endBranch(before);
}

/** Visits what decides whether and how often commands run. @returns whether the node is of that kind */
function visitControl(place: Place, node: SyntaxNode): boolean {
  const { visitor, scope } = place;
  switch (node.type) {
    case "If":
    case "Case": {
      const before = scope.startBranch();
      withoutCheck(visitor, () => children(place, node));
      scope.endBranch(before);
      return true;
    }
    case "For":
    case "Select": {
      const words = node.wordlist?.flatMap((word) => expandWords(word, scope));
      loop(place, node, () => setVariable(visitor, node.name.value, elementOf(words, node.type), scope));
      return true;
    }
    case "While":
    case "ArithmeticFor":
      loop(place, node, () => {});
      return true;
    default:
      return false;
  }
}

/** Returns what is known of the variable of a loop over words. */
function elementOf(words: readonly Value[] | undefined, type: "For" | "Select"): Value {
  if (words === undefined || type === "Select") return UNKNOWN_VALUE;
  const [first, ...more] = words;
  if (first?.isKnown === true && more.length === 0 && !/[*?[]/.test(first.text)) return first;
  const areOperands = words.every(
    ({ text, isKnown, isOperand }) => isOperand === true || (isKnown && /^[^-\s]\S*$/.test(text)),
  );
  return areOperands ? { ...UNKNOWN_VALUE, isOperand: true } : UNKNOWN_VALUE;
}

/** Visits a loop until it changes nothing more. */
function loop(place: Place, node: SyntaxNode, start: () => void): void {
  const { visitor, scope } = place;
  const before = scope.startBranch();
  let changes: number;
  let passes = 0;
  do {
    changes = scope.changes;
    start();
    withoutCheck(visitor, () => children(place, node));
    if (++passes > MAX_PASSES) return visitor.unknown("a loop that changes too much to be followed");
  } while (scope.changes !== changes);
  scope.endBranch(before);
}

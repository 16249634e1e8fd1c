import type { ParsedScript, SyntaxNode, Word } from "unbash";
import { UNKNOWN_VALUE } from "#readonly/audit/value.ts";
import { expandAssignment } from "./expand.ts";
import { children, type Place, withoutCheck } from "./place.ts";
import { setVariable } from "./shell-state.ts";

/** Node types that only hold others, which are judged where they are. */
const HOLDERS =
  /^(?:Script|CompoundList|CaseItem|Elif|Word|Literal|Glob|SingleQuoted|DoubleQuoted|AnsiCQuoted|LocaleString|SimpleExpansion|BraceExpansion|Remove|Replace|Slice|CaseModification|Names|ArrayValue|HereString|HereDoc|HereDocDelimiter|HereDocBody|FileDescriptor|FileDescriptorVariable|Time|Negation|BraceGroup|TestLogical|TestNot|TestGroup|ArithmeticTernary|ArithmeticGroup|ArithmeticExpansion|ArithmeticCommand|TestCommand|Redirected|Default)$/;

/** Visits words and their parts, assignments and redirections. */
export function visitText(place: Place, node: SyntaxNode): void {
  const { visitor, scope, depth } = place;
  switch (node.type) {
    case "Redirect":
      if (node.descriptor?.type === "FileDescriptorVariable") {
        setVariable(visitor, node.descriptor.name, UNKNOWN_VALUE, scope);
      }
      visitor.redirection(node, scope);
      break;
    case "Assignment":
      children(place, node);
      return setVariable(visitor, node.name, expandAssignment(node, scope), scope);
    case "ProcessSubstitution":
    case "CommandExpansion":
    case "ArithmeticCommandExpansion":
      if (node.script !== undefined) {
        withoutCheck(visitor, () => visitor.script(node.script ?? NO_SCRIPT, scope.copy(), depth + 1));
      }
      return;
    case "ParameterExpansion":
      visitParameter(place, node);
      break;
    case "Transform":
      if (!/^[QEAKaUuLk]$/.test(node.operand.value)) visitor.unknown("an expansion that may run commands");
      break;
    case "ExtendedGlob":
      visitor.unknown("a pattern that some shells run commands of");
      break;
    default:
      if (!visitArithmetic(place, node) && !HOLDERS.test(node.type)) {
        visitor.unknown(`shell syntax of a kind that is not known (${node.type})`);
      }
  }
  children(place, node);
}

/** Visits `${x…}`, which may assign to the variable, evaluate an index or name another variable. */
function visitParameter(place: Place, node: Extract<SyntaxNode, { type: "ParameterExpansion" }>): void {
  const { visitor, scope } = place;
  const { operation, prefix, parameter, index } = node;
  if (prefix === "!" && operation?.type !== "Names" && !/^[@*]$/.test(index?.value ?? "")) {
    visitor.unknown("a variable whose name is known only at run time");
  }
  if (operation?.type === "Unknown") visitor.unknown("an expansion that is not known");
  if (operation?.type === "Default" && operation.operator.endsWith("=")) {
    setVariable(visitor, parameter, UNKNOWN_VALUE, scope);
  }
  if (operation?.type === "Slice" || index !== undefined) evaluate(place, [index]);
}

/** Visits arithmetic and tests, which may assign to variables and evaluate their text. @returns whether the node is of that kind */
function visitArithmetic(place: Place, node: SyntaxNode): boolean {
  switch (node.type) {
    case "TestUnary":
      evaluate(place, [node.operand]);
      return true;
    case "TestBinary":
      if (node.operator.startsWith("-")) evaluate(place, [node.left, node.right]);
      return true;
    case "ArithmeticBinary":
      if (/^(?:[-+*/%&^|]|<<|>>)?=$/.test(node.operator) && node.left.type === "ArithmeticWord") {
        assignNumber(place, node.left.value);
      }
      return true;
    case "ArithmeticUnary":
      if (/^(?:\+\+|--)$/.test(node.operator) && node.operand.type === "ArithmeticWord") {
        assignNumber(place, node.operand.value);
      }
      return true;
    case "ArithmeticWord":
      if (place.scope.holdsCode) place.visitor.unknown("arithmetic on text that may run commands");
      return true;
    default:
      return false;
  }
}

const NO_SCRIPT: ParsedScript = { type: "Script", pos: 0, end: 0, shebang: undefined, commands: [] };

function assignNumber({ visitor, scope }: Place, name: string): void {
  setVariable(visitor, name.replace(/\[.*$/s, ""), UNKNOWN_VALUE, scope);
}

/** Notes words that the shell evaluates as arithmetic, in which an index may run commands. */
function evaluate({ visitor, scope }: Place, words: readonly (Word | undefined)[]): void {
  const isCode = words.some((word) => word !== undefined && /\[/.test(word.value) && /`|\$\(/.test(word.value));
  if (isCode || (scope.holdsCode && words.length > 0)) visitor.unknown("arithmetic on text that may run commands");
}

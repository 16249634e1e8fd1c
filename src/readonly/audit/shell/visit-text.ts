import type { ParsedScript, SyntaxNode, Word } from "unbash";
import { UNKNOWN_VALUE } from "#readonly/audit/value.ts";
import { expandAssignment } from "./expand.ts";
import { children, type Place, withoutCheck } from "./place.ts";
import { setVariable } from "./shell-state.ts";

/** Node types that only hold others, which are judged where they are. */
const HOLDERS =
  /^(?:Script|CompoundList|CaseItem|Elif|Word|Literal|Glob|SingleQuoted|DoubleQuoted|AnsiCQuoted|LocaleString|SimpleExpansion|BraceExpansion|Remove|Replace|Slice|CaseModification|Names|ArrayValue|HereString|HereDoc|HereDocDelimiter|HereDocBody|FileDescriptor|Time|Negation|BraceGroup|TestLogical|TestNot|TestGroup|ArithmeticTernary|ArithmeticGroup|ArithmeticExpansion|ArithmeticCommand|TestCommand|Redirected|Default)$/;

/** Visits words and their parts, assignments and redirections. */
export function visitText(place: Place, node: SyntaxNode): void {
  const { visitor, scope, depth } = place;
  switch (node.type) {
    case "Redirect":
      if (node.descriptor?.type === "FileDescriptorVariable")
        setVariable(visitor, node.descriptor.name, UNKNOWN_VALUE, scope);
      visitor.redirection(node, scope);
      break;
    case "Assignment":
      children(place, node);
      return setVariable(visitor, node.name, expandAssignment(node, scope), scope);
    case "ProcessSubstitution":
    case "CommandExpansion":
    case "ArithmeticCommandExpansion":
      if (node.script !== undefined)
        withoutCheck(visitor, () => visitor.script(node.script ?? NO_SCRIPT, scope.copy(), depth + 1));
      return;
    case "ParameterExpansion": {
      const { operation, prefix, parameter } = node;
      if (prefix === "!" && operation?.type !== "Names" && !/^[@*]$/.test(node.index?.value ?? "")) {
        visitor.unknown("a variable whose name is known only at run time");
      }
      if (operation?.type === "Unknown") visitor.unknown("an expansion that is not known");
      if (operation?.type === "Default" && /=$/.test(operation.operator))
        setVariable(visitor, parameter, UNKNOWN_VALUE, scope);
      if (operation?.type === "Slice" || node.index !== undefined) evaluate(place, [node.index]);
      break;
    }
    case "Transform":
      if (!/^[QEAKaUuLk]$/.test(node.operand.value)) visitor.unknown("an expansion that may run commands");
      break;
    case "ExtendedGlob":
      visitor.unknown("a pattern that some shells run commands of");
      break;
    case "TestUnary":
      evaluate(place, [node.operand]);
      break;
    case "TestBinary":
      if (/^-/.test(node.operator)) evaluate(place, [node.left, node.right]);
      break;
    case "ArithmeticBinary":
      if (/^(?:[-+*/%&^|]|<<|>>)?=$/.test(node.operator) && node.left.type === "ArithmeticWord")
        assignNumber(place, node.left.value);
      break;
    case "ArithmeticUnary":
      if (/^(?:\+\+|--)$/.test(node.operator) && node.operand.type === "ArithmeticWord")
        assignNumber(place, node.operand.value);
      break;
    case "ArithmeticWord":
      if (scope.holdsCode) visitor.unknown("arithmetic on text that may run commands");
      break;
    default:
      if (!HOLDERS.test(node.type)) visitor.unknown(`shell syntax of a kind that is not known (${node.type})`);
  }
  children(place, node);
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

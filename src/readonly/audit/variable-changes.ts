import type { SyntaxNode } from "unbash";
import type { Value } from "./value.ts";

/** Syntax nodes whose commands may run or not. */
export const MAY_NOT_RUN: ReadonlySet<string> = new Set([
  "If",
  "While",
  "For",
  "ArithmeticFor",
  "Select",
  "Case",
  "Function",
]);

/** Builtins that set the variables that their arguments name, or, with an option, give them another value than the one written. */
const SETTERS = /^(?:unset|read|mapfile|readarray|getopts|let|local)$/;
const DECLARATIONS = /^(?:declare|typeset|local|export|readonly)$/;

/** Returns the variables whose values are not known after a builtin; undefined if these can be any. */
export function variablesSetBy(name: string, args: readonly Value[]): readonly string[] | undefined {
  if (/^(?:eval|source|\.)$/.test(name)) return undefined;
  // Declarations expand braces, of which the last assignment counts: `export x={a,b}`.
  const isOdd = args.some(({ text }) => /^[-+]|=.*\{/s.test(text));
  const isSetter = SETTERS.test(name) || (name === "printf" && args[0]?.text.startsWith("-v") === true);
  if (!isSetter && !(DECLARATIONS.test(name) && isOdd)) return [];
  if (!args.every(({ isKnown }) => isKnown)) return undefined;
  return args.flatMap(({ text }) => /^(?:-v)?([A-Za-z_]\w*)/.exec(text)?.[1] ?? []);
}

/** Returns the variables that an expansion or arithmetic command itself sets: `${x:=a}`, `((x = 5))`, `$((y++))`. */
export function variablesSetIn(node: SyntaxNode): string[] {
  switch (node.type) {
    case "ArithmeticCommand":
      return variablesAssignedIn(node.body);
    case "ArithmeticExpansion":
      return variablesAssignedIn(node.text);
    case "ParameterExpansion":
      return node.operation?.type === "Default" && node.operation.operator.endsWith("=") ? [node.parameter] : [];
    default:
      return [];
  }
}

function variablesAssignedIn(expression: string): string[] {
  const assignments = expression.matchAll(
    /([A-Za-z_]\w*)\s*(?:(?:[-+*/%&^|]|<<|>>)?=(?!=)|\+\+|--)|(?:\+\+|--)\s*([A-Za-z_]\w*)/g,
  );
  return Array.from(assignments, ([, before, after]) => before ?? after ?? "");
}

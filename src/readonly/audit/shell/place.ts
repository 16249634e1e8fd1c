import {
  type Command,
  type CommandNode,
  forEachChild,
  type ParsedScript,
  type Redirect,
  type SyntaxNode,
} from "unbash";
import type { Invocation } from "#readonly/audit/finding.ts";
import type { Scope } from "./scope.ts";

/** Standard input of a command. */
export type CommandInput = Pick<Invocation, "stdin" | "hasStdin">;

/** Receiver of what a visit of a syntax tree finds. */
export interface Visitor {
  isNested: boolean;
  isChecked: boolean;
  unknown(why: string): void;
  node(node: SyntaxNode, scope: Scope, depth: number, input?: CommandInput): void;
  script(script: ParsedScript, scope: Scope, depth: number, input?: CommandInput): void;
  command(node: Command, scope: Scope, depth: number, input: CommandInput): void;
  pipeline(commands: readonly CommandNode[], scope: Scope, depth: number, input: CommandInput): void;
  redirection(node: Redirect, scope: Scope): void;
  define(name: string, definition: { body: SyntaxNode; scope: Scope; depth: number }): void;
}

/** A place in a script. */
export interface Place {
  visitor: Visitor;
  scope: Scope;
  depth: number;
  input: CommandInput;
}

/** Visits the children of a node, in a scope of its own if one is given. */
export function children({ visitor, scope, depth }: Place, node: SyntaxNode, own: Scope = scope): void {
  forEachChild(node, (child) => visitor.node(child, own, depth));
}

/** Visits commands that no other one is certain to follow only on success. */
export function withoutCheck(visitor: Visitor, visit: () => void): void {
  const wasChecked = visitor.isChecked;
  visitor.isChecked = false;
  visit();
  visitor.isChecked = wasChecked;
}

import type { ShellChange } from "#readonly/audit/finding.ts";
import type { Value } from "#readonly/audit/value.ts";
import type { Scope } from "./scope.ts";
import { decidesPrograms } from "./variables.ts";

/** Part of a judge of commands that the changes of a shell's state need. */
interface Collector {
  readonly isChecked: boolean;
  unknown(why: string): void;
}

/** Sets a variable in a scope; one that decides which programs run makes the command unknown. */
export function setVariable(collector: Collector, name: string, value: Value, scope: Scope): void {
  if (decidesPrograms(name, value)) collector.unknown(`${name} determines which programs run`);
  scope.assign(name, value);
}

/** Applies what a builtin changes to a scope. */
export function changeShell(collector: Collector, change: ShellChange, scope: Scope): void {
  switch (change.does) {
    case "assigns":
      if (change.isLocal === true) scope.locals?.add(change.name);
      return setVariable(collector, change.name, change.value, scope);
    case "aliases":
      scope.aliases.set(change.name, change.text);
      return;
    case "unsets function":
      if (scope.functions.has(change.name)) scope.functions.set(change.name, undefined);
      return;
    case "changes folder":
      return scope.changeFolder(change.to, collector.isChecked);
    case "changes parameters":
      scope.parameters = undefined;
  }
}

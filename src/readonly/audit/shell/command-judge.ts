import { basename } from "node:path";
import { type Command, type CommandNode, parse, type ParsedScript, type Redirect, type SyntaxNode } from "unbash";
import type { CommandFinding, Judgement, Write } from "#readonly/audit/finding.ts";
import { judgeOf } from "#readonly/audit/tables/commands.ts";
import { UNKNOWN_VALUE, type Value } from "#readonly/audit/value.ts";
import { inputOf, knownOutput, programName, toShellText, wordsOf } from "./command-words.ts";
import { expandWord } from "./expand.ts";
import type { Meter } from "./meter.ts";
import { changeShell } from "./shell-state.ts";
import type { Scope } from "./scope.ts";
import type { CommandInput } from "./place.ts";
import { visitNode } from "./visit.ts";

/** Maximum depth of nested commands that are followed. */
const MAX_DEPTH = 12;
const NO_INPUT: CommandInput = { stdin: undefined, hasStdin: false };

/** Function of a script: judged where it is called, and at the end if it was not. */
interface FunctionDefinition {
  body: SyntaxNode;
  scope: Scope;
  depth: number;
}

/** Collector of what the parts of a command do, in the order in which the shell would run them. */
export class CommandJudge {
  readonly programs: Judgement["programs"] = [];
  readonly writes: Write[] = [];
  readonly unknowns: string[] = [];
  /** Number of commands found so far, and whether anything is around them. */
  commands = 0;
  isNested = false;
  /** Set while a command is judged that the next one only follows if it succeeds. */
  isChecked = false;
  readonly #meter: Meter;
  readonly #uncalled = new Map<SyntaxNode, FunctionDefinition>();
  readonly #later: { text: string; scope: Scope; depth: number }[] = [];

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** Counts steps. @throws TooManySteps */
  step(cost = 1): void {
    this.#meter.step(cost);
  }

  unknown(why: string): void {
    this.unknowns.push(why);
  }

  script(script: ParsedScript, scope: Scope, depth: number, input: CommandInput = NO_INPUT): void {
    if (depth > MAX_DEPTH) return this.unknown("commands that are nested too deeply");
    for (const statement of script.commands) this.node(statement, scope, depth, input);
    if ((script.errors ?? []).length === 0) return;
    this.unknown("text that is not a valid shell command");
    scope.forgetValues();
  }

  /** Judges what only runs at the end: traps, and functions that were defined but not called. */
  finish(): void {
    for (const { text, scope, depth } of this.#later) this.script(parse(text), scope.copy(), depth + 1);
    for (const { body, scope, depth } of this.#uncalled.values()) {
      const own = scope.copy();
      own.parameters = undefined;
      this.node(body, own, depth + 1);
    }
  }

  node(node: SyntaxNode, scope: Scope, depth: number, input: CommandInput = NO_INPUT): void {
    this.step();
    visitNode(this, node, scope, depth, input);
  }

  define(name: string, definition: FunctionDefinition): void {
    definition.scope.functions.set(name, definition.body);
    this.#uncalled.set(definition.body, definition);
  }

  /** Judges a pipeline. Each of its commands is a subshell; the input of the next is followed if it is known. */
  pipeline(commands: readonly CommandNode[], scope: Scope, depth: number, first: CommandInput): void {
    let input = first;
    for (const [index, command] of commands.entries()) {
      const isLast = index === commands.length - 1;
      const own = commands.length === 1 ? scope : scope.copy();
      this.node(command, own, depth, input);
      const stdin = command.type === "Command" && !isLast ? this.#outputOf(command, own, input) : undefined;
      input = { stdin, hasStdin: true };
      if (isLast && own !== scope) scope.mergeMaybe(own);
    }
  }

  #outputOf(command: Command, scope: Scope, input: CommandInput): string | undefined {
    const given = inputOf(command.redirects, scope);
    const words = wordsOf(command, scope);
    const isReplaced = scope.functions.has(words[0]?.text ?? "") || scope.aliases.has(words[0]?.text ?? "");
    return isReplaced ? undefined : knownOutput(words, given === undefined ? input.stdin : given.text);
  }

  command(node: Command, scope: Scope, depth: number, piped: CommandInput): void {
    this.commands++;
    if (node.name === undefined) return;
    const redirected = inputOf(node.redirects, scope);
    const input = redirected === undefined ? piped : { stdin: redirected.text, hasStdin: true };
    const words = wordsOf(node, scope);
    this.step(words.length);
    const alias = scope.aliases.get(words[0]?.text ?? "");
    if (alias !== undefined) {
      this.#alias(alias, words.slice(1), scope, depth);
      if (judgeOf(words[0]?.text ?? "") === undefined) return;
    }
    this.run(words, input, scope, depth);
  }

  /** Judges the text of an alias with what follows its name. The shell may or may not use it, so the program is judged as well. */
  #alias(alias: Value, rest: readonly Value[], scope: Scope, depth: number): void {
    if (!alias.isKnown || /\s$/.test(alias.text)) {
      return this.unknown("an alias whose meaning depends on more than its text");
    }
    const own = scope.copy();
    own.aliases.clear();
    this.script(parse(`${alias.text} ${toShellText(rest)}`), own, depth + 1);
  }

  /** Judges a command by its words. @param inShell whether functions and builtins of the shell count */
  run(
    words: readonly Value[],
    input: CommandInput,
    scope: Scope,
    depth: number,
    { inShell = true, skipsFunctions = false } = {},
  ): void {
    const [program, ...args] = words;
    if (program === undefined) return;
    this.step();
    if (depth > MAX_DEPTH) return this.unknown("commands that are nested too deeply");
    if (!program.isKnown) return this.unknown("a command with a name that is known only at run time");
    const name = programName(program.text);
    this.programs.push({ name: basename(program.text), args });
    if (name === undefined) return this.unknown(`${program.text} is not a known program`);
    const own = inShell ? scope : scope.copy();
    const isFunction = inShell && !skipsFunctions && scope.functions.has(name);
    if (isFunction) this.#call(name, args, scope, depth);
    const judge = judgeOf(name);
    const findings = judge?.({ name, args, ...input });
    if (isFunction) {
      if (findings !== undefined && findings.length > 0) this.unknown(`${name} is a function here, and a program`);
    } else if (findings === undefined) this.unknown(`${name} is not a known program`);
    else for (const finding of findings) this.#take(finding, input, own, depth);
  }

  #call(name: string, args: readonly Value[], scope: Scope, depth: number): void {
    this.isNested = true;
    const body = scope.functions.get(name);
    if (body === undefined) return this.unknown(`${name} may be a function`);
    this.#uncalled.delete(body);
    const { parameters, locals } = scope;
    scope.locals = new Set();
    scope.parameters = args.some(({ isSplit }) => isSplit === true) ? undefined : args;
    this.node(body, scope, depth + 1);
    for (const local of scope.locals) scope.assign(local, UNKNOWN_VALUE);
    scope.parameters = parameters;
    scope.locals = locals;
  }

  #take(finding: CommandFinding, input: CommandInput, scope: Scope, depth: number): void {
    switch (finding.does) {
      case "unknown":
        return this.unknown(finding.why);
      case "runs": {
        this.isNested = true;
        const inShell = finding.inShell === true;
        return this.run(finding.words, input, scope, depth + 1, { inShell, skipsFunctions: true });
      }
      case "scripts":
        return this.#script(finding, input, scope, depth);
      case "writes":
        return this.#write(finding, scope);
      default:
        return changeShell(this, finding, scope);
    }
  }

  /** Judges a text that a command has a shell run; what runs later in this shell may change it at any time. */
  #script(
    finding: Extract<CommandFinding, { does: "scripts" }>,
    input: CommandInput,
    scope: Scope,
    depth: number,
  ): void {
    this.isNested = true;
    this.step(finding.text.length / 16);
    const own = finding.in === "this shell" ? scope : finding.in === "shell" ? scope.copyForShell() : scope.copy();
    this.script(parse(finding.text), own, depth + 1, input);
    if (finding.in !== "this shell later") return;
    scope.mergeMaybe(own);
    this.#later.push({ text: finding.text, scope, depth });
  }

  #write({ targets, why, reach }: Extract<CommandFinding, { does: "writes" }>, scope: Scope): void {
    const harmful = targets.map((target) => scope.harmfulPaths(target));
    if (targets.length > 0 && harmful.every((paths) => paths === undefined)) return;
    const paths = harmful.flatMap((each) => each?.slice(0, 1) ?? []);
    const isPartial = paths.length > 0 && harmful.some((each) => each?.length === 0);
    this.writes.push({ why, reach, targets: paths, ...(isPartial && { isPartial }) });
  }

  redirection({ operator, target }: Redirect, scope: Scope): void {
    if (target === undefined || operator === "<" || operator === "<&") return;
    const value = expandWord(target, scope);
    if (operator === ">&" && /^(?:\d+-?|-)$/.test(value.text)) return;
    if (operator === ">&" && !value.isKnown) return this.unknown("a redirection that is known only at run time");
    const paths = scope.harmfulPaths(value);
    if (paths === undefined) return;
    const shown = value.isKnown ? value.text : target.text;
    this.writes.push({ why: `${operator} writes to ${shown}`, targets: paths.slice(0, 1), reach: "files" });
  }
}

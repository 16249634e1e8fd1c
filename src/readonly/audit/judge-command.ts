import { basename } from "node:path";
import { type CommandNode, forEachChild, parse, type ParsedScript, type Redirection, type SyntaxNode } from "unbash";
import { judgeOf } from "#readonly/audit/tables/commands.ts";
import { inputOf, programName, wordsOf, knownOutput, decidesPrograms } from "./command-words.ts";
import { expandAssignment, expandWord } from "./expand.ts";
import type { CommandFinding, Invocation, Reach } from "./finding.ts";
import { Scope, type JudgedFolders } from "./scope.ts";
import { MAY_NOT_RUN, variablesSetBy, variablesSetIn } from "./variable-changes.ts";
import type { Value } from "./value.ts";

/** One write of a command. */
export interface Write {
  /** Description of the write, for people. */
  why: string;
  /** Absolute paths, as far as they are known. */
  targets: string[];
  /** Set if there are further targets, which are not known. */
  isPartial?: true;
  reach: Reach;
}

/** Effects of a command, as far as its text shows them. */
export interface Judgement {
  does: "reads" | "writes" | "unknown";
  writes: Write[];
  /** Descriptions of the parts whose effect cannot be determined. */
  unknowns: string[];
  /** Programs that the command runs, as far as its text shows: names without folders, and arguments. */
  programs: { name: string; args: readonly Value[] }[];
  /** Set if this is a single command with nothing around it, so that its exit status is the command's own. */
  isSingle?: true;
}

/** Maximum depth of nested commands that are followed. */
const MAX_DEPTH = 12;
/** Maximum number of commands that are followed in one text, including those that other commands run. */
const MAX_RUNS = 5000;
/** Maximum length of a command that is parsed, in characters; ordinary commands are far shorter. */
const MAX_COMMAND_LENGTH = 256 * 1024;
/** Name of a variable that continues on the next line, which the parser takes for a shorter one. */
const SPLIT_NAME = /\$\w+(?:\\\n)+[\w{]/;

/**
 * Determines the effects of a shell command from its meaning: the actions of the shell and of the programs it names. Never throws: parts
 * that cannot be analyzed are reported as unknown.
 */
export function judgeCommand(command: string, surroundings: JudgedFolders): Judgement {
  const judge = new CommandJudge();
  try {
    if (command.length > MAX_COMMAND_LENGTH) judge.unknowns.push("a command that is too long to analyze");
    else if (SPLIT_NAME.test(command)) judge.unknowns.push("a variable whose name spans two lines");
    else judge.script(parse(command), new Scope(surroundings), 0);
  } catch {
    judge.unknowns.push("a command that cannot be analyzed"); // nested so deep that the stack overflows
  }
  const does = judge.writes.length > 0 ? "writes" : judge.unknowns.length > 0 ? "unknown" : "reads";
  const isSingle = judge.unknowns.length === 0 && !judge.isNested && judge.commands === 1;
  const { writes, programs } = judge;
  return { does, writes, unknowns: [...new Set(judge.unknowns)], programs, ...(isSingle && { isSingle }) };
}

/** Returns the script that a command passes to a shell (`/bin/bash -lc 'ls'`: `ls`); any other command unchanged. */
export function withoutShell(command: string): string {
  if (command.length > MAX_COMMAND_LENGTH) return command;
  try {
    return scriptOf(command);
  } catch {
    return command;
  }
}

function scriptOf(command: string): string {
  const [statement, ...more] = parse(command).commands;
  if (statement === undefined || more.length > 0 || statement.command.type !== "Command") return command;
  const { name, args } = statement.command;
  const [option, script, ...rest] = args;
  const isShell = /^(?:\/\S*\/)?(?:ba|da|z)?sh$/.test(name?.value ?? "") && /^-\w*c$/.test(option?.text ?? "");
  return isShell && script?.type === "Word" && rest.length === 0 ? script.value : command;
}

/** Syntax nodes that leave a command's exit status as that of the whole. */
const PLAIN_NODES: ReadonlySet<string> = new Set(["Statement", "Command", "Word", "Redirect", "HereDoc", "HereString"]);

/** Visitor of a command's syntax tree, in the order in which the shell would run it; collects findings. */
class CommandJudge {
  readonly programs: Judgement["programs"] = [];
  readonly writes: Write[] = [];
  readonly unknowns: string[] = [];
  /** Number of commands found so far, and whether anything is around them. */
  commands = 0;
  isNested = false;
  #runs = 0;

  script(script: ParsedScript, scope: Scope, depth: number, stdin?: string): void {
    if (depth > MAX_DEPTH) this.unknowns.push("commands that are nested too deeply");
    else if ((script.errors ?? []).length > 0) this.unknowns.push("text that is not a valid shell command");
    if (depth <= MAX_DEPTH) for (const statement of script.commands) this.#node(statement, scope, depth, stdin);
  }

  #node(node: SyntaxNode, scope: Scope, depth: number, stdin?: string): void {
    const isBackground = node.type === "Statement" && node.background === true;
    if (!PLAIN_NODES.has(node.type) || isBackground) this.isNested = true;
    const before = MAY_NOT_RUN.has(node.type) ? scope.copy() : undefined;
    scope.forget(variablesSetIn(node));
    this.#visit(node, isBackground ? scope.copy() : scope, depth, stdin);
    if (before !== undefined) scope.forgetChanges(before);
  }

  #visit(node: SyntaxNode, scope: Scope, depth: number, stdin?: string): void {
    switch (node.type) {
      case "Command":
        return this.#command(node, scope, depth, stdin);
      case "Redirect":
        this.#redirection(node, scope);
        break;
      case "Assignment":
        if (decidesPrograms(node)) this.unknowns.push(`${node.name} determines which programs run`);
        scope.assign(node.name, expandAssignment(node, scope));
        break;
      case "For":
      case "Select":
        scope.assign(node.name.value, { text: "", isKnown: false });
        break;
      case "Function":
        // Judged at its definition: a script that defines a function is assumed to call it.
        scope.functions.add(node.name.value);
        break;
      case "Pipeline":
        return this.#pipeline(node.commands, scope, depth, stdin);
      case "AndOr":
        return this.#andOr(node, scope, depth);
      case "Subshell":
      case "Coproc":
        return this.#children(node, scope.copy(), depth);
      case "ProcessSubstitution":
      case "CommandExpansion":
      case "ArithmeticCommandExpansion":
        if (node.script !== undefined) this.script(node.script, scope.copy(), depth + 1);
        return;
      default:
        break;
    }
    this.#children(node, scope, depth);
  }

  /** Judges commands of which only the first is run for certain. */
  #andOr({ commands, operators }: Extract<SyntaxNode, { type: "AndOr" }>, scope: Scope, depth: number): void {
    let certain: Scope | undefined;
    for (const [index, command] of commands.entries()) {
      this.#node(command, scope, depth);
      certain ??= scope.copy();
      if (operators[index] !== "&&" || operators[index - 1] === "||") scope.forgetChanges(certain);
    }
  }

  #children(node: SyntaxNode, scope: Scope, depth: number): void {
    forEachChild(node, (child) => this.#node(child, scope, depth));
  }

  /** Judges a pipeline. Each of several commands is a subshell; the input of the next is followed if it is known. */
  #pipeline(commands: readonly CommandNode[], scope: Scope, depth: number, stdin: string | undefined): void {
    let input = stdin;
    for (const [index, command] of commands.entries()) {
      const own = commands.length === 1 ? scope : scope.copy();
      if (command.type === "Command") {
        this.#command(command, own, depth, input, index > 0);
        const given = inputOf(command.redirects, own);
        input = knownOutput(wordsOf(command, own), given === undefined ? input : given.text);
      } else {
        this.#node(command, own, depth);
        input = undefined;
      }
    }
  }

  #command(
    node: Extract<CommandNode, { type: "Command" }>,
    scope: Scope,
    depth: number,
    piped?: string,
    isPiped = piped !== undefined,
  ): void {
    this.commands++;
    // Assignments, redirections, and expansions within the words.
    const prefixScope = node.name === undefined ? scope : scope.copy(); // `x=1 command` sets x for the command only
    for (const child of node.prefix) this.#node(child, prefixScope, depth);
    scope.forgetChanges(prefixScope); // what an expansion within a prefix sets lasts
    for (const child of node.suffix) this.#node(child, scope, depth);
    if (node.name === undefined) return;
    const redirected = inputOf(node.redirects, scope);
    const stdin = redirected === undefined ? piped : redirected.text;
    this.#run(wordsOf(node, scope), { stdin, hasStdin: redirected !== undefined || isPiped }, scope, depth);
  }

  #run(words: readonly Value[], input: Pick<Invocation, "stdin" | "hasStdin">, scope: Scope, depth: number): void {
    const [program, ...args] = words;
    if (program === undefined) return;
    if (++this.#runs > MAX_RUNS) return void this.unknowns.push("more commands than can be analyzed");
    if (depth > MAX_DEPTH) return void this.unknowns.push("commands that are nested too deeply");
    if (!program.isKnown) return void this.unknowns.push("a command with a name that is known only at run time");
    const name = programName(program.text);
    this.programs.push({ name: basename(program.text), args });
    if (name === undefined) return void this.unknowns.push(`${program.text} is not a known program`);
    if (scope.functions.has(name)) return;
    if (/^(?:cd|pushd|popd)$/.test(name)) return scope.changeFolder(args.find(({ text }) => !text.startsWith("-")));
    const judge = judgeOf(name);
    if (judge === undefined) return void this.unknowns.push(`${name} is not a known program`);
    for (const finding of judge({ name, args, ...input })) this.#take(finding, input, scope, depth);
    scope.forget(variablesSetBy(name, args));
  }

  #take(finding: CommandFinding, input: Pick<Invocation, "stdin" | "hasStdin">, scope: Scope, depth: number): void {
    switch (finding.does) {
      case "unknown":
        this.unknowns.push(finding.why);
        return;
      case "runs":
        this.isNested = true;
        return this.#run(finding.words, input, scope, depth + 1);
      case "scripts":
        this.isNested = true;
        return this.script(parse(finding.text), scope.copyForShell(), depth + 1, input.stdin);
      case "writes": {
        const { targets, why, reach } = finding;
        if (targets.length > 0 && targets.every((target) => scope.isHarmless(target))) return;
        const paths = targets.flatMap((target) => scope.resolve(target) ?? []);
        const isPartial = paths.length > 0 && paths.length < targets.length;
        this.writes.push({ why, reach, targets: paths, ...(isPartial && { isPartial }) });
      }
    }
  }

  #redirection(node: Extract<Redirection, { type: "Redirect" }>, scope: Scope): void {
    const { operator, target } = node;
    if (target === undefined || operator === "<" || operator === "<&") return;
    const value = expandWord(target, scope);
    if (operator === ">&" && /^(?:\d+-?|-)$/.test(value.text)) return;
    if (scope.isHarmless(value)) return;
    const path = scope.resolve(value);
    const shown = value.isKnown ? value.text : target.text;
    this.writes.push({
      why: `${operator} writes to ${shown}`,
      targets: path === undefined ? [] : [path],
      reach: "files",
    });
  }
}

import { basename } from "node:path";
import { type CommandNode, forEachChild, parse, type ParsedScript, type Redirection, type SyntaxNode } from "unbash";
import { expandAssignment, expandWord } from "./expand.ts";
import { inputOf, programName, wordsOf } from "./command-words.ts";
import type { CommandFinding, Invocation, Reach } from "./finding.ts";
import { knownOutput } from "./known-output.ts";
import { decidesPrograms } from "./program-variables.ts";
import { Scope, type Surroundings } from "./scope.ts";
import { judgeOf } from "#readonly/audit/tables/commands.ts";
import type { Value } from "./value.ts";

/** One thing that a command writes. */
export interface Write {
  /** In words. */
  why: string;
  /** Absolute paths, as far as they are known. */
  targets: string[];
  /** Set where there are further targets, which are not. */
  isPartial?: true;
  reach: Reach;
}

/** What a command does, as far as its text tells. */
export interface Judgement {
  does: "reads" | "writes" | "unknown";
  writes: Write[];
  /** Parts whose effect cannot be told, in words. */
  unknowns: string[];
  /** The programs that it runs, as far as its text tells: their names, without folders, and arguments. */
  programs: { name: string; args: readonly Value[] }[];
  /** Set where this is one command and nothing around it: its exit status is that of what it does. */
  isSingle?: true;
}

/** Commands within commands are followed this deep. */
const MAX_DEPTH = 12;
/** Nobody writes a longer one to be read. */
const MAX_COMMAND_LENGTH = 256 * 1024;

/**
 * Judges a shell command by its meaning: what the shell and the programs that it names would do with it. Never throws: what
 * cannot be followed is unknown.
 */
export function judgeCommand(command: string, surroundings: Surroundings): Judgement {
  const judge = new CommandJudge();
  try {
    if (command.length > MAX_COMMAND_LENGTH) judge.unknowns.push("a command too long to follow");
    else judge.script(parse(command), new Scope(surroundings), 0);
  } catch {
    judge.unknowns.push("a command that cannot be followed"); // nested so deep that the stack ends
  }
  const does = judge.writes.length > 0 ? "writes" : judge.unknowns.length > 0 ? "unknown" : "reads";
  const isSingle = judge.unknowns.length === 0 && !judge.isNested && judge.commands === 1;
  const { writes, programs } = judge;
  return { does, writes, unknowns: [...new Set(judge.unknowns)], programs, ...(isSingle && { isSingle }) };
}

/** Returns the script that a command gives to a shell (`/bin/bash -lc 'ls'`: `ls`); any other command as it is. */
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

/** Nodes that do not keep a command's exit status from being that of the whole. */
const PLAIN_NODES: ReadonlySet<string> = new Set(["Statement", "Command", "Word", "Redirect", "HereDoc", "HereString"]);

/** Walks the syntax of a command in the order in which the shell would run it, and collects what it finds. */
class CommandJudge {
  readonly programs: Judgement["programs"] = [];
  readonly writes: Write[] = [];
  readonly unknowns: string[] = [];
  /** How many commands there are, and whether anything stands around them. */
  commands = 0;
  isNested = false;

  script(script: ParsedScript, scope: Scope, depth: number, stdin?: string): void {
    if (depth > MAX_DEPTH) this.unknowns.push("commands within commands, too deep to follow");
    else if ((script.errors ?? []).length > 0) this.unknowns.push("a text that is no valid shell command");
    if (depth <= MAX_DEPTH) for (const statement of script.commands) this.#node(statement, scope, depth, stdin);
  }

  #node(node: SyntaxNode, scope: Scope, depth: number, stdin?: string): void {
    if (!PLAIN_NODES.has(node.type) || (node.type === "Statement" && node.background === true)) this.isNested = true;
    switch (node.type) {
      case "Command":
        return this.#command(node, scope, depth, stdin);
      case "Redirect":
        this.#redirection(node, scope);
        break;
      case "Assignment":
        if (decidesPrograms(node)) this.unknowns.push(`${node.name} decides which programs are run`);
        scope.assign(node.name, expandAssignment(node, scope));
        break;
      case "For":
      case "Select":
        scope.assign(node.name.value, { text: "", isKnown: false });
        break;
      case "Function":
        // Judged where it is defined: whoever defines it means to call it.
        scope.functions.add(node.name.value);
        break;
      case "Pipeline":
        return this.#pipeline(node.commands, scope, depth, stdin);
      case "Subshell":
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

  #children(node: SyntaxNode, scope: Scope, depth: number): void {
    forEachChild(node, (child) => this.#node(child, scope, depth));
  }

  /** Each command of a pipeline is a subshell; what goes into the next is followed where it is plain. */
  #pipeline(commands: readonly CommandNode[], scope: Scope, depth: number, stdin: string | undefined): void {
    let input = stdin;
    for (const [index, command] of commands.entries()) {
      const own = scope.copy();
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
    // Assignments, redirections and whatever the words have within them.
    for (const child of [...node.prefix, ...node.suffix]) this.#node(child, scope, depth);
    if (node.name === undefined) return;
    const redirected = inputOf(node.redirects, scope);
    const stdin = redirected === undefined ? piped : redirected.text;
    this.#run(wordsOf(node, scope), { stdin, hasStdin: redirected !== undefined || isPiped }, scope, depth);
  }

  #run(words: readonly Value[], input: Pick<Invocation, "stdin" | "hasStdin">, scope: Scope, depth: number): void {
    const [program, ...args] = words;
    if (program === undefined) return;
    if (depth > MAX_DEPTH) return void this.unknowns.push("commands within commands, too deep to follow");
    if (!program.isKnown) return void this.unknowns.push("a command whose name only a run tells");
    const name = programName(program.text);
    this.programs.push({ name: basename(program.text), args });
    if (name === undefined) return void this.unknowns.push(`${program.text} is a program that no table knows`);
    if (scope.functions.has(name)) return;
    if (/^(?:cd|pushd|popd)$/.test(name)) return scope.changeFolder(args.find(({ text }) => !text.startsWith("-")));
    const judge = judgeOf(name);
    if (judge === undefined) return void this.unknowns.push(`${name} is a program that no table knows`);
    for (const finding of judge({ name, args, ...input })) this.#take(finding, input, scope, depth);
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
        return this.script(parse(finding.text), scope.copy(), depth + 1, input.stdin);
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

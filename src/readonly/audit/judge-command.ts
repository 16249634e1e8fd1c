import { parse, type Word } from "unbash";
import type { Judgement } from "./finding.ts";
import { CommandJudge } from "./shell/command-judge.ts";
import { isTooNested, Meter, TooManySteps } from "./shell/meter.ts";
import { type JudgedFolders, Scope } from "./shell/scope.ts";

/** Maximum length of a command that is parsed, in characters; ordinary commands are far shorter. */
const MAX_COMMAND_LENGTH = 64 * 1024;
/** Name of a variable that continues on the next line, which the parser takes for a shorter one. */
const SPLIT_NAME = /\$\w+(?:\\\n)+[\w{]/;

/**
 * Determines the effects of a shell command from its meaning: the actions of the shell and of the programs it names. Never throws, and
 * takes bounded time and memory: parts that cannot be analyzed are reported as unknown.
 */
export function judgeCommand(command: string, surroundings: JudgedFolders): Judgement {
  const meter = new Meter(command.length);
  const judge = new CommandJudge(meter);
  try {
    if (command.length > MAX_COMMAND_LENGTH) judge.unknown("a command that is too long to analyze");
    else if (SPLIT_NAME.test(command)) judge.unknown("a variable whose name spans two lines");
    else if (isTooNested(command)) judge.unknown("commands that are nested too deeply");
    else {
      judge.script(parse(command), new Scope(surroundings, meter), 0);
      judge.finish();
    }
  } catch (error) {
    // Nested so deeply that the stack overflows, or running into the limit.
    judge.unknown(
      error instanceof TooManySteps ? "a command that takes too long to analyze" : "a command that cannot be analyzed",
    );
  }
  const does = judge.writes.length > 0 ? "writes" : judge.unknowns.length > 0 ? "unknown" : "reads";
  const isSingle = judge.unknowns.length === 0 && !judge.isNested && judge.commands === 1;
  const { writes, programs } = judge;
  return { does, writes, unknowns: [...new Set(judge.unknowns)], programs, ...(isSingle && { isSingle }) };
}

/** Maximum length of all commands of a run that are judged, in characters, each counted as at least {@link MIN_COST}. */
const MAX_TOTAL_COST = 16 * 1024 * 1024;
const MIN_COST = 1024;

/** Judges the commands of a run, each different one once. Beyond a limit, they are unknown. */
export function judgeCommands(commands: readonly string[], surroundings: JudgedFolders): Judgement[] {
  const judged = new Map<string, Judgement>();
  let cost = 0;
  return commands.map((command) => {
    const before = judged.get(command);
    if (before !== undefined) return before;
    cost += Math.max(command.length, MIN_COST);
    if (cost > MAX_TOTAL_COST) return TOO_MANY;
    const judgement = judgeCommand(command, surroundings);
    judged.set(command, judgement);
    return judgement;
  });
}

const TOO_MANY: Judgement = {
  does: "unknown",
  writes: [],
  unknowns: ["one of more commands than are analyzed"],
  programs: [],
};

/** Returns the script that a command passes to a shell (`/bin/bash -lc 'ls'`: `ls`); any other command unchanged. */
export function withoutShell(command: string): string {
  if (command.length > MAX_COMMAND_LENGTH || isTooNested(command)) return command;
  try {
    return scriptOf(command);
  } catch {
    return command;
  }
}

function scriptOf(command: string): string {
  const { commands, errors = [] } = parse(command);
  const [statement, ...more] = commands;
  if (statement === undefined || more.length > 0 || errors.length > 0) return command;
  if (statement.command.type !== "Command" || statement.background === true) return command;
  const { name, args, prefix, suffix } = statement.command;
  const [option, script, ...rest] = args;
  const isPlain = prefix.length === 0 && suffix.length === args.length && rest.length === 0;
  const isShell = /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|z)?sh$/.test(name?.value ?? "") && /^-l?c$/.test(option?.text ?? "");
  return isPlain && isShell && script?.type === "Word" && isLiteral(script) ? script.value : command;
}

/** Returns whether a word has no expansions. */
function isLiteral({ parts = [] }: Word): boolean {
  return parts.every((part) => {
    if (part.type === "DoubleQuoted") return part.parts.every(({ type }) => type === "Literal");
    return /^(?:Literal|SingleQuoted|AnsiCQuoted)$/.test(part.type);
  });
}

import { type CommandFinding, type Invocation, type Judge, unknown, writes } from "./finding.ts";
import { mayBeOption, type Value, withoutStart } from "./value.ts";

/** Effect of an option: none, or a letter of {@link Grammar}. */
type Effect = (typeof EFFECTS)[number];
const EFFECTS = ["", ">", "!", "?", "@"] as const;

interface Option {
  argument: "none" | "required" | "optional";
  effect: Effect;
}

/**
 * Options of a program, as its manual lists them. A specification is a list of `-o` and `--long`, each followed by `=` if the option takes
 * a value, by `[=]` if it may have one attached, and by its effect: `>` writes its value (or, without one, something else), `!` runs a
 * program, `@` reaches beyond this machine's files, `?` makes the effect unknown. `-#` stands for numbers (`-5`), `+` for a program whose
 * options end at its first operand, `!` for one whose operands matter, and `...` for further options, which only read.
 */
export interface Grammar {
  options: ReadonlyMap<string, Option>;
  isOpen: boolean;
  isStrictOrder: boolean;
  /** Set if some option does more than reading. */
  isDangerous: boolean;
}

/** An option on a command line. */
export interface GivenOption extends Option {
  name: string;
  value: Value | undefined;
}

const MAY_BE_OPTION = "an argument that is known only at run time may be an option";

/** Words of a command line by their meaning. */
export interface CommandLine {
  given: GivenOption[];
  operands: Value[];
  /** Reasons why the meaning of a word is not known. */
  doubts: string[];
}

/** Compiles the specification of a program's options. */
export function grammar(specification: string): Grammar {
  const options = new Map<string, Option>();
  const words = specification.split(/\s+/).filter(Boolean);
  for (const word of words) {
    const [, name, argument, effect] = /^(-{1,2}[^=[>!?@]+|--?\[?)(=|\[=\])?([>!?@])?$/.exec(word) ?? [];
    if (name === undefined) continue;
    const kind = argument === "=" ? "required" : argument === undefined ? "none" : "optional";
    options.set(name, { argument: kind, effect: EFFECTS.find((each) => each === effect) ?? "" });
  }
  return {
    options,
    isOpen: words.includes("..."),
    isStrictOrder: words.includes("+"),
    isDangerous: words.includes("!") || [...options.values()].some(({ effect }) => effect !== ""),
  };
}

/** Reads a command line as getopt_long does: bundled and abbreviated options, attached values, `--`. */
export function readCommandLine(rules: Grammar, args: readonly Value[]): CommandLine {
  const line: CommandLine = { given: [], operands: [], doubts: [] };
  for (let index = 0; index < args.length; index++) {
    const word = args[index];
    if (word === undefined) break;
    if (word.text === "--" && word.isKnown) {
      line.operands.push(...args.slice(index + 1));
      break;
    }
    if (!word.text.startsWith("-") || word.text === "-") {
      if (mayBeOption(word)) line.doubts.push(MAY_BE_OPTION);
      line.operands.push(word);
      if (rules.isStrictOrder) {
        line.operands.push(...args.slice(index + 1));
        break;
      }
    } else if (readOption(rules, word, args[index + 1], line)) index++;
  }
  return line;
}

/** Reads one word of options. @returns whether the next word is the value of the last one */
function readOption(rules: Grammar, word: Value, next: Value | undefined, line: CommandLine): boolean {
  if (word.isSplit === true) line.doubts.push(MAY_BE_OPTION);
  if (word.text.startsWith("--") || rules.options.has(nameOf(word.text))) return readLong(rules, word, next, line);
  return readBundle(rules, word, next, line);
}

function nameOf(word: string): string {
  const equals = word.indexOf("=");
  return equals < 0 ? word : word.slice(0, equals);
}

function readLong(rules: Grammar, word: Value, next: Value | undefined, line: CommandLine): boolean {
  const name = nameOf(word.text);
  const hasValue = name.length < word.text.length;
  if (!hasValue && !word.isKnown) {
    line.doubts.push(`the option ${name}… is known only at run time`);
    return false;
  }
  const found = findLong(rules, name);
  if (found === undefined) {
    if (!rules.isOpen) line.doubts.push(`the option ${name} is not known`);
    return false;
  }
  const isNext = found.argument === "required" && !hasValue;
  const value = hasValue ? withoutStart(word, name.length + 1) : isNext ? next : undefined;
  if (isNext && next?.isSplit === true) line.doubts.push(MAY_BE_OPTION);
  line.given.push({ ...found, value });
  return isNext;
}

/** Finds a long option by its name or by a beginning of it; of several, one that does more than reading. */
function findLong({ options }: Grammar, name: string): (Option & { name: string }) | undefined {
  const exact = options.get(name);
  if (exact !== undefined) return { ...exact, name };
  if (name.length < 3) return undefined;
  const candidates = [...options.keys()].filter((each) => each.startsWith(name));
  const found = candidates.find((each) => options.get(each)?.effect !== "") ?? candidates[0];
  const option = found === undefined ? undefined : options.get(found);
  return found === undefined || option === undefined ? undefined : { ...option, name: found };
}

function readBundle(rules: Grammar, word: Value, next: Value | undefined, line: CommandLine): boolean {
  if (rules.options.has("-#") && word.isKnown && /^-\d+$/.test(word.text)) return false;
  for (let at = 1; at < word.text.length; at++) {
    const name = `-${word.text.charAt(at)}`;
    const option = rules.options.get(name) ?? (/\d/.test(name) ? rules.options.get("-#") : undefined);
    if (option === undefined) {
      if (rules.isOpen) continue;
      line.doubts.push(`the option ${name} is not known`);
      return false;
    }
    const rest = withoutStart(word, at + 1);
    const hasRest = rest.text !== "" || !rest.isKnown;
    if (option.argument === "none") {
      line.given.push({ ...option, name, value: undefined });
      continue;
    }
    const isNext = option.argument === "required" && !hasRest;
    if (isNext && next?.isSplit === true) line.doubts.push(MAY_BE_OPTION);
    line.given.push({ ...option, name, value: hasRest ? rest : isNext ? next : undefined });
    return isNext;
  }
  if (!word.isKnown) line.doubts.push(`the option ${word.text}… is known only at run time`);
  return false;
}

/** Returns the value of the last of these options that is given. */
export function valueOf({ given }: CommandLine, ...names: readonly string[]): Value | undefined {
  return given.findLast(({ name }) => names.includes(name))?.value;
}

/** Returns whether one of these options is given. */
export function isGiven({ given }: CommandLine, ...names: readonly string[]): boolean {
  return given.some(({ name }) => names.includes(name));
}

/** Returns whether a command line only asks for help or the version. */
export function asksForHelp(line: CommandLine): boolean {
  return isGiven(line, "--help", "--version");
}

/** Returns what the given options do. @param name the program, for people */
export function optionFindings(name: string, line: CommandLine, rules: Grammar): CommandFinding[] {
  const findings = line.given.flatMap(({ name: option, value, effect }): CommandFinding[] => {
    if (effect === ">") return writes(`${name} ${option} writes`, value === undefined ? [] : [value]);
    if (effect === "!") return unknown(`${name} ${option} runs a program`);
    if (effect === "@") return writes(`${name} ${option} changes something other than files`, [], "beyond");
    return effect === "?" ? unknown(`${name} ${option}`) : [];
  });
  const doubts = rules.isDangerous ? new Set(line.doubts) : [];
  return [...findings, ...[...doubts].flatMap((doubt) => unknown(`${name}: ${doubt}`))];
}

/**
 * Returns the judge of a program that only reads, unless one of its options says otherwise.
 * @param more further findings, by its command line
 */
export function readsWith(
  specification: string,
  more: (line: CommandLine, invocation: Invocation) => readonly CommandFinding[] = () => [],
): Judge {
  const rules = grammar(specification);
  return (invocation) => {
    const line = readCommandLine(rules, invocation.args);
    return [...optionFindings(invocation.name, line, rules), ...more(line, invocation)];
  };
}

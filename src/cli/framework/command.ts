/** An option of a command, as `node:util`'s parseArgs takes it and the help shows it. */
export interface OptionSpec {
  type: "boolean" | "string";
  /** May be given several times. */
  multiple?: boolean;
  short?: string;
  /** What stands for the value in the help: `<state>`. */
  placeholder?: string;
  /** The only values that it takes. */
  choices?: readonly string[];
  summary: string;
}

/** What a command works on, beside its options. */
export interface OperandSpec {
  /** As the help shows it: `<task>`, `[<command>]`, `<task>…`. */
  usage: string;
  min: number;
  max: number;
  /** What completion offers for it. */
  kind?: "task" | "command" | "client" | "shell" | "program";
}

type OptionSpecs = Record<string, OptionSpec>;

type ValueOf<Option extends OptionSpec> = Option extends { type: "boolean" }
  ? boolean
  : Option extends { multiple: true }
    ? string[]
    : Option extends { choices: readonly (infer Choice)[] }
      ? Choice | undefined
      : string | undefined;

/** A command line, checked against the command's options and operands. */
export interface Input<Options extends object = object> {
  options: Options;
  operands: string[];
  /** All commands of the program, for help and completion. */
  commands: readonly Command[];
}

type Values<Specs extends OptionSpecs> = { [Name in keyof Specs]: ValueOf<Specs[Name]> };

/** Does the work. @returns the exit code, or undefined to go on running */
type Run<Options extends object> = (input: Input<Options>) => Promise<number | undefined> | number;

/** A command as its entry in the table describes it. */
interface CommandSpec<Specs extends OptionSpecs> {
  name: string;
  /** Under which heading the help has it; without one it is not for people. */
  group?: "clients" | "tasks" | "worktrees" | "program";
  summary: string;
  /** More than one line can say. */
  details?: string;
  operands?: OperandSpec;
  options?: Specs;
  /** Command lines without the program's name, each with what it does. */
  examples: readonly (readonly [commandLine: string, does: string])[];
  /** Loads the command's code: only what runs is loaded. */
  load: () => Promise<Run<Values<Specs>>>;
}

/** A command of this program. */
export interface Command extends Omit<CommandSpec<OptionSpecs>, "load" | "options"> {
  options: OptionSpecs;
  run: (input: Input) => Promise<number | undefined>;
}

/** Makes an entry of the table; the options' types reach the command's code. */
export function defineCommand<const Specs extends OptionSpecs>(spec: CommandSpec<Specs>): Command {
  const { load, options, ...rest } = spec;
  return {
    ...rest,
    options: options ?? {},
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parse-command-line.ts has checked it against these options
    run: async (input) => (await load())(input as Input<Values<Specs>>),
  };
}

/** Option of a command, as `node:util`'s parseArgs takes it and the help shows it. */
export interface OptionSpec {
  type: "boolean" | "string";
  /** Whether the option may be given several times. */
  multiple?: boolean;
  short?: string;
  /** Name of the value in the help: `<state>`. */
  placeholder?: string;
  /** Allowed values; by default any. */
  choices?: readonly string[];
  summary: string;
}

/** Operands of a command: its arguments other than options. */
export interface OperandSpec {
  /** Form of the operands in the help: `<task>`, `[<command>]`, `<task>…`. */
  usage: string;
  min: number;
  max: number;
  /** Kind of the values that completion offers. */
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

/** Command line that has been checked against the command's options and operands. */
export interface Input<Options extends object = object> {
  options: Options;
  operands: string[];
  /** All commands of the program, for help and completion. */
  commands: readonly Command[];
}

type Values<Specs extends OptionSpecs> = { [Name in keyof Specs]: ValueOf<Specs[Name]> };

/**
 * Runs a command.
 * @returns the exit code, or undefined if the program must continue to run
 */
type Run<Options extends object> = (input: Input<Options>) => Promise<number | undefined> | number;

/** Command as its entry in the table describes it. */
interface CommandSpec<Specs extends OptionSpecs> {
  name: string;
  /** Heading in the help; undefined for commands that are not for people. */
  group?: "clients" | "tasks" | "worktrees" | "program";
  summary: string;
  /** Details that do not fit into the summary. */
  details?: string;
  operands?: OperandSpec;
  options?: Specs;
  /** Command lines without the program's name, each with a description of what it does. */
  examples: readonly (readonly [commandLine: string, does: string])[];
  /** Loads the command's code, so that only the code of the command that runs is loaded. */
  load: () => Promise<Run<Values<Specs>>>;
}

/** Command of this program. */
export interface Command extends Omit<CommandSpec<OptionSpecs>, "load" | "options"> {
  options: OptionSpecs;
  run: (input: Input) => Promise<number | undefined>;
}

/** Creates an entry of the table, with the options' types for the command's code. */
export function defineCommand<const Specs extends OptionSpecs>(spec: CommandSpec<Specs>): Command {
  const { load, options, ...rest } = spec;
  return {
    ...rest,
    options: options ?? {},
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parse-command-line.ts has checked it against these options
    run: async (input) => (await load())(input as Input<Values<Specs>>),
  };
}

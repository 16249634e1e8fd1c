/** Option of a command. */
export interface OptionSpec {
  /** Type of the value: a `count` is a whole number, a `duration` is given as `90s`, `15m`, `2h` and becomes seconds. */
  type: "boolean" | "string" | "count" | "duration";
  /** Whether the option may be given several times. */
  multiple?: boolean;
  short?: string;
  /** Name of the value in the help: `<name>`; by default its type. */
  placeholder?: string;
  /** Allowed values; by default any. */
  choices?: readonly string[];
  /** Kind of the values that completion offers; by default the choices. */
  kind?: ValueKind;
  /** Smallest count; by default 1. */
  min?: number;
  summary: string;
}

/** Kind of a value that completion can list. */
type ValueKind = "task" | "task or group" | "branch" | "file" | "folder";

/** Operands of a command: its arguments other than options. */
export interface OperandSpec {
  /** Form of the operands in the help: `<task>`, `[<command>]`, `<task>…`. */
  usage: string;
  min: number;
  max: number;
  /** Kind of the values that completion offers. */
  kind?: ValueKind | "task and changed files" | "command" | "client" | "shell";
}

/** Operands of a command that works on one task. */
export const ONE_TASK = { usage: "<task>", min: 1, max: 1, kind: "task" } as const;

/** Operands of a command that works on any number of tasks. */
export const TASKS = { usage: "<task>…", min: 1, max: Number.POSITIVE_INFINITY, kind: "task" } as const;

/** Operands of a command that works on any number of tasks, of which the tries of a group have one name. */
export const TASKS_OR_GROUPS = {
  usage: "<task|group>…",
  min: 1,
  max: Number.POSITIVE_INFINITY,
  kind: "task or group",
} as const;

/** Operands of a command that starts another program. */
export const PROGRAM = { usage: "-- <program> <arguments>", min: 1, max: Number.POSITIVE_INFINITY } as const;

/** Option of commands whose output other programs may read. */
export const JSON_OPTION = { type: "boolean", summary: "Print JSON" } as const;

type OptionSpecs = Record<string, OptionSpec>;

type ValueOf<Option extends OptionSpec> = Option extends { type: "boolean" }
  ? boolean
  : Option extends { type: "count" | "duration" }
    ? number | undefined
    : Option extends { multiple: true }
      ? string[]
      : Option extends { choices: readonly (infer Choice)[] }
        ? Choice | undefined
        : string | undefined;

/** Values of options, by name. */
export type ValuesOf<Specs extends OptionSpecs> = { [Name in keyof Specs]: ValueOf<Specs[Name]> };

/** Command line that has been checked against the command's options and operands. */
export interface Input<Options extends object = object> {
  options: Options;
  operands: string[];
}

/** Definition of a command: all that its file says about it. */
interface CommandSpec<Specs extends OptionSpecs> {
  name: string;
  /** Other names, which people try. Of two commands with the same one, that with operands is meant if an operand follows. */
  aliases?: readonly string[];
  /** Heading in the help; undefined for commands that only programs start. */
  group?: "clients" | "tasks" | "worktrees" | "program";
  /** Imperative phrase without a full stop. */
  summary: string;
  /** Sentences with details, for the command's own help. */
  details?: string;
  operands?: OperandSpec;
  options?: Specs;
  /** Command lines without the program's name, each with an imperative phrase. */
  examples: readonly (readonly [commandLine: string, does: string])[];
  /**
   * Runs the command.
   * @returns the exit code, or undefined if the program must continue to run
   */
  run: (input: Input<ValuesOf<Specs>>) => Promise<number | undefined> | number;
}

/** Command of this program. */
export interface Command extends Omit<CommandSpec<OptionSpecs>, "run" | "options"> {
  options: OptionSpecs;
  run: (input: Input) => Promise<number | undefined> | number;
}

/** Creates a command. The types of the values in `run` follow from the options. */
export function defineCommand<const Specs extends OptionSpecs>(spec: CommandSpec<Specs>): Command {
  const { run, options, ...rest } = spec;
  return {
    ...rest,
    options: options ?? {},
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parse-command-line.ts has checked it against these options
    run: (input) => run(input as Input<ValuesOf<Specs>>),
  };
}

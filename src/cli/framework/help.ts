import { VERSION } from "#base/build.ts";
import { type Command, defineCommand, type OptionSpec } from "./command.ts";
import { printLines, terminalWidth } from "#cli/terminal/output.ts";
import { wrapToWidth } from "#cli/terminal/table.ts";
import { suggest } from "#base/nearest.ts";
import { optionsOf } from "./parse-command-line.ts";
import { compose, paint, type Text } from "#cli/terminal/style.ts";
import { AppError } from "#base/errors.ts";

const GROUPS = { clients: "MCP clients", tasks: "Tasks", worktrees: "Worktrees", program: "This program" } as const;
const PROGRAM_NAME = "codex-mcp-server";

/** Creates the help command for a list of commands. */
export function makeHelpCommand(
  listCommands: () => readonly Command[],
  findCommand: (name: string) => Command | undefined,
): Command {
  return defineCommand({
    name: "help",
    group: "program",
    summary: "Show help for this program or one of its commands",
    operands: { usage: "[<command>]", min: 0, max: 1, kind: "command" },
    examples: [["help tasks", "Show help for tasks, as tasks --help does"]],
    run: ({ operands: [name] }) => {
      const commands = listCommands();
      const command = name === undefined ? undefined : findCommand(name);
      if (name !== undefined && command === undefined) throw unknownCommand(name, commands);
      if (command === undefined) printLines(describeProgram(commands));
      else printCommandHelp(command);
      return 0;
    },
  });
}

/** Returns an error for a command that does not exist. */
export function unknownCommand(name: string, commands: readonly Command[]): AppError {
  const names = commands.filter(({ group }) => group !== undefined).map((command) => command.name);
  const suggestion = suggest(name, names);
  return new AppError(
    "invalid_argument",
    `There is no command "${name}".${suggestion}`,
    suggestion === "" ? `Use one of: ${names.join(", ")}.` : "Run `codex-mcp-server help` to list the commands.",
  );
}

/** Prints the usage, options and examples of a command. */
export function printCommandHelp(command: Command): void {
  const { name, summary, details, examples, aliases } = command;
  const options = Object.entries(optionsOf(command)).map(
    ([option, spec]) => [formatOption(option, spec), spec.summary] as const,
  );
  const width = Math.max(...options.map(([option]) => option.length)) + 2;
  printLines([
    `${summary}.`,
    "",
    `Usage: ${PROGRAM_NAME} ${name}${operandsOf(command)} [options]`,
    ...(details === undefined ? [] : ["", ...Bun.wrapAnsi(details, 80).split("\n")]),
    ...(aliases === undefined ? [] : ["", `Other names: ${aliases.join(", ")}`]),
    "",
    paint("Options", "bold"),
    ...formatRows(options, width),
    ...(examples.length > 0 ? ["", paint("Examples", "bold"), ...formatExamples(examples)] : []),
  ]);
}

function describeProgram(all: readonly Command[]): Text[] {
  const groups = Object.entries(GROUPS).flatMap(([group, title]) => {
    const commands = all.filter((command) => command.group === group);
    const rows = commands.map((command) => [command.name + operandsOf(command), command.summary] as const);
    return [[paint(title, "bold")], formatRows(rows, 24), [""]].flat();
  });
  return [
    `${PROGRAM_NAME} ${VERSION}: hands coding tasks to the OpenAI Codex CLI, for MCP clients`,
    "",
    `Usage: ${PROGRAM_NAME} [command]`,
    "",
    `Start here: \`${PROGRAM_NAME} doctor\``,
    "",
    ...groups,
    paint("Examples", "bold"),
    ...formatExamples([
      ["install claude-code", "Set it up in Claude Code"],
      ['run "Review the last commit."', "Run a task and print its result"],
      ["tasks --watch", "Watch what Codex is doing"],
      ["help logs", "Show the options and examples of a command"],
    ]),
  ];
}

function operandsOf({ operands }: Command): string {
  return operands === undefined ? "" : ` ${operands.usage}`;
}

function formatOption(name: string, { type, short, placeholder, choices, multiple }: OptionSpec): string {
  const value = choices?.join("|") ?? placeholder ?? (type === "boolean" ? undefined : type);
  const start = short === undefined ? "    " : `-${short}, `;
  return `${start}--${name}${value === undefined ? "" : ` <${value}>`}${multiple === true ? "…" : ""}`;
}

/** Smallest width of the right column, in columns. */
const MIN_RIGHT_WIDTH = 24;

function formatRows(rows: readonly (readonly [string, string])[], width: number): string[] {
  const indent = " ".repeat(width + 2);
  const rightWidth = Math.max(MIN_RIGHT_WIDTH, terminalWidth() - indent.length);
  return rows.flatMap(([left, right]) => {
    const [first = "", ...rest] = wrapToWidth(right, rightWidth, { isHard: false }).map((line) => line.trimEnd());
    const further = rest.map((line) => indent + line);
    return left.length < width
      ? [`  ${left.padEnd(width)}${first}`, ...further]
      : [`  ${left}`, indent + first, ...further];
  });
}

function formatExamples(examples: Command["examples"]): Text[] {
  return examples.flatMap(([line, does]) => [`  ${PROGRAM_NAME} ${line}`, compose`      ${paint(does, "dim")}`]);
}

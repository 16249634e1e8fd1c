import { VERSION } from "#base/build.ts";
import type { Command, Input, OptionSpec } from "./command.ts";
import { printLines } from "#cli/terminal/output.ts";
import { optionsOf } from "./parse-command-line.ts";
import { compose, paint, type Text } from "#cli/terminal/style.ts";
import { AppError } from "#base/errors.ts";

const GROUPS = { clients: "For MCP clients", tasks: "Tasks", worktrees: "Worktrees", program: "This program" } as const;
const PROGRAM = "codex-mcp-server";

/** Prints a description of this program with its commands, or the usage of one command. */
export async function help({ operands: [name], commands }: Input): Promise<number> {
  const command = commands.find((candidate) => candidate.name === name);
  if (name !== undefined && command === undefined) {
    throw new AppError("invalid_argument", `There is no command "${name}".`, `All of them: ${PROGRAM} help`);
  }
  printLines(command === undefined ? describeProgram(commands) : describeCommand(command));
  return 0;
}

function describeProgram(all: readonly Command[]): Text[] {
  const groups = Object.entries(GROUPS).flatMap(([group, title]) => {
    const commands = all.filter((command) => command.group === group);
    const rows = commands.map((command) => [command.name + operandsOf(command), command.summary] as const);
    return [[paint(title, "bold")], formatRows(rows, 24), [""]].flat();
  });
  return [
    `${PROGRAM} ${VERSION}: hands work to the OpenAI Codex CLI, for the agents of MCP clients`,
    "",
    `Usage: ${PROGRAM} [command]`,
    "",
    ...groups,
    paint("Examples", "bold"),
    ...formatExamples([
      ["install claude-code", "set it up in Claude Code"],
      ["tasks --watch", "see what Codex is doing"],
      ["help logs", "a command's options and examples"],
    ]),
  ];
}

function describeCommand(command: Command): Text[] {
  const { name, summary, details, examples } = command;
  const options = Object.entries(optionsOf(command)).map(
    ([option, spec]) => [formatOption(option, spec), spec.summary] as const,
  );
  const width = Math.max(...options.map(([option]) => option.length)) + 2;
  return [
    `${PROGRAM} ${name}: ${summary}`,
    "",
    `Usage: ${PROGRAM} ${name}${operandsOf(command)} [options]`,
    ...(details === undefined ? [] : ["", ...Bun.wrapAnsi(details, 80).split("\n")]),
    "",
    paint("Options", "bold"),
    ...formatRows(options, width),
    ...(examples.length > 0 ? ["", paint("Examples", "bold"), ...formatExamples(examples)] : []),
  ];
}

function operandsOf({ operands }: Command): string {
  return operands === undefined ? "" : ` ${operands.usage}`;
}

function formatOption(name: string, { short, placeholder, choices, multiple }: OptionSpec): string {
  const value = choices?.join("|") ?? placeholder;
  const start = short === undefined ? "    " : `-${short}, `;
  return `${start}--${name}${value === undefined ? "" : ` <${value}>`}${multiple === true ? "…" : ""}`;
}

function formatRows(rows: readonly (readonly [string, string])[], width: number): string[] {
  return rows.flatMap(([left, right]) =>
    left.length < width ? [`  ${left.padEnd(width)}${right}`] : [`  ${left}`, `${" ".repeat(width + 2)}${right}`],
  );
}

function formatExamples(examples: Command["examples"]): Text[] {
  return examples.flatMap(([line, does]) => [`  ${PROGRAM} ${line}`, compose`      ${paint(does, "dim")}`]);
}

import manifest from "../../package.json" with { type: "json" };
import { describeVariables } from "#base/variables.ts";
import type { Command } from "#cli/framework/command.ts";
import { optionForms, PROGRAM, PUBLIC_COMMANDS, usageOf } from "./commands.ts";
import { FILES } from "./files.ts";
import { bold, escapeCode, roffText } from "./roff.ts";

const DATE = /^(\.TH \S+ 1 )"\d{4}-\d\d-\d\d"/m;

const EXIT_STATUS = {
  0: "Success. For `run`, `resume` and `wait`, all tasks were completed; for `doctor`, there is no problem (there may be warnings).",
  1: "The command failed, and stderr says why and what to do. For `run`, `resume` and `wait`, a task failed or was cancelled.",
  64: "The command line is wrong.",
  124: "`wait` reached its `--timeout`, or `run` or `resume` a time limit of the task.",
  130: "Ctrl-C (SIGINT) stopped the task of `run` or `resume`.",
  143: "SIGTERM stopped the task of `run` or `resume`.",
};

const OTHER_VARIABLES = { NO_COLOR: "If set and not empty, output has no colours." };

/**
 * Returns the manual page.
 * @param before the page as it is now, whose date stays unless something else changes
 */
export function manPage(before: string, today: string): string {
  const date = DATE.exec(before)?.[0].match(/"(.*)"/)?.[1] ?? today;
  const page = formatPage(date);
  return page === before ? page : page.replace(DATE, `$1"${today}"`);
}

function formatPage(date: string): string {
  const sections = [
    [`.TH ${PROGRAM.toUpperCase()} 1 "${date}" "${PROGRAM} ${manifest.version}"`, ".nh", ".ad l"],
    section("NAME", [`${PROGRAM} \\- hand coding work to the OpenAI Codex CLI, for MCP clients`]),
    section("SYNOPSIS", [`.B ${PROGRAM}`, "[\\fIcommand\\fR] [\\fIoptions\\fR] [\\fIarguments\\fR]"]),
    section("DESCRIPTION", [
      roffText(
        `\`${PROGRAM}\` is an MCP server that hands coding work to the OpenAI Codex CLI. An MCP client starts it without arguments. ` +
          "Every task has a supervisor process that survives the client, and every task that changes files has its own git " +
          "worktree and branch, which is merged only on request.",
      ),
      ".PP",
      roffText(
        "On a terminal, the commands below show what tasks do, and merge or discard their work. A task is named by its id, by its " +
          "topic, or by the beginning of either.",
      ),
    ]),
    section("COMMANDS", [
      ...PUBLIC_COMMANDS.flatMap(describeCommand),
      ...entry(["-h", "--help"].map(bold).join(", "), [
        roffText("Show a command's usage, options and examples. All commands have this option."),
      ]),
    ]),
    section("ENVIRONMENT", [
      roffText(
        "Set these variables in the MCP client's configuration of the server. An empty variable counts as unset.",
      ),
      ...Object.entries(describeVariables()).flatMap(([name, { values, fallback, meaning }]) =>
        entry(bold(name), [roffText(`${meaning}.`), ".br", roffText(`Values: ${values}. Default: ${fallback}.`)]),
      ),
      ...Object.entries(OTHER_VARIABLES).flatMap(([name, meaning]) => entry(bold(name), [roffText(meaning)])),
    ]),
    section(
      "FILES",
      FILES.flatMap(([place, meaning]) => entry(italic(place), [roffText(`${meaning}.`)])),
    ),
    section(
      "EXIT STATUS",
      Object.entries(EXIT_STATUS).flatMap(([status, meaning]) => entry(bold(status), [roffText(meaning)])),
    ),
    section("EXAMPLES", [
      ...example("Set the server up in Claude Code, and check that tasks can run:", ["install claude-code", "doctor"]),
      ".PP",
      ...example("Run a task in a script:", ['run --timeout 20m "Review the last commit."']),
      ".PP",
      ...example("Follow all tasks:", ["tasks --watch"]),
      ".PP",
      ...example("Look at a task's work, and merge it:", ["diff implement-parser-v1", "merge implement-parser-v1"]),
    ]),
    section("SEE ALSO", [
      ".BR codex (1),",
      ".BR git\\-worktree (1),",
      ".BR tmux (1)",
      ".PP",
      roffText(`Documentation: ${manifest.repository.url}`),
    ]),
  ];
  return `${sections.flat().join("\n")}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return [`.SH ${title.includes(" ") ? `"${title}"` : title}`, ...lines];
}

function entry(tag: string, lines: readonly string[]): string[] {
  return [".TP", tag, ...lines];
}

function describeCommand(command: Command): string[] {
  const { name, summary, details, options, aliases } = command;
  const usage = usageOf(command).slice(name.length);
  const described = Object.entries(options).flatMap(([option, spec]) =>
    entry(optionForms(option, spec).map(formatForm).join(", "), [roffText(asSentence(spec.summary))]),
  );
  return [
    ...entry(bold(name) + escapeCode(usage), [roffText(asSentence(summary))]),
    ...(details === undefined ? [] : [".IP", roffText(details)]),
    ...(aliases === undefined
      ? []
      : [".IP", roffText(`Other names: ${aliases.map((each) => `\`${each}\``).join(", ")}.`)]),
    ...(described.length === 0 ? [] : [".RS", ...described, ".RE"]),
  ];
}

function formatForm(form: string): string {
  const [option = "", value] = form.split(/ (.*)/);
  return value === undefined ? bold(option) : `${bold(option)} ${italic(value)}`;
}

function italic(text: string): string {
  return `\\fI${escapeCode(text)}\\fR`;
}

function example(text: string, lines: readonly string[]): string[] {
  return [roffText(text), ".PP", ".RS", ".EX", ...lines.map((line) => escapeCode(`${PROGRAM} ${line}`)), ".EE", ".RE"];
}

function asSentence(text: string): string {
  const sentence = text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
  return sentence.endsWith(".") ? sentence : `${sentence}.`;
}

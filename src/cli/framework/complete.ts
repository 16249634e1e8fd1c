import type { Command, Input } from "./command.ts";
import { CLIENTS } from "#install/client-table.ts";
import { makeVisible } from "#base/visible-text.ts";
import { printLines } from "#cli/terminal/output.ts";
import { optionsOf } from "./parse-command-line.ts";
import { multiline } from "#cli/terminal/style.ts";

/** Word that may come next, with its meaning. */
type Candidate = readonly [word: string, meaning: string];

/** Prints the candidates for the last word (`word<tab>meaning`), one per line. The shells' scripts call this command. */
export async function complete({ operands, commands }: Input): Promise<number> {
  // bash splits `--status=run` into three words.
  const words = operands.filter((word) => word !== "=");
  const begun = words.at(-1) ?? "";
  for (const [word, meaning] of await candidates(commands, words.slice(0, -1), begun)) {
    // The shell prints the candidates on its terminal; a word with invisible characters could not be chosen there.
    if (word.startsWith(begun) && makeVisible(word) === word) {
      printLines([multiline(`${word}\t${makeVisible(meaning.replace(/\s+/g, " ").trim())}`)]);
    }
  }
  return 0;
}

async function candidates(
  commands: readonly Command[],
  before: readonly string[],
  begun: string,
): Promise<readonly Candidate[]> {
  const [name, ...rest] = before;
  if (name === undefined) return namesOf(commands);
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) return [];
  const options = optionsOf(command);
  const last = rest.at(-1)?.replace(/^--/, "");
  const wanting = last === undefined ? undefined : options[last];
  if (wanting?.type === "string") return (wanting.choices ?? []).map((choice) => [choice, ""]);
  if (begun.startsWith("-")) return Object.entries(options).map(([option, { summary }]) => [`--${option}`, summary]);
  return operandsOf(command, commands);
}

async function operandsOf({ operands }: Command, commands: readonly Command[]): Promise<readonly Candidate[]> {
  switch (operands?.kind) {
    case "task":
      return listTasks();
    case "command":
      return namesOf(commands);
    case "client":
      return CLIENTS.map(({ id, title }) => [id, title]);
    case "shell":
      return ["bash", "zsh", "fish"].map((shell) => [shell, ""]);
    default:
      return [];
  }
}

function namesOf(commands: readonly Command[]): readonly Candidate[] {
  return commands.filter(({ group }) => group !== undefined).map(({ name, summary }) => [name, summary]);
}

const MAX_TASKS = 100;

async function listTasks(): Promise<readonly Candidate[]> {
  try {
    const { openCommandContext } = await import("#cli/terminal/open.ts");
    const { queryTasks: readTasks } = await import("#store/tasks/list-tasks.ts");
    const tasks = readTasks(openCommandContext().store, { limit: MAX_TASKS });
    return tasks.map(({ task_id, status, cwd }) => [task_id, `${status}, ${cwd}`]);
  } catch {
    return []; // the command itself reports the error
  }
}
